"""Masks that nothing should be learnt from: smoothed, damaged, of other values, without two classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from zorki.core.errors import InputError
from zorki.core.void import VOID
from zorki.io import Label
from zorki.segmenting.looking import Look, listed
from zorki.segmenting.stored import By, Value, values_of
from zorki.segmenting.table import spelled

BETWEEN = range(16, 240)  # where a single value is taken for the edge of black and white; class numbers are smaller


def refuse_smoothed(looks: Sequence[Look], found: Mapping[int, Value], by: By, known: set[int]) -> None:
    """Values without any area of their own, between others that have one, are smoothed edges; where most of a mask is of such, it is noise."""
    areas = [v for v, value in found.items() if not value.thin or v in known]
    thin = [v for v, value in found.items() if value.thin and v not in known]
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


def unknown(found: Mapping[int, Value], strange: Sequence[int], by: By, known: Iterable[int], classes: Sequence[Label]) -> InputError:
    """Names values and files; Cityscapes' two numberings are told apart."""
    names = sorted({name for v in strange for name in found[v].files}, key=lambda n: (len(n), n))
    told = [label for label in classes if label.name.lower() != "void"]
    got = f"{counted_names(names)} {'values' if by == 'number' else 'colours'} that classes.csv does not list: {spelled(strange, by)}."
    if by == "number" and len(told) == 19 and max(strange) <= 33:
        said = f"All masks hold {spelled(found, by)}, and there are 19 classes: are these Cityscapes' labelIds?"
        return InputError(got, said, "Take its masks by trainId (…_labelTrainIds.png), or list all ids in classes.csv.")
    return InputError(got, f"It lists {spelled(known, by)}.", "Mend those masks, or add rows to classes.csv.")


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


def counted_names(names: Sequence[str]) -> str:
    """a.png holds; a.png, b.png and 7 more hold."""
    return f"{listed(names)} hold{'s' if len(names) == 1 else ''}"
