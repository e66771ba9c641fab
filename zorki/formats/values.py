"""Numbers and names as annotation files hold them, which may be anything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from zorki.formats.annotated import BACKGROUND, NOWHERE
from zorki.formats.shapes import Polygons, Ring
from zorki.io import Label

FARTHEST = 1e7  # pixels from the picture's corner
CORNERS = "has fewer than three corners"
NO_NUMBER = "holds what is no number"
TOO_FAR = f"holds a number beyond {FARTHEST:,.0f}, where no pixel is"
WHOLE, LARGEST = re.compile(r"\s*-?\d{1,18}\s*"), 10**18  # nothing is numbered with more digits


def number(value: Any) -> float | None:
    """A finite number that may be a place; None of anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= FARTHEST:
        return None
    return float(value)


def wrong(given: Iterable[Any]) -> str:
    """Of numbers that are not all places, why: one is none, or lies where nothing can be."""
    real = [v for v in given if isinstance(v, int | float) and not isinstance(v, bool)]
    return TOO_FAR if any(abs(v) > FARTHEST for v in real) else NO_NUMBER


def word(value: Any) -> str:
    """A name, also where it is a number; "" of what is none. Halves of letters, which no file can be written with, become �."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip().encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def shown(value: Any) -> str:
    """What a file holds, for a sentence: words in quotes and numbers as JSON has them, not too long."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, str):
        return json.dumps(value if len(value) <= 60 else f"{value[:59]}…", ensure_ascii=False)
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"a number of {len(text)} digits"


def whole(value: Any) -> int | None:
    """A whole number, also where it is written as 3.0 or "3"."""
    if isinstance(value, str):
        return int(value) if WHOLE.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < LARGEST:
        return None
    return int(value) if value == int(value) else None


def numbers(values: Any, count: int | None = None) -> list[float] | None:
    """All of them finite; count: how many there are. None where they are not."""
    if not isinstance(values, Sequence) or isinstance(values, str) or (count is not None and len(values) != count):
        return None
    found = [number(v) for v in values]
    return None if any(v is None for v in found) else [v for v in found if v is not None]


def ring(points: Any) -> Ring | str:
    """(n, 2) of a list of pairs or of numbers in a row, without a last point that is the first again; or what is wrong with it."""
    flat = points
    if isinstance(points, Sequence) and points and all(isinstance(p, Sequence) and len(p) >= 2 for p in points):
        flat = [v for p in points for v in p[:2]]
    found = numbers(flat)
    if found is None:
        return wrong(flat) if isinstance(flat, Sequence) else NO_NUMBER
    if len(found) % 2:
        return "has an odd count of numbers, where x and y of each corner are"
    out = np.array(found, np.float64).reshape(-1, 2)
    if len(out) > 1 and (out[0] == out[-1]).all():
        out = out[:-1]
    return out if len(out) >= 3 else CORNERS


def polygons(parts: Iterable[Any]) -> Polygons | str:
    """Of several outlines those that are whole; where none is, what is wrong with the first."""
    found = [ring(part) for part in parts]
    good = tuple((one,) for one in found if not isinstance(one, str))
    wrong = next((one for one in found if isinstance(one, str)), "has no outline")
    return Polygons(good) if good else wrong


def torn(what: str, some: Sequence[str], most: int = 3) -> tuple[str, ...]:
    """A sentence about what is damaged of things that are used all the same; none of nothing. what: hole, part."""
    if not some:
        return ()
    many = f"1 {what} is" if len(some) == 1 else f"{len(some):,} {what}s are"
    return (f"{many} damaged and left out, the rest of the outline is used: {'; '.join(some[:most])}{' …' if len(some) > most else ''}.",)


def box(values: Any) -> tuple[float, float, float, float] | None:
    """Left, top, width, height as they stand, also where these are none or negative; None where one is no number."""
    found = numbers(values, 4)
    return None if found is None else (found[0], found[1], found[2], found[3])


def size(width: Any, height: Any) -> tuple[int, int] | None:
    """Height and width; None where they are not said."""
    w, h = whole(width), whole(height)
    return (h, w) if w and h and min(h, w) > 0 and max(h, w) <= FARTHEST else None


def colour(parts: Any) -> str:
    """#rrggbb of three numbers, or ""."""
    found = numbers(parts, 3)
    return "" if found is None or not all(0 <= v <= 255 for v in found) else "#" + "".join(f"{int(v):02x}" for v in found)


def listed(names: Iterable[str]) -> tuple[Label, ...]:
    """Classes in this order, numbered from 1."""
    kept = apart(Label(0, name, "") for name in names)
    return tuple(label._replace(number=n) for n, label in enumerate(kept, 1))


def apart(labels: Iterable[Label]) -> tuple[Label, ...]:
    """Without the background, what counts nowhere, and names that come again: classes are told apart by their names."""
    found: dict[str, Label] = {}
    for label in labels:
        if label.name.lower() not in (*BACKGROUND, *NOWHERE):
            found.setdefault(label.name, label)
    return tuple(found.values())
