"""From what masks hold to what that means: nothing is guessed where two readings are near, and what was decided is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zorki import io
from zorki.core.void import VOID
from zorki.io import Label
from zorki.segmenting.looking import Look
from zorki.segmenting.naming import by_the_list, colour_of, named
from zorki.segmenting.refusing import counted_names, refuse_nothing_to_learn, refuse_smoothed, unknown
from zorki.segmenting.stored import By, gathered, stored_as, values_of
from zorki.segmenting.table import GREY, Table, wheel_colour


def table_of(looks: Sequence[Look], classes: Sequence[Label] = (), learnt: bool = True) -> Table:
    """What the masks mean. learnt: something is to be learnt from them. Raises InputError: unknown values with the files' names, smoothed edges, and
    where it is to be learnt from, all void, one class only."""
    pictures = io.pictures_of([one.picture for one in looks])
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
        raise unknown(found, strange, by, {*known, *void}, classes)
    if not classes:
        known = named(sorted(v for v in found if v not in void), by, looks, bool(void), said)
    counted = {v: found[v].pixels if v in found else 0 for v in known}
    present = [v for v, n in counted.items() if n]
    if learnt:
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


def apart(looks: Mapping[str, Sequence[Look]], by: By, known: Mapping[int, str]) -> list[str]:
    """Sentences about classes of which one part holds some and the other nothing. looks: of train and val. known: names of the values."""
    if not {"train", "val"} <= {*looks}:
        return []
    there = {part: {v for one in looks[part] for v in values_of(one, by) if v in known} for part in ("train", "val")}
    said = []
    for one, other in (("val", "train"), ("train", "val")):
        if only := [known[v] for v in sorted(there[one] - there[other])]:
            said.append(f"{', '.join(only[:6])}{' …' if len(only) > 6 else ''}: in {one} alone, and nowhere in {other}.")
    return said


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
