"""Words beside the faces of a crowd, which lie on no face, and lines that lead from what stands beside a face to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from zorki.locating import drawing
from zorki.locating.drawing import Pixels

Bound = tuple[int, int, int, int]
Corner = tuple[int, int]
Floats = npt.NDArray[np.float64]
SIZES = (1.0, 0.85)  # of the usual letter's height, one after the other, where there is no room for all
HAIR = 0.35  # of its height a head reaches above the box of its face
HIDDEN = 0.06  # of any face that words may cover
AWAY = (0.0, 0.35, 0.8, 1.3)  # of its face's height: how far off words may lie
RIM = 0.45  # how dark the rim about a line is


def words(
    out: Pixels,
    bounds: Sequence[Bound],
    texts: Sequence[tuple[str, str]],
    inks: Sequence[Pixels],
    others: Sequence[Bound],
    taken: Sequence[Bound],
    thick: int,
) -> None:
    """Each text on a plate of its face's colour. texts: in full and in short of each; short ones stand where the full ones of all have no room, but for the first of each
    colour, so that it has a name. Who has no place has the box's colour alone. others: of all faces; taken: where something lies."""
    hw = (out.shape[0], out.shape[1])
    usual = max(drawing.SMALLEST, round(max(hw) / drawing.LETTERS))
    first = {ink.tobytes(): i for i, ink in reversed(list(enumerate(inks)))}.values()
    best = dict[int, tuple[Pixels, Corner]]()
    for short in (False, True):
        for times in SIZES:
            size = max(drawing.SMALLEST, round(times * usual))
            said = [one[short and i not in first] for i, one in enumerate(texts)]
            plates = [drawing.plate(text, ink, size, hw[1]) for text, ink in zip(said, inks, strict=True)]
            placed = laid(bounds, plates, [*first], others, taken, hw, thick)
            if len(placed) > len(best):
                best = placed
            if len(placed) == len(bounds):
                break
        if len(best) == len(bounds):
            break
    for i, (one, (left, top)) in best.items():
        line(out, (left, top, left + one.shape[1], top + len(one)), bounds[i], inks[i], thick)
        out[top : top + len(one), left : left + one.shape[1]] = one


def laid(
    bounds: Sequence[Bound],
    plates: Sequence[Pixels | None],
    first: Sequence[int],
    others: Sequence[Bound],
    taken: Sequence[Bound],
    hw: Corner,
    thick: int,
) -> dict[int, tuple[Pixels, Corner]]:
    """Where they lie: those that name a colour choose first, then those that have fewest places."""
    faces = np.array(others, np.float64).reshape(-1, 4)
    spots = {
        i: places(bounds[i], (one.shape[0], one.shape[1]), hw, faces, thick)
        for i, one in enumerate(plates)
        if one is not None and len(one) <= drawing.HIGH * hw[0]
    }
    out, held, left = dict[int, tuple[Pixels, Corner]](), np.array(taken, np.float64).reshape(-1, 4), drawing.MOST * hw[0] * hw[1]
    for i in sorted(spots, key=lambda i: (i not in first, len(spots[i]), i)):
        one = plates[i]
        assert one is not None
        high, wide = one.shape[:2]
        for x, y in spots[i]:
            plate, lead = (x, y, x + wide, y + high), way((x, y, x + wide, y + high), bounds[i])
            room = (x - thick, y - thick, x + wide + thick, y + high + thick)  # two of one colour would be one
            if drawing.covered(room, held) or drawing.covered(lead, held) or drawing.covered(lead, faces[(faces != bounds[i]).any(1)]):
                continue
            if high * wide <= left or not out:
                out[i], left = (one, (x, y)), left - high * wide
                held = np.vstack([held, plate, lead])
            break
    return out


def places(bound: Bound, size: Corner, hw: Corner, faces: Floats, thick: int) -> list[Corner]:
    """Left and top of a plate of that size (h, w) about a face, the best first: on no face, near to its own and nearer to it than to another, on little hair."""
    left, top, right, bottom = bound
    h, w = size
    high = bottom - top
    found = list[tuple[float, int, Corner]]()
    for away in AWAY:
        gap = round(away * high) + (thick if away else 0)
        across, down = (left, right - w, (left + right - w) // 2), (top, bottom - h, (top + bottom - h) // 2)
        spots = [(x, y) for y in (top - gap - h, bottom + gap) for x in across] + [
            (x, y) for x in (right + gap, left - gap - w) for y in down
        ]
        for n, (x, y) in enumerate(spots):
            if x < 0 or y < 0 or x + w > hw[1] or y + h > hw[0]:
                continue
            cost = harm((x, y, x + w, y + h), bound, faces)
            if cost is not None:
                found.append((round(cost + 0.6 * away, 3), len(found) + n, (x, y)))
    return [corner for *_, corner in sorted(found)]


def harm(one: Bound, own: Bound, faces: Floats) -> float | None:
    """How bad a place is; None where it hides a face."""
    areas = (faces[:, 2:] - faces[:, :2]).prod(1).clip(1)
    if len(faces) and float((shares(one, faces) / areas).max()) > HIDDEN:
        return None
    heads = faces.copy()
    heads[:, 1], heads[:, 3] = faces[:, 1] - HAIR * (faces[:, 3] - faces[:, 1]), faces[:, 1]
    hair = shares(one, heads) / (heads[:, 2:] - heads[:, :2]).prod(1).clip(1)
    mine = (faces == np.array(own)).all(1)
    nearer = apart(one, faces[~mine]).min(initial=np.inf) <= apart(one, np.array([own], np.float64))[0]
    return float(2.0 * hair[~mine].sum() + 0.5 * hair[mine].sum() + 0.5 * nearer)


def shares(one: Bound, others: Floats) -> Floats:
    """(n,) pixels that it shares with each."""
    found: Floats = (np.minimum(others[:, 2:], one[2:]) - np.maximum(others[:, :2], one[:2])).clip(0).prod(1)
    return found


def apart(one: Bound, others: Floats) -> Floats:
    """(n,) pixels between it and each; 0 where they touch."""
    found: Floats = np.hypot(*np.maximum(np.maximum(others[:, :2] - one[2:], np.array(one[:2]) - others[:, 2:]), 0).T)
    return found


def line(out: Pixels, one: Bound, face: Bound, ink: Pixels, thick: int) -> None:
    """From what stands beside a face to the face's box, by the shortest way, with a darker rim; nothing where they touch."""
    (x, to_x), (y, to_y) = ends(one, face)
    if abs(to_x - x) <= 1 and abs(to_y - y) <= 1:
        return
    reach = thick + 2
    left, top = max(0, int(min(x, to_x)) - reach), max(0, int(min(y, to_y)) - reach)
    part = out[top : int(max(y, to_y)) + reach + 1, left : int(max(x, to_x)) + reach + 1]
    rows, columns = np.mgrid[top : top + part.shape[0], left : left + part.shape[1]]
    along = np.array([to_x - x, to_y - y], np.float64)
    far = (((columns - x) * along[0] + (rows - y) * along[1]) / max(1e-9, float(along @ along))).clip(0, 1)
    off = np.hypot(columns - x - far * along[0], rows - y - far * along[1])
    rim = max(1, thick // 3)
    for cover, colour in (
        ((thick / 2 + rim + 0.5 - off).clip(0, 1) * RIM, 0.0),
        ((thick / 2 + 0.5 - off).clip(0, 1), ink.astype(np.float64)),
    ):
        part[:] = np.rint(part + cover[..., None] * (colour - part))


def way(one: Bound, face: Bound) -> Bound:
    """Left, top, right, bottom of that line."""
    (x, to_x), (y, to_y) = ends(one, face)
    return round(min(x, to_x)), round(min(y, to_y)), round(max(x, to_x)) + 1, round(max(y, to_y)) + 1


def ends(one: Bound, face: Bound) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where it begins and where it ends: of x, and of y."""
    return between(one[0], one[2], face[0], face[2]), between(one[1], one[3], face[1], face[3])


def between(low: int, high: int, to_low: int, to_high: int) -> tuple[float, float]:
    """Of two stretches of one axis where the shortest way between them begins and ends; in the middle of what they share."""
    if high <= to_low:
        return high - 1, to_low
    if to_high <= low:
        return low, to_high - 1
    middle = (max(low, to_low) + min(high, to_high) - 1) / 2
    return middle, middle
