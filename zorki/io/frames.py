"""A decoded frame as the picture that it shows: upright, sRGB, 8 bit.

Source: ITU-T H.273 (what range, matrix and transfer numbers mean). Where a film does not say its matrix it is BT.709 from 720 rows on, else
BT.601, as players take it. The curve of video is taken for sRGB's, as they do.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zorki.io import signals
from zorki.io.colour import levels
from zorki.io.photo import Array

MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}
"""A matrix of H.273, and what libswscale calls it."""
HDR = {16: "PQ", 18: "HLG"}
UNSAID, BT709, BT601, BT2020 = 2, 1, 5, 9
HD = 720  # rows from which a film that does not say it is BT.709
CAREFUL = 0x4 | 0x2000 | 0x4000 | 0x40000  # bicubic, colours at full size, rounded accurately


def pixels_of(frame: Any) -> Array:
    """(h, w, 3) uint8 sRGB of a PyAV frame, turned and mirrored as it is to be shown; HDR brought to the standard range."""
    hdr = HDR.get(int(frame.color_trc))
    matrix = BT2020 if hdr and frame.colorspace == UNSAID else matrix_of(frame)
    depth = "rgb48le" if hdr else "rgb24"
    # in one thread: else each frame starts as many as there are cores, which takes longer than their work, and keeps them as long as it lives
    rgb = frame.reformat(format=depth, src_colorspace=matrix, interpolation=CAREFUL, threads=1).to_ndarray()
    if hdr:
        primaries = int(frame.color_primaries)
        rgb = levels(signals.to_standard(rgb, hdr, signals.primaries(primaries if primaries != UNSAID else BT2020)), 8)
    return np.ascontiguousarray(turned(rgb, corners(frame)))


def matrix_of(frame: Any) -> int:
    """By what its YUV is made, as libswscale calls it."""
    return MATRICES.get(int(frame.colorspace), BT709 if frame.height >= HD else BT601)


def corners(frame: Any) -> tuple[int, int, int, int]:
    """The matrix by which the frame is shown: x' = a x + c y, y' = b x + d y, each -1, 0 or 1; no turn where it is none of a right angle."""
    from av.sidedata.sidedata import SideDataContainer

    try:
        # not `frame.side_data`: the frame would hold what holds it, so that hundreds wait in memory until Python looks for such rings
        held = SideDataContainer(frame)  # type: ignore[call-arg]
        words = np.frombuffer(bytes(held["DISPLAYMATRIX"]), "<i4")
    except KeyError:
        return 1, 0, 0, 1
    a, b, c, d = (int(np.sign(words[k])) if abs(int(words[k])) > 1 << 14 else 0 for k in (0, 1, 3, 4))
    return (a, b, c, d) if abs(a * d - b * c) == 1 else (1, 0, 0, 1)


def turned(pixels: Array, by: tuple[int, int, int, int]) -> Array:
    """The picture with its axes exchanged and mirrored as `corners` says."""
    a, b, c, d = by
    if a == 0:
        pixels = pixels.swapaxes(0, 1)
    across, down = a or c, d or b
    return pixels[:: down or 1, :: across or 1]
