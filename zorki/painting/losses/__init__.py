"""Style losses, one file each: how far the statistics of a painting are from a style's. What lies here `style transfer --statistics` offers.

A file has `distance(m, target)`, (r,) for the moments of r regions, of torch's operations: its slope on these small matrices is autograd's.
It may have `LEAST`, a distance that is as good as none; not given, a small part of the style's distance from nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from zorki.core import shelf

if TYPE_CHECKING:
    import torch

    from zorki.painting.moments import Moments


class Loss(Protocol):
    """What a file here is."""

    def distance(self, m: Moments, target: Moments, /) -> torch.Tensor:
        """(r,), 0 where they are alike."""


def take(name: str) -> Loss:
    """The loss of that name. Raises UnknownName."""
    return shelf.take(__name__, name, "statistic")
