"""From what masks hold to what that means: nothing is guessed where two readings are near, and what was decided is said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from zorki.core.errors import InputError
from zorki.io import Label
from zorki.segmenting.looking import Look, listed
from zorki.segmenting.pictures import pictures_of
from zorki.segmenting.table import GREY, MOST, VOID, Table, spelled, wheel_colour

BETWEEN = range(16, 240)  # where a single value is taken for the edge of black and white; class numbers are smaller
THIN = 0.25  # a value with a smaller part of its pixels in blocks of 2 × 2 has no area of its own
By = Literal["number", "colour"]


@dataclass
class Value:
    """A stored value over all masks."""

    pixels: int = 0
    solid: int = 0
    files: list[str] = field(default_factory=list)

    @property
    def thin(self) -> bool:
        return self.solid < THIN * self.pixels


def table_of(looks: Sequence[Look], classes: Sequence[Label] = ()) -> Table:
    """What the masks mean. Raises InputError: unknown values with the files' names, smoothed edges, all void, one class only."""
    pictures = pictures_of([one.picture for one in looks])
    by = stored_as(looks)
    found = gathered(looks, by)
    said: list[str] = []
    if classes:
        by, known, void = by_the_list(looks, found, by, classes, said)
        found = gathered(looks, by)
    else:
        known, void = {}, set()
    if by == "number" and VOID in found and VOID not in known and len(found) > 2:
        void = void | {VOID}
        said.append(f"{VOID} stands beside other values: it is void, and counts nowhere.")
    strange = [v for v in found if v not in known and v not in void] if classes else []
    if strange or not classes:
        refuse_smoothed(looks, found, by, {*known, *void})
    if strange:
        raise unknown(found, strange, by, classes)
    if not classes:
        known = named(sorted(v for v in found if v not in void), by, looks, bool(void), said)
    counted = {v: found[v].pixels if v in found else 0 for v in known}
    present = [v for v, n in counted.items() if n]
    refuse_nothing_to_learn(present, known, void, looks, by)
    said += absent(known, present) + all_void(looks, by, void)
    return Table(
        names=tuple(label.name for label in known.values()),
        colours=tuple(painted(known, looks, by)),
        values=tuple(known),
        by=by,
        void=tuple(sorted(void)),
        pixels=tuple(counted.values()),
        void_pixels=sum(found[v].pixels for v in void if v in found),
        named=bool(classes),
        pictures=pictures,
        said=tuple(said),
    )


def stored_as(looks: Sequence[Look]) -> By:
    """Numbers, unless there are colours that are no grey, or palettes of which one calls a number another colour, or a colour another number."""
    if any(not one.grey for one in looks):
        return "colour"
    palettes = {one.palette for one in looks if one.shown is not None}
    shown: dict[int, int] = {}
    for one in looks:
        for value, colour in zip(one.values.tolist(), [] if one.shown is None else one.shown.tolist(), strict=False):
            if shown.setdefault(value, colour) != colour:
                return "colour"
    mixed = any(one.store == "colour" for one in looks) and any(c != v * GREY for v, c in shown.items())
    return "colour" if mixed or (len(palettes) > 1 and len({*shown.values()}) < len(shown)) else "number"


def values_of(one: Look, by: By) -> list[int]:
    """A mask's values, read as numbers or as colours 0xrrggbb."""
    values = one.values
    if by == "number" and one.store == "colour":
        values = values & 255
    elif by == "colour" and one.store != "colour":
        return [int(v) for v in (values * GREY if one.shown is None else one.shown)]
    return [int(v) for v in values]


def gathered(looks: Sequence[Look], by: By) -> dict[int, Value]:
    """Of all masks together, by rising value."""
    found: dict[int, Value] = {}
    for one in looks:
        for value, pixels, solid in zip(values_of(one, by), one.pixels.tolist(), one.solid.tolist(), strict=True):
            here = found.setdefault(value, Value())
            here.pixels, here.solid = here.pixels + pixels, here.solid + solid
            here.files.append(one.name)
    return dict(sorted(found.items()))


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


def refuse_smoothed(looks: Sequence[Look], found: Mapping[int, Value], by: By, known: set[int]) -> None:
    """Values without any area of their own, between others that have one, are smoothed edges; where most of a mask is of such, it is noise."""
    areas = [v for v, value in found.items() if not value.thin or v in known]
    thin = [v for v, value in found.items() if value.thin and v not in known and value.pixels > 1]
    greys = by == "number" and {0, VOID} <= {*areas} and any(v in BETWEEN for v in thin)
    if len(areas) < 2 or len(thin) < (1 if greys else 3):
        return
    kind = "values" if by == "number" else "colours"
    noise = [
        one.name for one in looks if 2 * sum(n for v, n in zip(values_of(one, by), one.pixels, strict=True) if v in thin) > one.pixels.sum()
    ]
    if 0 < len(noise) < len(looks) / 2:
        got = f"{counted_names(noise)} {len(thin)} {kind} that nearly no other mask holds: {spelled(thin, by, 6)}."
        raise InputError(got, "Masks of one set share their classes.", "That is noise or no mask: mend it, or take it away.")
    names = [one.name for one in looks if {*thin} & {*values_of(one, by)}]
    raise InputError(
        f"{counted_names(names)} {kind} between the classes, along their edges alone: {spelled(thin, by, 6)}.",
        f"The edges were smoothed when the mask was drawn or resized: {spelled(areas, by, 6)} have areas.",
        "Export without smoothing and resize by nearest neighbour; or list them in classes.csv, if they are classes.",
    )


def counted_names(names: Sequence[str]) -> str:
    """a.png holds; a.png, b.png and 7 more hold."""
    return f"{listed(names)} hold{'s' if len(names) == 1 else ''}"


def unknown(found: Mapping[int, Value], strange: Sequence[int], by: By, classes: Sequence[Label]) -> InputError:
    """Names values and files; Cityscapes' two numberings are told apart."""
    names = sorted({name for v in strange for name in found[v].files}, key=lambda n: (len(n), n))
    told = [label for label in classes if label.name.lower() != "void"]
    got = f"{counted_names(names)} {'values' if by == 'number' else 'colours'} that classes.csv does not list: {spelled(strange, by)}."
    if by == "number" and len(told) == 19 and max(strange) <= 33:
        said = f"All masks hold {spelled(found, by)}, and there are 19 classes: are these Cityscapes' labelIds?"
        return InputError(got, said, "Take its masks by trainId (…_labelTrainIds.png), or list all ids in classes.csv.")
    return InputError(got, f"It lists {spelled([c.number for c in classes], 'number')}.", "Mend those masks, or add rows to classes.csv.")


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
    listed = ", ".join(f"{spelled([v], by)} is {label.name}" for v, label in list(out.items())[:6]) + (" …" if len(out) > 6 else "")
    if len(out) == 2:
        both = " and ".join(spelled([v], by) for v in out)
        said.append(f"The masks hold {both}{'' if void else ' alone'}, so there are two classes: {listed}. classes.csv would name them.")
    else:
        said.append(f"The masks hold {len(out)} {word}, so there are {len(out)} classes: {listed}. classes.csv would name them.")
    return out


def refuse_nothing_to_learn(present: Sequence[int], known: Mapping[int, Label], void: set[int], looks: Sequence[Look], by: By) -> None:
    """Raises InputError where every pixel is void, or of one class."""
    if not present:
        raise InputError(
            f"All {len(looks)} masks are void everywhere: {spelled(void, by)}.",
            "Void counts nowhere, so nothing is left to learn.",
            "Look at the masks and at classes.csv.",
        )
    if len(present) == 1:
        (only,) = present
        raise InputError(
            f"All {len(looks)} masks hold one class only: {spelled([only], by)} ({known[only].name}).",
            "At least two are needed to tell apart.",
            "Look whether these are the masks, or add pictures of something else.",
        )


def absent(known: Mapping[int, Label], present: Sequence[int]) -> list[str]:
    gone = [label.name for v, label in known.items() if v not in present]
    return [f"No mask holds {', '.join(gone[:6])}{' …' if len(gone) > 6 else ''}, which classes.csv lists."] if gone else []


def all_void(looks: Sequence[Look], by: By, void: set[int]) -> list[str]:
    gone = [one.name for one in looks if {*values_of(one, by)} <= void]
    return [f"{counted_names(gone)} void alone, of which nothing is learnt."] if gone else []


def painted(known: Mapping[int, Label], looks: Sequence[Look], by: By) -> list[str]:
    """#rrggbb for each class: of the list, else of the masks, else colours that are easily told apart."""
    shown: dict[int, int] = {}
    for one in looks:
        if one.shown is not None and by == "number":
            shown |= {v: c for v, c in zip(one.values.tolist(), one.shown.tolist(), strict=True) if v in known}
    if all(c == v * GREY for v, c in shown.items()) or len({*shown.values()}) < len(shown):
        shown = {}  # it shows nothing, or not which is which
    out = []
    for n, (v, label) in enumerate(known.items()):
        own = colour_of(label.colour) or (f"#{v:06x}" if by == "colour" else f"#{shown[v]:06x}" if v in shown else "")
        out.append(own or ("#000000" if label.name == "background" else wheel_colour(n)))
    return out
