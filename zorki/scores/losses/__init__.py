"""What a training of classes a pixel makes small, one file each: what lies here can be asked for by its name, and summed (`scores/summing.py`).

A file has `loss(logits, truth, weights)`. Half precision is reckoned in float32, since a sum over pixels leaves it; void pixels have no slope,
and where all is void the loss is 0. Each is 0 where the prediction is perfect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from zorki.core import shelf

if TYPE_CHECKING:
    import torch


class Loss(Protocol):
    """What a file here is."""

    def loss(self, logits: torch.Tensor, truth: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
        """A scalar ≥ 0. logits: (b, k, h, w) of any float type. truth: (b, h, w) class numbers, 255 = void. weights: (k,), of the classes."""


def names() -> tuple[str, ...]:
    """All that there are."""
    return shelf.names(__name__)


def take(name: str) -> Loss:
    """The loss of that name. Raises UnknownName."""
    return shelf.take(__name__, name, "loss")
