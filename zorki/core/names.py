"""Names: near ones ("did you mean"), how they are compared, and some of them in a sentence."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


def nearest(name: str, names: Iterable[str], count: int = 3) -> list[str]:
    """The names most like `name`, nearest first; empty when none is near. Case does not matter."""
    folded: dict[str, str] = {}
    for known in names:
        folded.setdefault(known.lower(), known)
    return [folded[key] for key in difflib.get_close_matches(name.lower(), folded, n=count, cutoff=0.6)]


def plain(name: str) -> str:
    """As names of classes are compared: case, _ and - aside."""
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


def listed(names: Sequence[str], most: int = 8) -> str:
    """The first few, in a sentence."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
