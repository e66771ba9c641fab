"""A set of pictures in two: what is learnt from, and what is judged on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from zorki.core.errors import InputError
from zorki.io.labelled import Example

Part = tuple[Example, ...]


def split(examples: Sequence[Example], what: str, name: str, seed: int, share: float = 0.2, groups: str | None = None) -> tuple[Part, Part]:
    """What is learnt from and what is judged on, each in the order given; the same seed parts the same names alike.

    what: the examples are, in the plural; name: of the set. share: of the pictures (of the groups) that are judged on, at least one and never all. groups: what must
    stay together, such as the slices of one patient: a regular expression, whose first bracket (or whole match) at the start of a name is its group,
    or a number of letters from its start. Raises InputError for fewer than two pictures or groups.
    """
    together: dict[str, list[Example]] = {}
    for example in examples:
        together.setdefault(example.picture.name if groups is None else group(example.picture.stem, groups), []).append(example)
    if len(together) < 2:
        got = f"{name} has {len(together)} {what if groups is None else f'groups by {groups!r}'} to learn from."
        raise InputError(got, "One part is learnt from, another is judged on.", "Add pictures, or give train/ and val/.")
    names = sorted(together)
    order = np.random.default_rng(seed).permutation(len(names))
    count = min(max(1, round(share * len(names))), len(names) - 1)
    chosen = {e for i in order[:count] for e in together[names[i]]}
    return tuple(e for e in examples if e not in chosen), tuple(e for e in examples if e in chosen)


def group(stem: str, groups: str) -> str:
    """The group of a name. Raises InputError for a name that has none, and for what is no regular expression."""
    if groups.isdecimal():
        return stem[: int(groups)]
    try:
        found = re.match(groups, stem)
    except re.error as error:
        raise InputError(f"{groups!r} is no regular expression: {error}.", "It finds the group in a name.", "Mend it.") from error
    if not found:
        raise InputError(f"{stem} is in no group by {groups!r}.", "It finds the group at the start of each name.", "Mend it.")
    return found[1] if found.re.groups and found[1] is not None else found[0]


def part(name: str, given: Mapping[str, Sequence[Example]], own: Mapping[str, Part], split: str | None, holds: str) -> tuple[Part, str]:
    """The examples that something is held against, and what they are called: "val", "test", "train" or "all".

    name: of the set, given: its parts; own: those that a run knows for its own. split: not given: val where there is one, else all. holds: what a folder of a part
    has in it. Raises InputError for a part that is not there.
    """
    parts = {**own, **{n: tuple(some) for n, some in given.items() if n != "all" and some}}
    chosen = split or ("val" if "val" in parts else "all")
    if chosen == "all":
        return tuple({example.picture: example for some in given.values() for example in some}.values()), chosen
    if chosen not in parts:
        there = ", ".join(parts)
        raise InputError(
            f"{name} has no pictures for --split={chosen}.",
            f"It has {there} and all." if there else "It is one part, from which this model did not learn.",
            f"Make a folder {chosen}/ with {holds}, or leave --split out.",
        )
    return parts[chosen], chosen
