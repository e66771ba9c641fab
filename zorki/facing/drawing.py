"""A photo with its faces: a box about each, and beside it the eight scores as small bars, or the likeliest in words where there is less room.

Letters grow with the picture, so that they can be read where it is shown as wide as a phone. What stands beside a face covers no other face if it can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from zorki import io
from zorki.facing import labels
from zorki.facing.faces import EMOTIONS, Face
from zorki.locating import drawing
from zorki.pixels import palette

Pixels = npt.NDArray[np.uint8]
Bound = tuple[int, int, int, int]
Corner = tuple[int, int]
Plate = npt.NDArray[np.float32]
Laid = tuple[Plate, Corner]  # bars, and where their left upper corner lies
COLOURS: Mapping[str, str] = dict(
    zip(EMOTIONS, ("#882255", "#aa4499", "#999933", "#332288", "#ffaa22", "#999999", "#33bbee", "#009966"), strict=True)
)  # after Paul Tol, 2021: told apart by whoever sees few colours; films and pages have the same
LETTERS, SMALLER = (
    36,
    40,
)  # of so many pixels of the width a letter is one high: ten on a phone that shows 360; nine where else there is no room for all
SMALLEST = 9  # pixels: the smallest letter that can be read
TRIES = 4000  # places that are tried
ROWS = ((5, 8), (10, 3))  # up to so many faces: bars beside each at most; more have their likeliest expression in words
COVERED = 0.42  # of the picture that all bars may cover
HIDDEN, OWN = 0.06, 0.3  # of another face, of its own face, that bars may cover
PLATE, TRACK, INK = 0.88, 0.9, 25  # how white what bars stand on is; grey of a bar's whole length; of letters
NEAR = 0.15  # of the largest face's area: a smaller one is far behind, and may have words where the others have bars
WORTH = 0.02  # a share that is worth a bar, where not all have one
FILLS = 0.2  # of the picture's area: beside a face that is larger there may be no place but the picture's corners
LEADS = 1  # lines of a box: how thick the line is that leads from bars to their face
APART = 0.7  # letters between bars and their face, where there are several, so that the line is seen
NEARER = 0.5  # what it costs that another face is as near
BAR = 3.2  # letters: the length of a bar


def drawn(photo: npt.NDArray[np.floating] | Pixels, faces: Sequence[Face], times: tuple[float, float] = (1.0, 1.0)) -> Pixels:
    """(h, w, 3) uint8: the photo with its faces. photo: (h, w, 3) in 0..1, or uint8; it stays as it is. times: pixels of it for one of the faces', sideways and down."""
    boxes = np.array([face.box for face in faces], np.float64).reshape(-1, 4) * [*times, *times]
    inks = [COLOURS[face.emotion] for face in faces]
    out = drawing.drawn(photo, boxes, [""] * len(faces), inks)
    hw = (out.shape[0], out.shape[1])
    thick = max(1, round(max(hw) / drawing.LINE))
    bounds = [drawing.inside(box, hw) for box in boxes]
    placed: dict[int, Laid] = {}
    sizes = [max(SMALLEST, round(hw[1] / n)) for n in (LETTERS, SMALLER)]
    for rows, size in [(n, size) for count, n in ROWS if len(faces) <= count for size in sizes]:
        placed = arranged(faces, bounds, rows, size, hw, thick)
        if all(i in placed for i, face in enumerate(faces) if face.area >= NEAR * faces[0].area):
            break  # bars of one kind, so that faces can be compared
    pens = [palette.rgb(ink) for ink in inks]
    taken = {i: (x, y, x + one.shape[1], y + one.shape[0]) for i, (one, (x, y)) in placed.items()}
    for i, (one, where) in placed.items():
        if len(faces) > 1 and (bound := bounds[i]) is not None:
            labels.line(out, taken[i], bound, pens[i], LEADS * thick)
        lay(out, one, where)
    there = [bound for bound in bounds if bound is not None]
    rest = {i: bound for i, bound in enumerate(bounds) if i not in placed and bound is not None}
    said = [(f"{face.emotion} {share}", share) for face in faces for share in [f"{100 * face.scores[face.emotion]:.0f}%"]]
    labels.words(out, [*rest.values()], [said[i] for i in rest], [pens[i] for i in rest], there, [*taken.values()], thick)
    return out


def arranged(
    faces: Sequence[Face], bounds: Sequence[Bound | None], rows: int, size: int, hw: tuple[int, int], thick: int
) -> dict[int, Laid]:
    """Bars and where they lie, of those faces for which there is a place: of few faces so that all have one, if that can be; else the largest choose first."""
    there = [bound for bound in bounds if bound is not None]
    made = [bars(face, rows, size) for face in faces]
    gap = thick + (round(APART * size) if len(there) > 1 else 0)
    spots = [[] if b is None else beside(b, (m.shape[0], m.shape[1]), hw, there, gap) for m, b in zip(made, bounds, strict=True)]
    left = COVERED * hw[0] * hw[1]
    chosen = (together(made, spots, left) if len(faces) <= ROWS[0][0] else None) or greedily(made, spots, left)
    return {i: (made[i], where) for i, where in chosen.items()}


def greedily(made: Sequence[Plate], spots: Sequence[Sequence[Corner]], left: float) -> dict[int, Corner]:
    """One after the other, each at its best place that is free. left: pixels that all may cover."""
    out, taken = dict[int, Corner](), list[Bound]()
    for i, (one, places) in enumerate(zip(made, spots, strict=True)):
        held = next((bound for x, y in places if not meets(bound := (x, y, x + one.shape[1], y + one.shape[0]), taken)), None)
        if held is not None and one[..., 0].size <= left:
            out[i] = (held[0], held[1])
            taken.append(held)
            left -= one[..., 0].size
    return out


def together(made: Sequence[Plate], spots: Sequence[Sequence[Corner]], left: float) -> dict[int, Corner] | None:
    """The first way in which all have a place, as it is found by trying; None where there is none, or it takes too long to find."""
    if sum(one[..., 0].size for one in made) > left:
        return None
    tried = 0

    def onward(chosen: list[Corner], taken: list[Bound]) -> list[Corner] | None:
        nonlocal tried
        if len(chosen) == len(made):
            return chosen
        one = made[len(chosen)]
        for x, y in spots[len(chosen)]:
            tried += 1
            bound = (x, y, x + one.shape[1], y + one.shape[0])
            if tried <= TRIES and not meets(bound, taken) and (found := onward([*chosen, (x, y)], [*taken, bound])) is not None:
                return found
        return None

    found = onward([], [])
    return None if found is None else dict(enumerate(found))


def meets(one: Bound, taken: Sequence[Bound]) -> bool:
    return any(one[0] < b[2] and b[0] < one[2] and one[1] < b[3] and b[1] < one[3] for b in taken)


def bars(face: Face, rows: int, size: int) -> Plate:
    """(h, w, 4) in 0..255 and how opaque, 0..1: names with bars of the likeliest expressions; of all eight in their own order, so that faces can be compared."""
    scores = face.scores
    names = list(EMOTIONS)
    if rows < len(EMOTIONS):
        likely = sorted(EMOTIONS, key=lambda name: -scores[name])[:rows]
        names = [name for name in likely if name == likely[0] or scores[name] >= WORTH]
    line, pad, gap = round(1.2 * size), max(2, round(0.4 * size)), max(2, round(0.35 * size))
    wide, long = max(word(name, size).shape[1] for name in EMOTIONS), round(BAR * size)
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
        strip[:, : max(1, round(long * scores[name])), :3] = palette.rgb(COLOURS[name])
        strip[..., 3] = 1
    edge = palette.rgb(COLOURS[face.emotion])
    for side in (out[:1], out[-1:], out[:, :1], out[:, -1:]):
        side[:] = [*edge, 1]
    return out


@lru_cache(maxsize=256)
def word(text: str, size: int) -> Plate:
    """(h, w) in 0..1: how dark its letters are."""
    line = 255 - io.lettered(text, 20 * size, size=size, ink=(0, 0, 0))[..., 0].astype(np.float32)
    there = np.flatnonzero(line.max(0) > 55)
    found: Plate = (line[:, : int(there.max()) + 1] if len(there) else line[:, :1]) / np.float32(255)
    return found


def beside(bound: Bound, size: Corner, hw: tuple[int, int], faces: Sequence[Bound], gap: int) -> list[Corner]:
    """Where (left, top) bars of that size (h, w) may lie by their face, so many pixels off, first where they hide least of faces and no other is as near."""
    left, top, right, bottom = bound
    h, w = size
    if h > hw[0] or w > hw[1]:
        return []
    middle, across = (left + right - w) // 2, [left, right - w, right, left - w]
    across = [middle, *(middle + k * w // 8 for k in (-1, 1, -2, 2)), *across]
    down = ((top + bottom - h) // 2, top, bottom - h)
    spots = [(right + gap, y) for y in down] + [(left - gap - w, y) for y in down]
    spots += [(x, bottom + gap) for x in across] + [(x, top - gap - h) for x in across]
    fills = (right - left) * (bottom - top) > FILLS * hw[0] * hw[1]
    corners = [(hw[1] - w, hw[0] - h), (0, hw[0] - h), (hw[1] - w, 0), (0, 0)] if fills else []
    others = np.array([face for face in faces if face != bound], np.float64).reshape(-1, 4)
    areas = (others[:, 2:] - others[:, :2]).prod(1)
    own = np.array([bound], np.float64)
    out = list[tuple[float, int, Corner]]()
    for n, (x, y) in enumerate([*spots, *corners]):
        held = (min(max(x, 0), hw[1] - w), min(max(y, 0), hw[0] - h))
        if n < len(spots) and abs(held[0] - x) + abs(held[1] - y) > 0.5 * max(h, w):
            continue  # pushed so far that nobody sees whose it is
        one = (*held, held[0] + w, held[1] + h)
        hides = labels.shares(one, others) / np.maximum(areas, 1)
        mine = float(labels.shares(one, own)[0]) / max(1.0, float((right - left) * (bottom - top)))
        if (len(hides) and hides.max() > HIDDEN) or mine > OWN:
            continue
        nearer = labels.apart(one, others).min(initial=np.inf) <= labels.apart(one, own)[0]
        out.append((round(4 * float(hides.sum()) + mine + 0.3 * (n >= len(spots)) + NEARER * nearer, 3), n, held))
    return [held for _, _, held in sorted(out)]


def lay(out: Pixels, one: Plate, where: tuple[int, int]) -> None:
    """Lays bars on the picture."""
    part = out[where[1] : where[1] + one.shape[0], where[0] : where[0] + one.shape[1]]
    part[:] = np.rint(part + one[..., 3:] * (one[..., :3] - part))
