"""Classes as a person names them."""

from __future__ import annotations

from collections.abc import Sequence

from zorki.core.errors import InputError, UnknownName


def numbered(names: Sequence[str], wanted: str) -> tuple[int, ...]:
    """The numbers of classes by name or number, as "person,car"; of names that differ by case alone that one, or all where none is so written. Raises
    UnknownName with the nearest."""
    out: list[int] = []
    for one in filter(None, (part.strip() for part in wanted.split(","))):
        if found := [n for n, name in enumerate(names) if name == one] or [n for n, name in enumerate(names) if plain(name) == plain(one)]:
            out += found
        elif one.isdecimal() and len(one) < 10 and int(one) < len(names):
            out.append(int(one))
        else:
            raise UnknownName.among("class", one, names)
    if not out:
        raise InputError("No class is named.", f"There are {', '.join(names)}.", "Name one or more, with commas between them.")
    return tuple(dict.fromkeys(out))


def plain(name: str) -> str:
    return " ".join(name.casefold().split())
