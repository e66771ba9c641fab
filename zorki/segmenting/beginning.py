"""Segmenters that begin with what their encoder has learnt elsewhere: a network with a card, or any of the user's by its layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from zorki import encoding
from zorki.nets import decoders
from zorki.nets.segmenter import Segmenter


def begun(
    net: str = "pyramid", encoder: str | nn.Module = "lite0", classes: int = 2, channels: int = 3, width: int = 64,
    layers: Sequence[str] = (), mean: Sequence[float] | None = None, std: Sequence[float] | None = None, **more: Any,
) -> Segmenter:  # fmt: skip
    """A segmenter as `Segmenter` makes it, its encoder with the numbers that `encoding.encoded` gives it, which reads the arguments from `encoder` to `std`.

    Raises UnknownName, InputError, and WeightsError where numbers are not installed.
    """
    asked = encoder if isinstance(encoder, nn.Module) or ":" in encoder else decoders.encoder_of(net, encoder)
    return Segmenter(net, encoding.encoded(asked, channels, layers, mean, std), classes, channels, width, **more)
