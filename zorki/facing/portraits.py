"""Faces by themselves: each cut out upright and enlarged, with its eight scores as bars under it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from zorki import io
from zorki.facing import aligning
from zorki.facing.drawing import COLOURS
from zorki.facing.faces import Face
from zorki.io.lettering import lettered, line_height
from zorki.pixels import palette

Pixels = npt.NDArray[np.uint8]
SIDE = 360  # pixels of the face, and width of the whole
LETTER = 24  # pixels
LABEL, FIGURE = 0.38, 0.2  # of the width, beside the bars
GROUND, TRACK, INK = (32, 36, 42), (58, 64, 72), (236, 238, 240)  # its own, so that it is seen on light pages and on dark ones
BEYOND = 1.25  # times the square that a network is shown: hair and chin are seen too


def portrait(photo: io.Photo, face: Face, side: int = SIDE) -> Pixels:
    """(h, side, 3): above the face, below its scores, always in the order of EMOTIONS, so that faces can be compared. Raises ValueError before it was asked."""
    where = aligning.square(face)
    picture = torch.from_numpy(np.ascontiguousarray(photo.seen.transpose(2, 0, 1)))
    shown = aligning.cut(picture, where._replace(along=BEYOND * where.along), side).permute(1, 2, 0).numpy()
    shown = shown if shown.shape[2] == 3 else shown.repeat(3, 2)
    return np.concatenate([np.rint(255 * shown.clip(0, 1)).astype(np.uint8), bars(face, side)])


def bars(face: Face, wide: int = SIDE) -> Pixels:
    """(h, wide, 3): a line for each expression: its name, a bar, its share in whole percent."""
    size = max(6, round(LETTER * wide / SIDE))
    step, edge = round(1.25 * line_height(size)), round(0.5 * size)
    out = np.empty((len(COLOURS) * step + 2 * edge, wide, 3), np.uint8)
    out[:] = GROUND
    left, right = round(LABEL * wide), round((1 - FIGURE) * wide)
    for k, (name, share) in enumerate(face.scores.items()):
        top = edge + k * step
        strong = name == face.emotion
        line = out[top : top + step]
        write(line, name, edge, left - edge, size, strong)
        write(line, f"{100 * share:.0f}%", right + edge, wide - right - edge, size, strong)
        bar = line[step // 4 : step - step // 4]
        bar[:, left:right] = TRACK
        bar[:, left : left + round(share * (right - left))] = palette.rgb(COLOURS[name])
    return out


def write(line: Pixels, text: str, left: int, wide: int, size: int, strong: bool) -> None:
    """A word into a line, in its middle; `strong` ones are brighter."""
    cover = 1 - lettered(text, max(1, wide), 1, size, (0, 0, 0)).astype(np.float32) / 255
    top = (line.shape[0] - cover.shape[0]) // 2
    part = line[top : top + cover.shape[0], left : left + cover.shape[1]]
    ink = np.array(INK, np.float32) if strong else 0.72 * np.array(INK, np.float32)
    part[:] = np.rint(part + (ink - part) * cover[:, : part.shape[1]])
