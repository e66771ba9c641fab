from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def encoder(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[int, ...], str]]:
    """Stands for the picture encoder, and notes what it was asked: (shape, format)."""
    asked: list[tuple[tuple[int, ...], str]] = []

    def encode(pixels: np.ndarray, format: str = "PNG", quality: int = 90) -> bytes:
        asked.append((pixels.shape, format))
        return pixels.tobytes()[:32]

    monkeypatch.setattr("zorki.io.encode", encode, raising=False)
    return asked
