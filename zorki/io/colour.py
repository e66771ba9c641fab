"""Colours into sRGB and back, by the picture's own ICC profile, without falling to 8 bit (littlecms through imagecodecs)."""

from __future__ import annotations

import functools
import os
from concurrent.futures import ThreadPoolExecutor

import imagecodecs
import numpy as np

from zorki.io.photo import Array, Floats

_SPACES = {b"GRAY": "gray", b"RGB ": "rgb", b"CMYK": "cmyk"}
# littlecms resamples 16-bit transforms into a coarse grid (up to 8 % off in the darks, measured), so that it is told not to.
_EXACT = 256
_STRIP = 1_500_000  # numbers at a time: half a million pixels


@functools.cache
def _srgb() -> bytes:
    return bytes(imagecodecs.cms_profile("srgb"))


def space_of(profile: bytes) -> str | None:
    """'gray', 'rgb', 'cmyk' as the profile's header says; None for another or a broken one."""
    return _SPACES.get(profile[16:20]) if len(profile) > 128 and profile[36:40] == b"acsp" else None


def floats(data: Array) -> Floats:
    """uint8 or uint16 to float32 0..1 by one linear rule: the type's largest value is 1."""
    if data.dtype.kind == "f":
        return data.astype(np.float32, copy=False)
    return np.divide(data, np.iinfo(data.dtype).max, dtype=np.float32)


def levels(pixels: Floats, depth: int) -> Array:
    """float 0..1 to uint8 or uint16, clipped and rounded; what is no number becomes 0."""
    top = 255 if depth == 8 else 65535
    out = np.empty(pixels.shape, np.uint8 if depth == 8 else np.uint16)
    for some in strips(pixels):  # of a large picture there is no room for another in floats
        scaled = np.nan_to_num(np.multiply(pixels[some], top, dtype=np.float32), copy=False)
        out[some] = np.rint(np.clip(scaled, 0, top, out=scaled), out=scaled)
    return out


def strips(data: Array) -> list[slice]:
    """Rows of (h, …), a few at a time."""
    step = max(1, _STRIP * len(data) // max(1, data.size))
    return [slice(top, top + step) for top in range(0, len(data), step)]


def _transform(data: Array, source: bytes, target: bytes, space: str, out_space: str, dtype: str) -> Array:
    """(h, w, c) or (h, w), floats as 16 bits, from one profile's numbers to another's; strips of rows side by side, since littlecms works on one core."""
    flags = None if data.dtype == np.uint8 else _EXACT

    def move(rows: Array) -> Array:
        rows = levels(rows, 16) if rows.dtype.kind == "f" else rows
        moved: Array = imagecodecs.cms_transform(
            rows, source, target, colorspace=space, outcolorspace=out_space, outdtype=dtype, flags=flags
        )
        return moved.reshape(*rows.shape[:2], *moved.shape[2:])

    parts = np.array_split(data, min(len(data), max(1, data.size // _STRIP)))
    if len(parts) == 1:
        return move(data)
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        return np.concatenate(list(pool.map(move, parts)))


def is_srgb(profile: bytes) -> bool:
    """True when the profile moves no colour by more than half an 8-bit level: measured, since names of profiles lie."""
    axis = np.linspace(0, 65535, 6).round().astype(np.uint16)
    probe = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(1, -1, 3)
    try:
        moved = _transform(probe, profile, _srgb(), "rgb", "rgb", "uint16")
    except Exception:
        return False
    return bool(np.abs(moved.astype(np.int64) - probe).max() <= 128)


def to_srgb(data: Array, profile: bytes, space: str) -> Floats | None:
    """(h, w, c) uint8, uint16 or float in the profile's colours to (h, w, 3) float32 sRGB 0..1; None when the profile is broken.

    What sRGB cannot show is clipped to what it can.
    """
    data = np.ascontiguousarray(data[..., 0] if space == "gray" else data)
    if space == "gray" and data.dtype == np.uint8:
        data = data.astype(np.uint16) * np.uint16(257)  # littlecms is up to 9 levels off in the darks of 8-bit grey (measured)
    try:
        moved = floats(_transform(data, profile, _srgb(), space, "rgb", "uint16"))
    except Exception:  # the profile comes from a stranger's file: littlecms raises whatever it likes
        return None
    if space == "gray":
        moved[..., 0] = moved[..., 2] = moved[..., 1]  # grey to the last bit, so that it can be told again
    return moved


def from_srgb(pixels: Floats, profile: bytes, depth: int, grey: bool) -> Array | None:
    """(h, w, 3) sRGB 0..1 to uint8 or uint16 in the profile's colours; (h, w, 1) when grey. None when it does not fit or is one-way."""
    space = space_of(profile)
    if space != ("gray" if grey else "rgb"):
        return None
    try:
        moved = _transform(pixels, _srgb(), profile, "rgb", space, "uint8" if depth == 8 else "uint16")
    except Exception:
        return None
    return moved.reshape(*pixels.shape[:2], 1 if grey else 3)


def cmyk_by_rule(data: Array) -> Array:
    """CMYK without a profile to RGB: each colour is what its ink and the black leave of the white."""
    if data.dtype.kind == "f":
        data = levels(data, 16)
    top = np.iinfo(data.dtype).max
    left = (top - data).astype(np.float32)
    return np.rint(left[..., :3] * left[..., 3:] / top).astype(data.dtype)
