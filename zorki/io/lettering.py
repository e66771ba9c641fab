"""Text on sheets: lines that fit, of letters that the font has."""

from __future__ import annotations

import math
from bisect import bisect
from functools import cache
from unicodedata import normalize

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
PAPER, INK = (255, 255, 255), (40, 40, 40)
LETTER = 13  # pixels
NO_LETTER = "\U0010ffff"
# The font that comes with Pillow has little more than ASCII. Accents are taken off; these have no simpler form in Unicode.
STAND_INS = {"×": "x", "−": "-", "–": "-", "—": "-", "→": "->", "≤": "<=", "≥": ">=", "ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE",
             "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "þ": "th", "Þ": "Th"}  # fmt: skip


def lines(text: str, wide: int, most: int, size: int = LETTER) -> list[str]:
    """At most so many lines of at most `wide` pixels, broken between words; within a word that is longer than a line. What is left ends in "…".

    Never empty for a text that is not: a line has one letter at least.
    """
    face, left = font(size), written(text, size)
    out: list[str] = []
    while left and len(out) < most - 1:
        whole = fitting_words(left, wide, face) or left[: max(1, fitting_letters(left, wide, face))]
        out.append(whole)
        left = left[len(whole) :].lstrip()
    return [*out, shortened(left, wide, face)] if left else out


def lettered(text: str, wide: int, most: int = 1, size: int = LETTER, ink: tuple[int, int, int] = INK) -> npt.NDArray[np.uint8]:
    """The lines as a picture (h, wide, 3) uint8, as high as they are; (0, wide, 3) without text."""
    rows, step = lines(text, wide, most, size), line_height(size)
    if not rows:
        return np.zeros((0, wide, 3), np.uint8)
    paper = Image.new("RGB", (wide, len(rows) * step), PAPER)
    pen = ImageDraw.Draw(paper)
    for i, row in enumerate(rows):
        pen.text((0, i * step), row, ink, font(size))
    return np.array(paper)


def line_height(size: int) -> int:
    return round(1.3 * size)


@cache
def font(size: int) -> Font:
    return ImageFont.load_default(size)


def written(text: str, size: int = LETTER) -> str:
    """The text on one line, in letters that the font has: accents taken off, × as x. A box stands for what is like none of them."""
    return " ".join("".join(letter(c, size) for c in text).split())


@cache
def letter(c: str, size: int) -> str:
    if c.isspace() or has(c, size):
        return c
    plain = STAND_INS.get(c) or "".join(p for p in normalize("NFKD", c) if p.isspace() or has(p, size))
    return plain or c


def has(c: str, size: int) -> bool:
    return bytes(font(size).getmask(c)) != bytes(font(size).getmask(NO_LETTER))


def shortened(text: str, wide: int, face: Font) -> str:
    """The text, or as many whole words of it as leave room for "…"; of a first word that is too long as many letters, at least one."""
    if face.getlength(text) <= wide:
        return text
    kept = fitting_words(text, wide, face, "…").rstrip(" ,;:.-·") or text[: max(1, fitting_letters(text, wide, face, "…"))]
    return f"{kept}…" if face.getlength(f"{kept}…") <= wide else kept


def fitting_words(text: str, wide: int, face: Font, end: str = "") -> str:
    """Its longest start of whole words that fits with `end` behind it; nothing where the first word is too long."""
    ends = [i for i, c in enumerate(text) if c == " "] + [len(text)]
    fits: int = bisect(ends, wide, key=lambda n: math.ceil(face.getlength(text[:n] + end)))
    return text[: ends[fits - 1]] if fits else ""


def fitting_letters(text: str, wide: int, face: Font, end: str = "") -> int:
    """How many of its letters fit with `end` behind them."""
    fits: int = bisect(range(1, len(text)), wide, key=lambda n: math.ceil(face.getlength(text[:n] + end)))
    return fits
