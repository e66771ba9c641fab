"""A photo with its classes over it: translucent, outlined, with a legend that says which colour is which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zorki import io
from zorki.pixels.palette import rgb

Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.integer]
GREY = (0.299, 0.587, 0.114)
FADED = 0.6  # how much of its colours the photo loses under a class, which else would mix with the class's
LINE = 640  # of so many pixels of the longer side an outline is one pixel wide
LETTERS, SMALLEST = 46, 11  # of so many pixels of the shorter side a letter is one high; the smallest that can be read
ROOM = 0.22  # of the photo, which a legend may take
PANEL, INK, PALE = 0.88, (30, 30, 30), (110, 110, 110)  # of white behind the legend; its letters, and those that say less


@dataclass(frozen=True)
class Entry:
    """A line of the legend. colour: #rrggbb; more: what stands to the right, in grey."""

    text: str
    colour: str
    more: str = ""


def overlaid(photo: npt.NDArray[np.floating], labels: Labels, palette: Pixels, painted: Sequence[int], cover: float = 0.5) -> Pixels:
    """(h, w, 3) uint8. photo: (h, w, 3) in 0..1; labels: (h, w) class numbers; palette: (256, 3); painted: the classes that are shown.

    cover: of the colour over the photo, 0..1. Outlines run inside each region, in the class's full colour.
    """
    shown = np.zeros(max(256, int(labels.max()) + 1), bool)
    shown[list(painted)] = True
    out = np.empty(photo.shape, np.uint8)
    lines = outlines(labels)
    rows = max(1, (1 << 20) // labels.shape[1])  # at a time: a large photo has no room for several copies
    for top in range(0, len(labels), rows):
        some = slice(top, top + rows)
        seen, part = photo[some].astype(np.float32), labels[some]
        grey = seen @ np.array(GREY, np.float32)
        faded = seen + FADED * (grey[..., None] - seen)
        colour = palette[part & 255] / np.float32(255)
        strength = np.where(lines[some], np.float32(max(cover, 0.9) if cover else 0), np.float32(cover))[..., None]
        mixed = np.where(shown[part][..., None], faded + strength * (colour - faded), seen)
        out[some] = np.rint(255 * np.clip(mixed, 0, 1))
    return out


def outlines(labels: Labels) -> npt.NDArray[np.bool_]:
    """(h, w): pixels near to one of another class, on either side; how near grows with the picture."""
    from scipy import ndimage

    width = max(1, round(max(labels.shape) / LINE))
    size = 2 * width + 1
    found: npt.NDArray[np.bool_] = ndimage.maximum_filter(labels, size, mode="nearest") != ndimage.minimum_filter(
        labels, size, mode="nearest"
    )
    return found


def with_legend(picture: Pixels, entries: Sequence[Entry]) -> Pixels:
    """The picture with a legend in a lower corner, on a light panel; as it is where there is no room for letters that can be read."""
    h, w = picture.shape[:2]
    size = max(SMALLEST, round(min(h, w) / LETTERS))
    while entries:
        panel, light = legend(entries, size)
        ph, pw = panel.shape[:2]
        margin = max(2, size // 2)
        if ph + 2 * margin <= h and pw + 2 * margin <= w and ph * pw <= ROOM * h * w:
            out = picture.copy()
            place = out[h - margin - ph : h - margin, margin : margin + pw]
            solid = np.where((panel < 255).any(2), 1, np.float32(PANEL)) * light
            place[:] = np.rint(place + solid[..., None] * (panel.astype(np.float32) - place))
            return out
        if size == SMALLEST:
            break
        size = max(SMALLEST, round(size * 0.85))
    return picture


def legend(entries: Sequence[Entry], size: int) -> tuple[Pixels, npt.NDArray[np.float32]]:
    """(h, w, 3) on white, and (h, w) where the panel is: 1, at its rounded corners less."""
    texts, more = [letters(e.text, size, INK) for e in entries], [letters(e.more, size, PALE) for e in entries]
    gap, pad, step = round(0.6 * size), round(0.7 * size), round(1.55 * size)
    columns = 1 if len(entries) <= 8 else 2 if len(entries) <= 24 else 3
    rows = -(-len(entries) // columns)
    room = max(t.shape[1] for t in more)
    wide = size + gap + max(t.shape[1] for t in texts) + (room and gap + room)
    out = np.full((rows * step - (step - size) + 2 * pad, columns * (wide + 2 * gap) - 2 * gap + 2 * pad, 3), 255, np.uint8)
    for k, (entry, text, right) in enumerate(zip(entries, texts, more, strict=True)):
        y, x = pad + k % rows * step, pad + k // rows * (wide + 2 * gap)
        out[y : y + size, x : x + size] = 150
        out[y + 1 : y + size - 1, x + 1 : x + size - 1] = rgb(entry.colour)
        for part, left in ((text, x + size + gap), (right, x + wide - right.shape[1])):
            top = y - (len(part) - size) // 2  # letters are higher than their size
            place = out[top : top + len(part), left : left + part.shape[1]]
            np.minimum(place, part[: len(place)], out=place)
    return out, rounded((out.shape[0], out.shape[1]), round(0.5 * size))


def letters(text: str, size: int, ink: tuple[int, int, int]) -> Pixels:
    """A line of text as a picture, as wide as it is."""
    line = io.lettered(text, 40 * size, size=size, ink=ink)
    dark = np.flatnonzero((line < 200).any((0, 2)))
    return line[:, : int(dark.max(initial=-1)) + 1]


def rounded(hw: tuple[int, int], radius: int) -> npt.NDArray[np.float32]:
    """(h, w): 1 inside a rectangle with round corners, between 0 and 1 at their edge."""
    y, x = (np.abs(np.arange(n) - (n - 1) / 2) - (n - 1) / 2 + radius for n in hw)
    far = np.hypot(np.maximum(y, 0)[:, None], np.maximum(x, 0)[None])
    out: npt.NDArray[np.float32] = np.clip(radius + 0.5 - far, 0, 1).astype(np.float32)
    return out
