"""Name what is in a photo: the likeliest classes with their shares.

Source: Krizhevsky, Sutskever, Hinton 2012 (the softmax over classes, its five likeliest shown beside each photo).
Differs: a long photo is asked about in several squares side by side, and the mean counts. Of a segmenter the shares are of pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from zorki import lens, pixels, weights
from zorki.blocks import Tile
from zorki.core import events
from zorki.core.method import Input
from zorki.core.settings import Least

if TYPE_CHECKING:
    import torch

    from zorki.explaining.classes import Name

INPUTS = {"photo": Input("the photo that is named")}
NETS = weights.NAMERS  # where no network is given, the first of these that is installed
WORDS = True  # the answer is what is printed; a picture is written only where one is asked for
SHOWN = 512  # pixels of the longer side


@dataclass(frozen=True)
class Settings:
    count: Annotated[int, Least(1)] = 5
    "how many names are told"


PRESETS: dict[str, Settings] = {}


@dataclass(frozen=True, repr=False)
class Likeliest:
    """top: the likeliest classes, each with `name`, `class_` (its number) and `share`, the largest share first. photo: (1, 3, h, w), small."""

    top: tuple[Name, ...]
    photo: torch.Tensor

    def lines(self) -> list[str]:
        """What the command prints: share, number, name."""
        return [one.line() for one in self.top]

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def answer(self) -> dict[str, object]:
        """What --json gives."""
        return {"top": [one.answer() for one in self.top]}

    def tiles(self) -> list[Tile]:
        """The photo with its names, for --out."""
        said = ", ".join(f"{one.short} {one.share:.0%}" for one in self.top)
        return [Tile(pixels=pixels.display.levels(self.photo), caption=said, alt=f"The photo; the likeliest names are {said}")]


def run(net: lens.Net, photo: torch.Tensor, s: Settings = Settings()) -> Likeliest:
    """photo: (1, 3, h, w) float32 sRGB in 0..1. Raises InputError for a net that has no classes."""
    from zorki.explaining import classes

    share, segments = classes.shares(net, photo)
    if (card := weights.card_of(net)) is not None and card.task == "faces":
        events.note(
            f"{net.name} takes the whole photo for one face. What is to be named is a face that fills it; `zorki faces` finds those of a photo."
        )
    if segments:
        events.note(f"{net.name} gives each pixel a class: shares are of pixels.")
    shown = pixels.sizes.resize(photo, pixels.sizes.fit((photo.shape[-2], photo.shape[-1]), SHOWN)).cpu()
    return Likeliest(tuple(classes.likeliest(net, share, s.count)), shown)
