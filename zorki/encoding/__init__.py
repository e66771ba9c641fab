"""Encoders that know something before they learn: numbers of networks with cards, any network of the user's by its layers."""

from zorki.encoding.numbers import ByShape, encoded, pretrained
from zorki.encoding.tapping import tapped

__all__ = ["ByShape", "encoded", "pretrained", "tapped"]
