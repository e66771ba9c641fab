"""A photo with its faces: a box about each, and beside it the eight scores as small bars, or the likeliest in words where there is less room.

Letters grow with the picture, so that they can be read where it is shown as wide as a phone. What stands beside a face covers no other face if it can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from zorki import io
from zorki.facing.faces import EMOTIONS, Face
from zorki.locating import drawing

Pixels = npt.NDArray[np.uint8]
Bound = tuple[int, int, int, int]
COLOURS: Mapping[str, str] = dict(
    zip(EMOTIONS, ("#cc3311", "#aa4499", "#999933", "#332288", "#ee7733", "#777777", "#4477aa", "#009988"), strict=True)
)  # after Paul Tol, 2021: told apart by whoever sees few colours; films and pages have the same
LETTERS, SMALLEST = (
    36,
    9,
)  # of so many pixels of the width a letter is one high: ten on a phone that shows 360; the smallest that can be read
ROWS = ((5, 8), (10, 3))  # up to so many faces: bars beside each at most; more have their likeliest expression in words
COVERED = 0.35  # of the picture that all bars may cover
HIDDEN, OWN = 0.06, 0.3  # of another face, of its own face, that bars may cover
PLATE, TRACK, INK = 0.88, 0.86, 25  # how white what bars stand on is; grey of a bar's whole length; of letters
BAR = 4.0  # letters: the length of a bar


def drawn(photo: npt.NDArray[np.floating] | Pixels, faces: Sequence[Face], times: tuple[float, float] = (1.0, 1.0)) -> Pixels:
    """(h, w, 3) uint8: the photo with its faces. photo: (h, w, 3) in 0..1, or uint8; it stays as it is. times: pixels of it for one of the faces', sideways and down."""
    boxes = np.array([face.box for face in faces], np.float64).reshape(-1, 4) * [*times, *times]
    inks = [COLOURS[face.emotion] for face in faces]
    out = drawing.drawn(photo, boxes, [""] * len(faces), inks)
    hw = (out.shape[0], out.shape[1])
    size = max(SMALLEST, round(hw[1] / LETTERS))
    thick = max(1, round(max(hw) / drawing.LINE))
    bounds = [drawing.inside(box, hw) for box in boxes]
    there = [bound for bound in bounds if bound is not None]
    placed, spent, rest = list[Bound](), 0, list[int]()
    most = next((rows for count, rows in ROWS if len(faces) <= count), 0)
    for i, (face, bound) in enumerate(zip(faces, bounds, strict=True)):  # the largest has the first choice
        for rows in [n for _, n in ROWS if n <= most] if bound is not None else []:
            one = bars(face, rows, size)
            if spent + one[..., 0].size > COVERED * hw[0] * hw[1]:
                continue
            where = beside(bound, (one.shape[0], one.shape[1]), hw, there, placed, thick)  # type: ignore[arg-type]
            if where is not None:
                laid(out, one, where)
                placed.append((where[0], where[1], where[0] + one.shape[1], where[1] + one.shape[0]))
                spent += one[..., 0].size
                break
        else:
            rest.append(i)
    words = [f"{face.emotion} {100 * face.scores[face.emotion]:.0f}%" for face in faces]
    pens = [np.array([int(inks[i][k : k + 2], 16) for k in (1, 3, 5)], np.uint8) for i in rest]
    drawing.labels(out, [bounds[i] for i in rest], [words[i] for i in rest], pens, thick)
    return out


def bars(face: Face, rows: int, size: int) -> npt.NDArray[np.float32]:
    """(h, w, 4) in 0..255 and how opaque, 0..1: names with bars of the likeliest expressions; of all eight in their own order, so that faces can be compared."""
    scores = face.scores
    names = EMOTIONS if rows >= len(EMOTIONS) else sorted(EMOTIONS, key=lambda name: -scores[name])[:rows]
    line, pad, gap = round(1.2 * size), max(2, round(0.4 * size)), max(2, round(0.35 * size))
    wide, long = max(word(name, size).shape[1] for name in names), round(BAR * size)
    out = np.full((len(names) * line + 2 * pad, wide + long + gap + 2 * pad, 4), 255, np.float32)
    out[..., 3] = PLATE
    for k, name in enumerate(names):
        top = pad + k * line
        letters = word(name, size)
        rows_ = slice(top, top + min(line, len(letters)))
        out[rows_, pad : pad + letters.shape[1], :3] += letters[:line, :, None] * (INK - 255)
        begin, high = pad + wide + gap, max(2, round(0.62 * size))
        middle = top + line // 2
        strip = out[middle - high // 2 : middle - high // 2 + high, begin : begin + long]
        strip[..., :3] = 255 * TRACK
        strip[:, : max(1, round(long * scores[name])), :3] = [int(COLOURS[name][c : c + 2], 16) for c in (1, 3, 5)]
        strip[..., 3] = 1
    edge = [int(COLOURS[face.emotion][c : c + 2], 16) for c in (1, 3, 5)]
    for side in (out[:1], out[-1:], out[:, :1], out[:, -1:]):
        side[:] = [*edge, 1]
    return out


@lru_cache(maxsize=256)
def word(text: str, size: int) -> npt.NDArray[np.float32]:
    """(h, w) in 0..1: how dark its letters are."""
    line = 255 - io.lettered(text, 20 * size, size=size, ink=(0, 0, 0))[..., 0].astype(np.float32)
    there = np.flatnonzero(line.max(0) > 55)
    return line[:, : int(there.max()) + 1] / 255 if len(there) else line[:, :1] / 255


def beside(
    bound: Bound, size: tuple[int, int], hw: tuple[int, int], faces: Sequence[Bound], placed: Sequence[Bound], thick: int
) -> tuple[int, int] | None:
    """Where (left, top) bars of that size (h, w) lie best by their face: where they hide least of faces and nothing that lies there; None where there is no place."""
    left, top, right, bottom = bound
    h, w = size
    if h > hw[0] or w > hw[1]:
        return None
    across, down = ((left + right - w) // 2, left, right - w), ((top + bottom - h) // 2, top, bottom - h)
    spots = [(right + thick, y) for y in down] + [(left - thick - w, y) for y in down]
    spots += [(x, bottom + thick) for x in across] + [(x, top - thick - h) for x in across]
    spots += [(x, hw[0] - h) for x in (left - thick - w, right + thick)]
    corners = [(hw[1] - w, hw[0] - h), (0, hw[0] - h), (hw[1] - w, 0), (0, 0)]  # of a face that fills the picture
    others = np.array([face for face in faces if face != bound], np.float64).reshape(-1, 4)
    areas = (others[:, 2:] - others[:, :2]).prod(1)
    own, taken = np.array([bound], np.float64), np.array(placed, np.float64).reshape(-1, 4)
    best, least = None, np.inf
    for n, (x, y) in enumerate([*spots, *corners]):
        held = (min(max(x, 0), hw[1] - w), min(max(y, 0), hw[0] - h))
        if n < len(spots) and abs(held[0] - x) + abs(held[1] - y) > 0.5 * max(h, w):
            continue  # pushed so far that nobody sees whose it is
        one = (*held, held[0] + w, held[1] + h)
        hides = shares(one, others) / np.maximum(areas, 1)
        mine = float(shares(one, own)[0]) / max(1.0, float((right - left) * (bottom - top)))
        if drawing.covered(one, taken) or (len(hides) and hides.max() > HIDDEN) or mine > OWN:
            continue
        cost = 4 * float(hides.sum()) + mine + 0.3 * (n >= len(spots))
        if cost < least - 1e-9:
            best, least = held, cost
    return best


def shares(one: Bound, others: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(n,) pixels that it shares with each."""
    found: npt.NDArray[np.float64] = (np.minimum(others[:, 2:], one[2:]) - np.maximum(others[:, :2], one[:2])).clip(0).prod(1)
    return found


def laid(out: Pixels, one: npt.NDArray[np.float32], where: tuple[int, int]) -> None:
    """Lays bars on the picture."""
    part = out[where[1] : where[1] + one.shape[0], where[0] : where[0] + one.shape[1]]
    part[:] = np.rint(part + one[..., 3:] * (one[..., :3] - part))
