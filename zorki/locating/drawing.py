"""A photo with boxes on it, each with a line of text that can be read at any size of the picture.

Lines and letters grow with the picture; labels lie inside it and, where there is room, on no other label.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from zorki import io
from zorki.pixels import palette

Pixels = npt.NDArray[np.uint8]
LINE = 280  # of so many pixels of the longer side a line is one wide
LETTERS, SMALLEST = 42, 9  # of so many pixels of the longer side a letter is one high; the smallest that can be read
ROOM = 0.16  # of the picture that labels may cover: with more of them letters are smaller
HIGH = 0.3  # of the picture's height that one label may take
MOST = 0.3  # of the picture that all may cover; beyond that boxes have their colours alone, in a picture that is too small for words
HIDDEN = 0.3  # of a label that others may cover; one without such a place is left out, and its box has its colour
EDGE = 0.45  # how dark the rim about each line is, so that it is seen on its own colour too
BRIGHT = 0.45  # luminance of a colour from which letters on it are black
Corner = tuple[int, int]


def drawn(
    photo: npt.NDArray[np.floating] | Pixels, boxes: npt.ArrayLike, texts: Sequence[str], colours: Sequence[str], line: float = 1.0
) -> Pixels:
    """(h, w, 3) uint8: the photo with boxes on it.

    photo: (h, w, 3) in 0..1, or uint8; it stays as it is. boxes: (n, 4) left, top, width, height in its pixels; what lies outside is cut off. texts,
    colours (#rrggbb): of each box, the most important first; a text of "" is no label. line: times as thick as usual.
    """
    out = levels(photo)
    places = np.asarray(boxes, np.float64).reshape(-1, 4)
    thick = max(1, round(line * max(out.shape[:2]) / LINE))
    inks = [palette.rgb(colour) for colour in colours]
    bounds = [inside(box, (out.shape[0], out.shape[1])) for box in places]
    for bound, ink in reversed(list(zip(bounds, inks, strict=True))):  # the first on top
        if bound is not None:
            outline(out, bound, ink, thick)
    labels(out, bounds, texts, inks, thick)
    return out


def levels(photo: npt.NDArray[np.floating] | Pixels) -> Pixels:
    """A copy (h, w, 3) in uint8; of a large photo made some rows at a time."""
    if photo.dtype == np.uint8:
        return np.array(photo, np.uint8)
    out = np.empty(photo.shape, np.uint8)
    rows = max(1, (1 << 20) // max(1, photo.shape[1]))
    for top in range(0, len(photo), rows):
        out[top : top + rows] = np.rint(255 * np.clip(photo[top : top + rows], 0, 1))
    return out


def inside(box: npt.NDArray[np.float64], hw: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of the box's pixels in the picture, at least one each way; None where it is no box or lies outside."""
    if not np.isfinite(box).all() or min(box[2:]) < 0:
        return None
    left, top, right, bottom = np.clip(np.rint([*box[:2], *(box[:2] + box[2:])]), -1, [hw[1] + 1, hw[0] + 1] * 2).astype(int).tolist()
    if right < 0 or bottom < 0 or left > hw[1] or top > hw[0]:
        return None
    left, top = min(max(left, 0), hw[1] - 1), min(max(top, 0), hw[0] - 1)
    return left, top, max(left + 1, min(right, hw[1])), max(top + 1, min(bottom, hw[0]))


def outline(out: Pixels, bound: tuple[int, int, int, int], ink: Pixels, thick: int) -> None:
    """A rectangle's line, just inside its bounds, with a darker rim on either side; thinner where the box is small."""
    left, top, right, bottom = bound
    thick = max(1, min(thick, min(right - left, bottom - top) // 6))
    rim = max(1, thick // 3)
    dim(out, (left - rim, top - rim, right + rim, bottom + rim), rim)
    if min(right - left, bottom - top) > 2 * (thick + rim):
        dim(out, (left + thick, top + thick, right - thick, bottom - thick), rim)
    for strip in strips(out, bound, thick):
        strip[:] = ink


def strips(out: Pixels, bound: tuple[int, int, int, int], thick: int) -> list[Pixels]:
    """The four sides of a rectangle as far as they lie in the picture; no pixel twice."""
    h, w = out.shape[:2]
    left, top, right, bottom = bound
    upper, lower = min(top + thick, bottom), max(bottom - thick, min(top + thick, bottom))
    beyond, before = min(left + thick, right), max(right - thick, min(left + thick, right))
    spans = ((top, upper, left, right), (lower, bottom, left, right), (upper, lower, left, beyond), (upper, lower, before, right))
    held = [[min(max(v, 0), n) for v, n in zip(span, (h, h, w, w), strict=True)] for span in spans]
    return [out[a:b, c:d] for a, b, c, d in held]


def dim(out: Pixels, bound: tuple[int, int, int, int], thick: int) -> None:
    for strip in strips(out, bound, thick):
        strip[:] = np.rint(strip * (1 - EDGE))


def labels(
    out: Pixels,
    bounds: Sequence[tuple[int, int, int, int] | None],
    texts: Sequence[str],
    inks: Sequence[Pixels],
    thick: int,
    taken: Sequence[tuple[int, int, int, int]] = (),
) -> None:
    """Each text on a plate of its colour at its box: those first that are the first of their colour, so that each colour has a name. taken: where something lies."""
    h, w = out.shape[:2]
    shown = [i for i, (bound, text) in enumerate(zip(bounds, texts, strict=True)) if bound is not None and text.strip()]
    size = max(SMALLEST, round(max(h, w) / LETTERS))
    while size > SMALLEST and sum(1.3 * size * 0.62 * size * len(texts[i]) for i in shown) > ROOM * h * w:
        size = max(SMALLEST, round(0.88 * size))
    seen: set[bytes] = set()
    first = [i for i in shown if not (inks[i].tobytes() in seen or seen.add(inks[i].tobytes()))]  # type: ignore[func-returns-value]
    placed, spent = np.array(taken, np.float64).reshape(-1, 4), 0
    for i in [*first, *(i for i in shown if i not in first)]:
        one = plate(texts[i], inks[i], size, w)
        if one is None or len(one) > HIGH * h or (len(placed) > len(taken) and spent + one[..., 0].size > MOST * h * w):
            continue
        bound = bounds[i]
        assert bound is not None
        where = free(bound, (one.shape[0], one.shape[1]), (h, w), placed, thick)
        if where is not None:
            left, top = where
            out[top : top + len(one), left : left + one.shape[1]] = one
            spent += one[..., 0].size
            placed = np.vstack([placed, [left, top, left + one.shape[1], top + len(one)]])


def plate(text: str, ink: Pixels, size: int, wide: int) -> Pixels | None:
    """A line of text on its colour, as wide as it is; shortened where it is wider than the picture, None where not even a few letters fit."""
    pad = max(2, round(0.3 * size))
    if wide - 2 * pad < 2 * size:
        return None
    line = 255 - io.lettered(text, wide - 2 * pad, size=size, ink=(0, 0, 0))[..., 0].astype(np.float32)
    there = np.flatnonzero(line.max(0) > 55)
    if not len(there):
        return None
    strength = np.pad(line[:, : int(there.max()) + 1] / 255, ((0, 0), (pad, pad)))[..., None]
    letters = 0.0 if float(ink @ np.array((0.299, 0.587, 0.114))) > BRIGHT * 255 else 255.0
    made: Pixels = np.rint(ink + strength * (letters - ink.astype(np.float32))).astype(np.uint8)
    return made


def free(bound: tuple[int, int, int, int], size: Corner, hw: tuple[int, int], placed: npt.NDArray[np.float64], thick: int) -> Corner | None:
    """Where (left, top) a label of that size (h, w) lies best: above its box, else inside, else below; None where all places are taken."""
    left, top, right, bottom = bound
    h, w = size
    ends = (left, right - w, (left + right - w) // 2)
    tops = (top - h, top + thick, bottom - thick - h, bottom)
    spots = [(x, y) for y in tops for x in ends] + [(right, y) for y in (top, bottom - h)] + [(left - w, y) for y in (top, bottom - h)]
    best, least = None, HIDDEN
    for x, y in spots:
        if y < 0 or y + h > hw[0]:
            continue
        x = min(max(x, 0), hw[1] - w)
        hidden = covered((x, y, x + w, y + h), placed) / (h * w)
        if hidden < least - 1e-9:
            best, least = (x, y), hidden
        if not hidden:
            break
    return best


def covered(one: tuple[int, int, int, int], placed: npt.NDArray[np.float64]) -> float:
    """Pixels that it shares with what is placed."""
    sides = np.minimum(placed[:, 2:], one[2:]) - np.maximum(placed[:, :2], one[:2])
    return float(sides.clip(0).prod(1).sum())
