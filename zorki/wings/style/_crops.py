"""Photographs to learn from, shrunk to what crops of them need and kept in memory, so that thousands fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from zorki import io
from zorki.core import events
from zorki.core.errors import InputError

SMALLEST, TINY = 0.6, 32  # share of the short side that a crop has at least; pixels of the short side below which a photo is no use
ROOM = 2_000_000_000  # bytes that the photos may take


@dataclass(frozen=True)
class Photos:
    """pictures: each (h, w, 3) uint8."""

    pictures: Sequence[NDArray[np.uint8]]

    def crops(self, count: int, side: int, chance: np.random.Generator) -> torch.Tensor:
        """(count, 3, side, side) in 0..1: squares of 60 to 100 % of the short side, half of them mirrored, brought to one side."""
        out = []
        for _ in range(count):
            p = self.pictures[int(chance.integers(len(self.pictures)))]
            h, w = p.shape[:2]
            own = round(min(h, w) * (1 if chance.random() < 0.4 else chance.uniform(SMALLEST, 1)))
            y, x = chance.integers(h - own + 1), chance.integers(w - own + 1)
            cut = p[y : y + own, x : x + own]
            cut = cut[:, ::-1] if chance.random() < 0.5 else cut
            tensor = torch.from_numpy(cut.copy()).permute(2, 0, 1)[None].float() / 255
            out.append(F.interpolate(tensor, (side, side), mode="bicubic", antialias=True, align_corners=False).clamp(0, 1))
        return torch.cat(out)


def opened(photos: io.PhotoSet, side: int) -> Photos:
    """Each shrunk so that its smallest crop still has `side` pixels; a smaller one is enlarged, a tiny or a broken one is left out. All three are said.

    Raises InputError where none is left.
    """
    least = round(side / SMALLEST)

    def shrunk(photo: io.Photo) -> NDArray[np.uint8]:
        h, w = photo.hw
        if min(h, w) < TINY:
            raise InputError(f"{photo.name} is {w} × {h} pixels.", f"A photo has {TINY} a side at least.", "Leave it out.")
        k = least / min(h, w) if min(h, w) > least else max(1.0, side / min(h, w))
        seen = photo.seen if k == 1 else io.resize(photo.seen, (max(side, round(h * k)), max(side, round(w * k))))
        small = np.round(np.clip(seen, 0, 1) * 255).astype(np.uint8)
        return small[: 2 * len(small[0]), : 2 * len(small)]  # of a very long one the first part, which crops of its short side cover

    pictures: list[NDArray[np.uint8]] = []
    room, enlarged = ROOM, 0
    for n, found in photos.read(lambda photo: (shrunk(photo), min(photo.hw) < side)):
        if isinstance(found, InputError):
            photos.failed[n] = found.written
            continue
        room -= found[0].nbytes
        if room < 0 and pictures:
            events.note(
                f"{len(pictures):,} photos fill {ROOM / 1e9:.1f} GB of memory; those after them are left out. A smaller --side holds more."
            )
            break
        pictures.append(found[0])
        enlarged += found[1]
        events.tell("reading", n + 1, len(photos))
    if not pictures:
        raise InputError(
            "None of the photos can be used.",
            f"{photos.name}: {next(iter(photos.failed.values()), 'it is empty')}",
            "Give others with --photos=FOLDER.",
        )
    if photos.failed:
        events.note(f"{len(photos.failed):,} of {len(photos):,} photos are left out: {photos.missing[0][0]} first ({photos.missing[0][1]})")
    if enlarged:
        events.note(f"{enlarged:,} photos are smaller than the {side} pixels that are cut out, and are enlarged.")
    return Photos(pictures)
