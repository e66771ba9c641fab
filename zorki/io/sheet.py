"""Several pictures on one sheet, each with its caption."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from zorki.io.photo import Array
from zorki.io.saving import pil

_GAP = 8
_LETTER = 13
_PAPER, _INK = (255, 255, 255), (40, 40, 40)


def sheet(pictures: Sequence[Array], captions: Sequence[str], columns: int | None = None) -> npt.NDArray[np.uint8]:
    """Lays pictures out in rows, as many columns as make it roughly square; too long captions end in "…".

    pictures: (h, w), (h, w, 1) or (h, w, 3), uint8 or float 0..1, sizes may differ. Returns (H, W, 3) uint8.
    Raises ValueError without pictures.
    """
    if not pictures:
        raise ValueError("a sheet needs at least one picture")
    columns = columns or fitting(len(pictures))
    rows = math.ceil(len(pictures) / columns)
    high = max(p.shape[0] for p in pictures)
    wide = max(p.shape[1] for p in pictures)
    font = ImageFont.load_default(_LETTER)
    foot = _LETTER + _GAP if any(captions) else 0
    paper = Image.new("RGB", (_GAP + columns * (wide + _GAP), _GAP + rows * (high + foot + _GAP)), _PAPER)
    pen = ImageDraw.Draw(paper)
    for i, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        x = _GAP + i % columns * (wide + _GAP)
        y = _GAP + i // columns * (high + foot + _GAP)
        paper.paste(pil(picture).convert("RGB"), (x, y))
        pen.text((x, y + high + 2), _fitted(caption, wide, font), _INK, font)
    return np.array(paper)


def fitting(count: int) -> int:
    """Columns for so many pictures: roughly square, with as few places as possible left empty: 8 are 4 x 2, not 3 x 3."""
    square = math.ceil(math.sqrt(count))
    return min(range(square, math.ceil(1.6 * square) + 1), key=lambda c: (-count % c, c))


def _fitted(caption: str, wide: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    caption = " ".join(caption.split())
    if font.getlength(caption) <= wide:
        return caption
    fits: int = bisect(range(1, len(caption)), wide, key=lambda n: math.ceil(font.getlength(caption[:n] + "…")))
    return caption[:fits] + "…" if fits else ""
