"""Pictures and films as data URIs."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from html import escape
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np

from zorki import blocks, io
from zorki.io.photo import Floats

__all__ = ["Embedded", "embed", "inline"]

LONGEST = 2400  # more pixels than a screen shows only make the page heavy
SMALL = 64  # below this PNG is exact and hardly larger
SCREEN = 1200  # pixels of a picture in a notebook
EXACT = 256  # longest side of one that stays as it is there: maps and drawings are looked at pixel by pixel


@dataclass(frozen=True)
class Embedded:
    """A picture ready for the page. `width` and `height` are its own; `digest` names it, equal for equal pictures."""

    src: str
    width: int
    height: int
    digest: str
    film: str = ""
    is_video: bool = False


_KNOWN: WeakKeyDictionary[blocks.Figure | blocks.Tile, dict[bool, Embedded]] = WeakKeyDictionary()


def embed(shown: blocks.Figure | blocks.Tile, crisp: bool = False) -> Embedded:
    """Encodes the picture, and the film if there is one; once, however often its page is made. crisp: keep every pixel as it is."""
    known = _KNOWN.setdefault(shown, {})
    if crisp not in known:
        known[crisp] = encoded(shown, crisp)
    return known[crisp]


def encoded(shown: blocks.Figure | blocks.Tile, crisp: bool) -> Embedded:
    height, width = shown.pixels.shape[:2]
    exact = crisp or max(height, width) <= SMALL
    form: Literal["PNG", "WEBP"] = "PNG" if exact else "WEBP"
    data = io.encode(shown.pixels if exact else smaller(shown.pixels), format=form, quality=88)
    return Embedded(
        src=uri(data, f"image/{form.lower()}"),
        width=width,
        height=height,
        digest=hashlib.sha256(data + (shown.film or b"")).hexdigest()[:10],
        film=uri(shown.film, shown.film_media) if shown.film else "",
        is_video=shown.film is not None and shown.film_media.startswith("video/"),
    )


def inline(pixels: blocks.Pixels, alt: str, alpha: Floats | None = None, sheet: bool = False) -> str:
    """A picture (h, w, 3) as an `<img>` for a notebook, no larger than a screen shows.

    alpha: (h, w) in 0..1. sheet: it may be twice as high, so that its captions can be read.
    """
    h, w = pixels.shape[:2]
    shown: Floats = pixels.astype(np.float32) / np.float32(255)
    if alpha is not None:
        shown = np.dstack([shown, io.resize(alpha[..., None], (h, w))])
    k = min(1.0, SCREEN * (1 + sheet) / h, SCREEN / w)
    if k < 1:
        shown = io.resize(shown, (max(1, round(h * k)), max(1, round(w * k))))
    form: Literal["PNG", "WEBP"] = "PNG" if alpha is not None or max(shown.shape) <= EXACT else "WEBP"
    return f'<img alt="{escape(alt)}" src="{uri(io.encode(shown, form), f"image/{form.lower()}")}">'


def smaller(pixels: blocks.Pixels) -> blocks.Pixels:
    """Means over squares, so that the longest side is at most LONGEST; smaller pictures come back as they are."""
    n = -(-max(pixels.shape[:2]) // LONGEST)
    if n == 1:
        return pixels
    pad = [(0, -side % n) for side in pixels.shape[:2]] + [(0, 0)] * (pixels.ndim - 2)
    whole = np.pad(pixels, pad, mode="edge")
    squares = whole.reshape(whole.shape[0] // n, n, whole.shape[1] // n, n, *whole.shape[2:])
    means: blocks.Pixels = squares.mean(axis=(1, 3)).round().astype(np.uint8)
    return means


def uri(data: bytes, media: str) -> str:
    return f"data:{media};base64,{b64encode(data).decode()}"
