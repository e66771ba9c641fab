"""The pictures that are looked into, with boxes that are true or without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from zorki import formats, io, lens
from zorki.core import events
from zorki.core.errors import InputError
from zorki.io.photosets import is_picture
from zorki.locating import boxed, choosing, looking, matching
from zorki.locating.aligned import Floats
from zorki.locating.pictured import OfPicture
from zorki.pixels import display, sizes

if TYPE_CHECKING:
    from zorki.wings.locate.explain import Settings

SIDE = 560  # pixels of the longest side of a picture that is kept to be shown


@dataclass(frozen=True, eq=False)
class Picture:
    """name; pixels: (c, h, w) in 0..1; hw: how large it is; true: (m, 4) boxes and of: (m,) their classes by the net's numbers, −1 of those that it lacks; both
    None where nobody says."""

    name: str
    pixels: torch.Tensor
    hw: tuple[int, int]
    true: Floats | None = None
    of: NDArray[np.int64] | None = None

    def small(self) -> Picture:
        """The same with pixels (3, h, w) of a size to be shown: the others need not be kept."""
        return replace(self, pixels=display.visible(sizes.within(self.pixels[None].float(), SIDE))[0])


def size(pixels: torch.Tensor) -> tuple[int, int]:
    return pixels.shape[-2], pixels.shape[-1]


class Known:
    """Pictures with boxes, by their number."""

    def __init__(self, net: lens.Net, part: Any, names: Sequence[str]) -> None:
        self.part = part
        there = {part.classes.names[label] for example in part.examples for label in part.boxes(example)[1]}
        found = matching.matched(part.classes.names, there, names, bool(net.classes), net.name)
        for sentence in found.said:
            events.note(sentence)
        own = {matching.plain(name): n for n, name in enumerate(names)}
        self.number = np.array([own.get(matching.plain(name), -1) for name in part.classes.names], np.int64)

    def __len__(self) -> int:
        return len(self.part)

    def name(self, i: int) -> str:
        return str(self.part.examples[i].picture.name)

    def __call__(self, i: int) -> Picture:
        pixels, true, of = self.part[i]
        return Picture(self.name(i), pixels, size(pixels), true.double().numpy(), self.number[of.numpy()])


class Plain:
    """Pictures alone, by their number."""

    def __init__(self, net: lens.Net, data: formats.Place) -> None:
        self.net, self.files = net, [file for file in data.files if is_picture(file.name)]

    def __len__(self) -> int:
        return len(self.files)

    def name(self, i: int) -> str:
        return self.files[i].name

    def __call__(self, i: int) -> Picture:
        shown = looking.shown(self.net, io.open_photo(self.files[i]))
        assert isinstance(shown, torch.Tensor)
        return Picture(self.name(i), shown, size(shown))


def given(net: lens.Net, data: formats.Place, s: Settings, names: Sequence[str]) -> tuple[Known | Plain, str, dict[str, str]]:
    """The pictures, of which part, and those that failed already. Raises InputError for none."""
    try:
        read = boxed.boxed(data, pictures=s.pictures)
    except InputError as error:
        plain = Plain(net, data)
        if not isinstance(error.__cause__, formats.Unknown) or not len(plain):
            raise
        events.note(f"{data.name} has no boxes: what is a false alarm is not told.")
        return plain, "", {}
    for sentence in read.said:
        events.note(sentence)
    part, split = choosing.part(net, read, s.split)
    return Known(net, part, names), split, dict(data.missing)


def right(picture: Picture, traced: looking.Traced, k: int, label: int, least: float) -> bool | None:
    """Whether the detection lies on a true thing of its class; None where nobody says what is true."""
    if picture.true is None or picture.of is None:
        return None
    found = traced.found
    of = OfPicture(
        picture.name, picture.hw, picture.true, picture.of, found.boxes.double().numpy(), found.scores.double().numpy(), found.labels.numpy(), least,
        "one" if traced.said.one else "many",
    )  # fmt: skip
    return bool(of.taken[k] >= 0) and label >= 0
