"""Climb without ever moving.

Source: nobody; it proves that the contract test bites.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zorki import pixels
from zorki.core.method import Input

if TYPE_CHECKING:
    import torch

    from zorki import lens

INPUTS = {"photo": Input("a photo that stays as it is"), "guide": Input("a picture that nobody looks at", option=True)}
NETS = ("eye",)


@dataclass(frozen=True)
class Settings:
    steps: int = 3
    "that are none"


PRESETS: dict[str, Settings] = {}


def run(net: lens.Net, photo: torch.Tensor, guide: torch.Tensor | None = None, s: Settings = Settings()) -> Iterator[pixels.Step]:
    """The photo, again and again."""
    for i in range(1, s.steps + 1):
        yield pixels.Step(i, s.steps, 1, 1, 1.0, {"nothing": 1.0}, lambda: photo)
