"""What an opened picture is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]


class Stored(NamedTuple):
    """pixels: (h, w, 3), as `Photo.pixels` was opened. data: (h, w, c) uint8 or uint16, upright, what they were in the profile's colours."""

    pixels: Floats
    data: Array


@dataclass(frozen=True, eq=False)
class Photo:
    """A picture, upright and in sRGB, with all that has to come back when it is saved."""

    pixels: Floats
    "(h, w, 3) float32 sRGB 0..1, EXIF orientation applied"
    alpha: Floats | None = None
    "(h, w) float32 0..1, 1 is opaque; None when the source has none"
    depth: int = 8
    "8 or 16 bits per channel in the source"
    grey: bool = False
    "the source had one colour channel"
    profile: bytes | None = None
    "the source's ICC profile; None when it is sRGB or has none"
    exif: bytes | None = None
    "the source's EXIF without the orientation and without small copies of the picture"
    small: bool = False
    "its EXIF held a small copy, which is made anew of whatever is written"
    stored: Stored | None = None
    "the numbers that its pixels were, where a profile lies between them; None where they come back without"
    name: str = "picture"
    "file name without folder"
    format: str = "PNG"
    "JPEG, PNG, WEBP, AVIF, HEIF, TIFF, BMP or GIF"
    notes: tuple[str, ...] = ()
    "sentences that the user should read, as written (core/spelling.py)"

    @cached_property
    def seen(self) -> Floats:
        """The pixels as a network and a page get them: transparent parts continue the colours around them, whatever is stored there."""
        if self.alpha is None:
            return self.pixels
        from zorki.io import clear  # which needs the types of this file

        return clear.seen(self.pixels, self.alpha)

    @property
    def hw(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return int(self.pixels.shape[0]), int(self.pixels.shape[1])

    def on_black(self) -> Photo:
        """What it shows on black: a mask that counts by its brightness has nothing where it is transparent."""
        return self if self.alpha is None else replace(self, pixels=self.pixels * self.alpha[..., None], alpha=None)


@dataclass
class Raw:
    """What a decoder hands over, before orientation, colours and floats. For inside this room."""

    data: Array
    "(h, w, c) numbers as they are stored, then (`values.settle`) uint8 or uint16, or float32 0..1; c colours and then perhaps alpha"
    space: str
    "'gray', 'rgb' or 'cmyk'"
    alpha: bool = False
    orientation: int = 1
    profile: bytes | None = None
    hdr: tuple[str, tuple[float, ...]] | None = None
    "'PQ' or 'HLG', and x and y of red, green, blue and white"
    exif: bytes | None = None
    small: bool = False
    "its EXIF held a small copy of the picture"
    notes: tuple[str, ...] = ()
    eight: bool = False
    "float data that came from an 8-bit or unknown source"
    top: int | None = None
    "the whole number that stands for the full colour; None: the largest that the type of number has"
    negative: bool = False
    "0 is white"
    multiplied: bool = False
    "the colours are stored times alpha"
    called: str = ""
    "what it is called in sentences, where that is not its file's name"
