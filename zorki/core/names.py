"""Near names: "did you mean"."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, names: Iterable[str], count: int = 3) -> list[str]:
    """The names most like `name`, nearest first; empty when none is near. Case does not matter."""
    folded: dict[str, str] = {}
    for known in names:
        folded.setdefault(known.lower(), known)
    return [folded[key] for key in difflib.get_close_matches(name.lower(), folded, n=count, cutoff=0.6)]
