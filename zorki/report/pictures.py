"""Pictures and films as data URIs."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np

from zorki import blocks, io

__all__ = ["Embedded", "embed"]

LONGEST = 2400  # more pixels than a screen shows only make the page heavy
SMALL = 64  # below this PNG is exact and hardly larger


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
