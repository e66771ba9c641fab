"""How wrong boxes are that a training is to bring onto others, one file each: what lies here can be asked for by its name.

A file has `loss(boxes, truth)`, which gives a number for each pair; whoever trains weighs and adds them. Each is 0 where a box is the true one.
Of half precision it is reckoned in float32. A box is left, top, width, height; shares of the picture's sides are best, since L1 hangs on the unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from zorki.core import shelf

if TYPE_CHECKING:
    import torch


class Loss(Protocol):
    """What a file here is."""

    def loss(self, boxes: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        """(…) ≥ 0. boxes, truth: (…, 4) left, top, width, height, of any float type, in one unit."""


def names() -> tuple[str, ...]:
    """All that there are."""
    return shelf.names(__name__)


def take(name: str) -> Loss:
    """The loss of that name. Raises UnknownName."""
    return shelf.take(__name__, name, "box loss")
