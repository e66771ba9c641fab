"""Numbers as people write them: "7", "0-63", "1,4,9-12", "all"; "24x40"; "1 2; 3 4"; the shortest of 0.1."""

from __future__ import annotations

import math
import re

from zorki.core.errors import InputError


def numbers(text: str, count: int, what: str) -> tuple[int, ...]:
    """The numbers that `text` names, in the order written, each once.

    count: how many there are. what: said in the error, as in "conv3_1 has no channel 300". Raises InputError.
    """
    if text.strip() == "all":
        return tuple(range(count))
    out: dict[int, None] = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", part)
        if match is None:
            raise InputError(
                f"{what}: {text!r} is not a list of numbers.",
                "It is numbers and spans, with commas between.",
                "Write 7, 0-63, 1,4,9-12 or all.",
            )
        first, last = int(match[1]), int(match[2] or match[1])
        if max(first, last) >= count:
            raise InputError(
                f"{what}: there is no number {max(first, last)}.", f"They are 0 to {count - 1}.", "Choose among these, or write all."
            )
        out.update(dict.fromkeys(range(first, last + 1) if first <= last else range(first, last - 1, -1)))
    return tuple(out)


def sides(text: str | None) -> int | tuple[int, int] | None:
    """ "224" → 224, "24x40" → (24, 40): rows and columns. Raises InputError."""
    if text is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,4})(?:[x×]([1-9]\d{0,4}))?", text.strip())
    if found is None:
        raise InputError(f"--side={text} is no size.", "It is pixels, or rows x columns.", "Write --side=224 or --side=24x40.")
    return int(found[1]) if found[2] is None else (int(found[1]), int(found[2]))


def matrix(text: str) -> tuple[tuple[float, ...], ...] | None:
    """ "1 2; 3 4" → ((1, 2), (3, 4)); as well "1,2;3,4", a row a line, or as Python writes lists of lists. None for what is no such thing, or has rows of
    several lengths, or a number that is not finite."""
    inside = re.findall(r"[\[(]([^\[\]()]*)[\])]", text)
    rows = [re.split(r"[,\s]+", row.strip(" \t,")) for row in inside or re.split(r"[;\n]", text.strip(" \t\n;"))]
    try:
        found = tuple(tuple(float(word) for word in row) for row in rows)
    except ValueError:
        return None
    return found if len({len(row) for row in found}) == 1 and all(math.isfinite(x) for row in found for x in row) else None


def short(x: float) -> str:
    """The shortest that is read as the same number."""
    return f"{x:g}" if float(f"{x:g}") == x else repr(x)
