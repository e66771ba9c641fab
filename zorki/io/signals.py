"""What numbers stand for where no ICC profile says it: H.273's code points (HEIC, AVIF, PNG's cICP), PNG's gAMA and cHRM.

What fits a standard screen becomes an ICC profile, so that it goes the way of all others, and back. HDR is brought to the standard range.
Source: ITU-T H.273 (code points), SMPTE ST 2084 (PQ), ITU-R BT.2100 (HLG), BT.2408 (white is 203 cd/m²), BT.2390 5.4.1 (tone mapping).
Differs: the tone curve is put on the largest of R, G, B, so that no hue turns; the brightest is taken for 1,000 cd/m² in every picture,
whatever it holds, so that pictures of one set stay alike; the curves of video (BT.709, BT.601, BT.2020) are taken for sRGB's, as browsers do.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import imagecodecs
import numpy as np

from zorki.io.colour import levels
from zorki.io.photo import Array, Floats, Raw

_D65 = (0.3127, 0.3290)
_C = (0.310, 0.316)
_BT709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, *_D65)
_BT601 = (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65)
_PRIMARIES = {  # x and y of red, green, blue and white
    1: _BT709,
    2: _BT709,  # unspecified
    4: (0.67, 0.33, 0.21, 0.71, 0.14, 0.08, *_C),
    5: (0.64, 0.33, 0.29, 0.60, 0.15, 0.06, *_D65),
    6: _BT601,
    7: _BT601,
    8: (0.681, 0.319, 0.243, 0.692, 0.145, 0.049, *_C),
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *_D65),
    11: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351),
    12: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_D65),
    22: (0.630, 0.340, 0.295, 0.605, 0.155, 0.077, *_D65),
}
_SRGB = 0.0  # stands for sRGB's curve among gammas
_GAMMAS = dict.fromkeys((1, 2, 6, 7, 11, 12, 13, 14, 15), _SRGB) | {4: 2.2, 5: 2.8, 8: 1.0}
_HDR = {16: "PQ", 18: "HLG"}
_CLOSE = 0.05  # a gamma as near to 2.2 stands for sRGB's curve: PNG has no other way to say it, and libpng reads it so
_PEAK, _WHITE = 1000.0, 203.0  # cd/m²
_STRIP = 1 << 19  # pixels at a time


def coded(raw: Raw, primaries: int, transfer: int, name: str) -> None:
    """Puts what two code points of H.273 say into a Raw, in place of a profile that it has."""
    xy, gamma = _PRIMARIES.get(primaries), _GAMMAS.get(transfer)
    if xy is None or (gamma is None and transfer not in _HDR):
        if raw.profile is None:
            raw.notes += (f"{name} names colours that are not known here ({primaries}, {transfer} of H.273); they are taken as sRGB.",)
    elif gamma is None:
        raw.profile, raw.hdr = None, (_HDR[transfer], xy)
        raw.notes += (f"{name} is in HDR ({_HDR[transfer]}); it is brought to the standard range, and so is the result.",)
    else:
        raw.profile = _profile(gamma, xy, raw.space)


def measured(raw: Raw, gamma: float | None, xy: Sequence[float] | None, name: str) -> None:
    """Puts into a Raw what PNG's gAMA (the exponent that encoded, 1 is linear) and cHRM (x and y of white, red, green, blue) say."""
    white_first = _BT709[6:] + _BT709[:6] if xy is None else tuple(xy)
    power = _SRGB if gamma is None or abs(gamma * 2.2 - 1) < _CLOSE else 1 / gamma if gamma > 0 else -1.0
    try:
        raw.profile = _profile(power, (*white_first[2:], *white_first[:2]), raw.space)
    except (ValueError, RuntimeError):
        raw.notes += (f"{name} gives a gamma or primaries that are no colours; they are taken as sRGB.",)


@functools.cache
def _profile(gamma: float, xy: tuple[float, ...], space: str) -> bytes | None:
    """The ICC profile; None for sRGB itself. Raises ValueError, RuntimeError for what are no colours."""
    if not 0 <= gamma <= 10 or abs(np.linalg.det(_corners(xy))) < 1e-4 or min(xy[1::2]) <= 0:
        raise ValueError(f"gamma {gamma}, primaries {xy}")
    if gamma == _SRGB and (space == "gray" or np.abs(np.subtract(xy, _BT709)).max() < 2e-3):
        return None
    axis = np.linspace(0, 1, 1024)
    curve = np.where(axis <= 0.04045, axis / 12.92, ((axis + 0.055) / 1.055) ** 2.4) if gamma == _SRGB else axis**gamma
    colours = {"primaries": xy[:6], "whitepoint": xy[6:]} if space == "rgb" else {"whitepoint": _D65}
    made = bytes(imagecodecs.cms_profile(space, transferfunction=curve.astype(np.float32), **colours))
    return made[:24] + bytes((7, 208, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0)) + made[36:]  # the date, so that a result has the same bytes tomorrow


def _corners(xy: Sequence[float]) -> Array:
    """(3, 3) x, y, z of red, green and blue, a column each."""
    pairs = np.reshape(xy[:6], (3, 2))
    return np.column_stack([pairs, 1 - pairs.sum(1)]).T


def _to_xyz(xy: Sequence[float]) -> Array:
    """(3, 3): linear RGB to XYZ, white has Y = 1."""
    x, y = xy[6:]
    corners = _corners(xy)
    matrix: Array = corners * np.linalg.solve(corners, np.array([x / y, 1, (1 - x - y) / y]))
    return matrix


def primaries(code: int) -> tuple[float, ...]:
    """x and y of red, green, blue and white for H.273's number; BT.2020's where it is not known."""
    return _PRIMARIES.get(code, _PRIMARIES[9])


def to_standard(data: Array, kind: str, xy: Sequence[float]) -> Floats:
    """(h, w, 1 or 3) uint8, uint16 or float in PQ or HLG to float32 sRGB 0..1. What sRGB cannot show is clipped to what it can."""
    if data.dtype.kind == "f":
        data = levels(data, 16)
    out = np.empty(data.shape, np.float32)
    own = _to_xyz(xy)
    moved = np.linalg.solve(_to_xyz(_BT709), own)
    moved = (moved / moved.sum(1, keepdims=True)).T.astype(np.float32)  # white stays white
    signal = np.linspace(0, 1, np.iinfo(data.dtype).max + 1)
    table = (_pq_light(signal) if kind == "PQ" else _hlg_scene(signal)).astype(np.float32)
    for rows in np.array_split(np.arange(len(data)), min(len(data), max(1, data.shape[0] * data.shape[1] // _STRIP))):
        light = table[data[rows]]
        if kind == "HLG":  # its OOTF for a screen of 1,000 cd/m²
            brightness = light @ own[1].astype(np.float32)[:, None] if light.shape[2] == 3 else light
            light *= _PEAK * np.maximum(brightness, 1e-9) ** 0.2
        light = np.minimum(light, _PEAK)
        largest = light.max(2, keepdims=True)
        light *= toned(largest) / np.maximum(largest, 1e-9)
        linear = np.clip(light @ moved if light.shape[2] == 3 else light, 0, 1)
        out[rows] = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return out


def toned(light: Array) -> Array:
    """cd/m² up to 1,000 to 0..1: below about 88 as it is (203 would be 1), above bent so that 1,000 is 1."""
    peak, white = float(_pq(_PEAK)), float(_pq(_WHITE))
    e, top = _pq(light) / peak, white / peak
    knee = 1.5 * top - 0.5
    t = np.maximum(e - knee, 0) / (1 - knee)
    bent = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * top
    mapped: Array = _pq_light(np.where(e < knee, e, bent) * peak) / _WHITE
    return mapped


_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128


def _pq_light(signal: Array) -> Array:
    """A PQ signal 0..1 to cd/m²."""
    root = signal ** (1 / _M2)
    light: Array = 10_000 * (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1)
    return light


def _pq(light: Array | float) -> Array:
    """cd/m² to a PQ signal."""
    power = (np.asarray(light) / 10_000) ** _M1
    signal: Array = ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2
    return signal


def _hlg_scene(signal: Array) -> Array:
    """An HLG signal 0..1 to the scene's light 0..1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene: Array = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return scene
