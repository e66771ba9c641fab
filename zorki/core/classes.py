"""Classes as a person names them."""

from __future__ import annotations

from collections.abc import Sequence

from zorki.core.errors import InputError, UnknownName


def numbered(names: Sequence[str], wanted: str) -> tuple[int, ...]:
    """The numbers of classes by name or number, as "person,car". Raises UnknownName with the nearest."""
    plain = {" ".join(name.casefold().split()): n for n, name in enumerate(names)}
    out = []
    for one in filter(None, (part.strip() for part in wanted.split(","))):
        said = " ".join(one.casefold().split())
        if said in plain:
            out.append(plain[said])
        elif said.isdecimal() and int(said) < len(names):
            out.append(int(said))
        else:
            raise UnknownName.among("class", one, names)
    if not out:
        raise InputError("No class is named.", f"There are {', '.join(names)}.", "Name one or more, with commas between them.")
    return tuple(dict.fromkeys(out))
