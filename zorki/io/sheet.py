"""Several pictures on one sheet, each with its caption."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from zorki.io import lettering
from zorki.io.lettering import INK, LETTER, PAPER
from zorki.io.photo import Array
from zorki.io.saving import pil

_GAP = 8
_LINES = 3  # of a caption
_WORD = 120  # pixels: narrower pictures stand farther apart where a caption has longer words


def sheet(pictures: Sequence[Array], captions: Sequence[str], columns: int | None = None) -> npt.NDArray[np.uint8]:
    """Lays pictures out in rows, as many columns as make it roughly square; too long captions are wrapped, at last they end in "…".

    pictures: (h, w), (h, w, 1) or (h, w, 3), uint8 or float 0..1, sizes may differ. Returns (H, W, 3) uint8.
    Raises ValueError without pictures.
    """
    if not pictures:
        raise ValueError("a sheet needs at least one picture")
    columns = columns or fitting(len(pictures))
    rows = math.ceil(len(pictures) / columns)
    high = max(p.shape[0] for p in pictures)
    wide = max(p.shape[1] for p in pictures)
    font = lettering.font(LETTER)
    words = [word for caption in captions for word in lettering.written(caption).split()]
    wide = max(wide, min(_WORD, math.ceil(max(map(font.getlength, words), default=0))))
    said = [lettering.lines(caption, wide, _LINES) for caption in captions]
    step, most = lettering.line_height(LETTER), max(map(len, said), default=0)
    foot = LETTER + _GAP + (most - 1) * step if most else 0
    paper = Image.new("RGB", (_GAP + columns * (wide + _GAP), _GAP + rows * (high + foot + _GAP)), PAPER)
    pen = ImageDraw.Draw(paper)
    for i, (picture, caption) in enumerate(zip(pictures, said, strict=True)):
        x = _GAP + i % columns * (wide + _GAP)
        y = _GAP + i // columns * (high + foot + _GAP)
        paper.paste(pil(picture).convert("RGB"), (x, y))
        for k, line in enumerate(caption):
            pen.text((x, y + high + 2 + k * step), line, INK, font)
    return np.array(paper)


def fitting(count: int) -> int:
    """Columns for so many pictures: roughly square, with as few places as possible left empty: 8 are 4 x 2, not 3 x 3."""
    square = math.ceil(math.sqrt(count))
    return min(range(square, math.ceil(1.6 * square) + 1), key=lambda c: (-count % c, c))
