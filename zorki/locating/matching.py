"""Which of a network's classes is which of the data's: by name; where the net has no names, by place, which is said."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from zorki.core.errors import InputError
from zorki.core.names import listed
from zorki.core.names import plain as plain


@dataclass(frozen=True)
class Matched:
    """names: of the data's classes (`known` of them), then of those that only the net has. number: of each of the net's classes its place among these.
    said: sentences for the person."""

    names: tuple[str, ...]
    known: int
    number: tuple[int, ...]
    said: tuple[str, ...] = ()


def matched(names: Sequence[str], there: Collection[str], theirs: Sequence[str], named: bool, net: str) -> Matched:
    """names: of the data's classes; there: those of which there are boxes. theirs: the net's classes, and whether anybody `named` them; net: its name.

    Raises InputError for a class of the data that the net does not know, or that is one with another of the data's, or two of the net's.
    """
    places = [place(name, theirs) for name in names]
    twins = [name for name, at in zip(names, places, strict=True) if at >= 0 and places.count(at) > 1]
    if twins:
        do = "Are they one class? Then write one name."
        raise InputError(f"{listed(twins)} of the data differ by case or signs alone.", f"{net} knows one class of such a name.", do)
    lacking = [name for name, place in zip(names, places, strict=True) if place < 0 and name in there]
    said = []
    if lacking and not named and len(names) == len(theirs):
        places = list(range(len(names)))
        pairs = [f"{b} is {a}" for a, b in zip(names, theirs, strict=True)]
        said.append(f"{net} has no names for its classes. By their order {listed(pairs)}.")
    elif lacking:
        raise InputError(
            f"{net} does not know {listed(lacking)} of the data.",
            f"It knows {listed(list(theirs)) if named else f'{len(theirs)} classes without names'}.",
            "Give the classes its names, leave these boxes out, or take another --model.",
        )
    more = [n for n in range(len(theirs)) if n not in places]
    if more:
        said.append(f"{net} also knows {listed([theirs[n] for n in more])}: what it takes for one of these is wrong here.")
    order = [*places, *more]
    return Matched((*names, *(theirs[n] for n in more)), len(names), tuple(order.index(n) for n in range(len(theirs))), tuple(said))


def place(name: str, theirs: Sequence[str]) -> int:
    """The number of the net's class that is so called, to the letter where there is one, else case, _ and - aside; -1 where none is. Raises InputError where
    several are."""
    alike = [n for n, other in enumerate(theirs) if other == name] or [n for n, other in enumerate(theirs) if plain(other) == plain(name)]
    if len(alike) > 1:
        several = listed([theirs[n] for n in alike])
        raise InputError(
            f"The class {name} of the data may be {several}.", "They differ by case or signs alone.", "Write the one that is meant."
        )
    return alike[0] if alike else -1
