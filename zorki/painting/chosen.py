"""Which styles a person means, and how much of each: "wave", "wave:2,scream:1"."""

from __future__ import annotations

import math
from collections.abc import Sequence

from zorki.core.errors import InputError, UnknownName

LEAST = 1e-30  # a weight that, as the largest, is scaled; only ratios count


def weights_of(text: str, names: Sequence[str]) -> list[float]:
    """For each of `names` its weight, 0 where it is not named; a name alone weighs 1. Only their ratios count.

    Raises UnknownName with the nearest names; InputError for no name, one named twice, and a weight that is not above 0.
    """
    found: dict[str, float] = {}
    for part in map(str.strip, text.split(",")):
        name, weight = (part, 1.0) if part in names else split(part, text)
        if name not in names:
            raise UnknownName.among("style", name, names, "`zorki style list` shows them all.")
        if name in found:
            raise InputError(f"--style={text} names {name!r} twice.", "A style has one weight.", f"Give it once, as {name}:2.")
        found[name] = weight
    top = max(found.values())
    if not LEAST < top < 1 / LEAST:  # their sum would be none that can be divided by
        found = {name: weight / top for name, weight in found.items()}
    return [found.get(name, 0.0) for name in names]


def split(part: str, text: str) -> tuple[str, float]:
    """ "wave:2" → its name and its weight, of which nobody knows yet whether there is such a style."""
    name, colon, said = part.rpartition(":")
    if not colon:
        name, said = part, "1"
    try:
        weight = float(said)
    except ValueError:
        weight = math.nan
    if not name.strip() or not 0 < weight < math.inf:
        got = f"{said!r} is no weight" if name else "there is a name missing"
        raise InputError(
            f"--style={text}: {got}.", "It is a style, or several with a number above 0 behind each.", "Write --style=wave:2,scream:1, say."
        )
    return name.strip(), weight
