"""Which class a stored value is, and how it is called: by classes.csv, or by rules that are said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from zorki.core.errors import InputError
from zorki.core.void import VOID
from zorki.io import Label
from zorki.segmenting.looking import Look
from zorki.segmenting.stored import By, Value, gathered
from zorki.segmenting.table import MOST, spelled


def by_the_list(
    looks: Sequence[Look], found: Mapping[int, Value], by: By, classes: Sequence[Label], said: list[str]
) -> tuple[By, dict[int, Label], set[int]]:
    """What classes.csv says: by its numbers if masks hold numbers that it knows, else by its colours. A class called void counts nowhere."""
    refuse_twice([label.name for label in classes if label.name.lower() != "void"], "the name")
    numbered = {label.number: label for label in sorted(classes)}
    coloured = {int(c[1:], 16): label for label in sorted(classes) if (c := colour_of(label.colour))}
    fits = by == "number" and {*found} <= {*numbered, *([VOID] if len(found) > 2 else [])}
    colours = gathered(looks, "colour")
    if not fits and coloured and {*colours} <= {*coloured}:
        by, table = "colour", coloured
    elif by == "colour":
        if not coloured:
            raise InputError(
                f"{looks[0].name} and others hold colours, and classes.csv says none.",
                "It says which colour is which class.",
                "Add a column colour, as #rrggbb.",
            )
        table = coloured
    else:
        table = numbered
        plain = [label for label in table.values() if label.name.lower() != "void"]
        if not fits and {*found} == {0, 255} and [label.number for label in plain] == [0, 1]:
            table = {0: plain[0], 255: plain[1]}
            said.append(f"The masks hold 0 and 255 alone: 255 is {plain[1].name}.")
    if by == "colour":
        refuse_twice([c for label in classes if (c := colour_of(label.colour))], "the colour")
    void = {v for v, label in table.items() if label.name.lower() == "void"}
    return by, {v: label for v, label in table.items() if v not in void}, void


def refuse_twice(said: Sequence[str], what: str) -> None:
    """Raises InputError for what classes.csv says of two classes."""
    twice = [one for one in said if said.count(one) > 1]
    if twice:
        raise InputError(f"classes.csv gives {what} {twice[0]} twice.", "Classes are told apart by it.", "Mend one of those rows.")


def colour_of(given: str) -> str:
    """#rrggbb of what classes.csv says: so, without the #, or as three numbers; "" where it says none. Raises InputError."""
    text = given.strip().lower()
    if not text or re.fullmatch(r"#[0-9a-f]{6}", text):
        return text
    if re.fullmatch(r"[0-9a-f]{6}", text):
        return f"#{text}"
    parts = re.findall(r"\d+", text)
    if len(parts) == 3 and all(int(p) < 256 for p in parts):
        return "#" + "".join(f"{int(p):02x}" for p in parts)
    raise InputError(f"classes.csv says the colour {given!r}.", "A colour is written #rrggbb.", "Mend that row.")


def named(values: Sequence[int], by: By, looks: Sequence[Look], void: bool, said: list[str]) -> dict[int, Label]:
    """Names where no list gives any: 0 or black is the background, what alone stands beside it the foreground, others are called by their value."""
    if len(values) > MOST:
        some = max(looks, key=lambda one: len(one.values))
        got = f"The masks hold {len(values):,} values, {some.name} alone {len(some.values):,}."
        raise InputError(got, f"There are at most {MOST} classes.", "If they number single things, say the class of each in their place.")
    word = "numbers" if by == "number" else "colours"
    out = {}
    for n, v in enumerate(values):
        name = f"class {spelled([v], by)}"
        if v == 0:
            name = "background"
        elif len(values) == 2 and 0 in values:
            name = "foreground"
        out[v] = Label(n, name, "")
    all_ = ", ".join(f"{spelled([v], by)} is {label.name}" for v, label in list(out.items())[:6]) + (" …" if len(out) > 6 else "")
    if len(out) == 2:
        both = " and ".join(spelled([v], by) for v in out)
        said.append(f"The masks hold {both}{'' if void else ' alone'}, so there are two classes: {all_}. classes.csv would name them.")
    else:
        said.append(f"The masks hold {len(out)} {word}, so there are {len(out)} classes: {all_}. classes.csv would name them.")
    return out
