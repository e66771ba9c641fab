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

    Raises InputError for a class of the data that the net does not know.
    """
    own = {plain(name): n for n, name in enumerate(theirs)}
    places = [own.get(plain(name), -1) for name in names]
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
