"""The eight expressions, as the Emotion API named and ordered them."""

from __future__ import annotations

EMOTIONS = ("anger", "contempt", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")
