"""Where the network looks, in sentences, as a table for a terminal, and for programs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from zorki.facing import regions

if TYPE_CHECKING:
    from zorki.wings.faces._explained import Explained, Expression

NEAR = "\N{NO-BREAK SPACE}"


def lines(made: Explained) -> list[str]:
    """For a terminal: the shares of each expression, then the sentences."""
    wide = max(len(one.name) for one in made.each) + 1
    wide = max(wide, len("of the face's area"))
    heads = [regions.TITLES[name] for name in regions.NAMES]
    out = [f"{'what speaks for it':{wide}}  {'faces':>5}  " + "  ".join(f"{head:<17}" for head in heads).rstrip()]
    for one in made.each:
        mid, low, high = one.shares
        cells = (f"{percent(mid[k]):>5} {between(low[k], high[k]):<11}" for k in range(len(heads)))
        out.append(f"{one.name:{wide}}  {len(one.maps):>5}  {'  '.join(cells)}".rstrip())
    area = "  ".join(f"{percent(v):>5} {'':<11}" for v in made.area)
    out.append(f"{area_title():{wide}}  {'':5}  {area}".rstrip())
    return [*out, "", counted(made), *(sentence(one) for one in made.each), faithful(made), *([rarely(made)] if made.rare else [])]


def area_title() -> str:
    return "of the face's area"


def counted(made: Explained) -> str:
    """How many faces in how many pictures."""
    found = made.faces
    n, left = (
        len(found.each),
        f" {number(found.small, 'face')} smaller than 24 pixels {'is' if found.small == 1 else 'are'} left out." if found.small else "",
    )
    if found.cut:
        return f"{number(n, 'face')}, as {'it was' if n == 1 else 'they were'} cut out.{left}"
    none = f" In {number(found.empty, 'picture')} there is none." if found.empty else ""
    return f"{number(n, 'face')} in {number(found.looked, 'picture')}.{none}{left}"


def sentence(one: Expression) -> str:
    """Of what speaks for it what lies where, and what is left without."""
    mid, low, high = one.shares
    order = [k for k in np.argsort(-mid[:3], kind="stable").tolist() if not math.isnan(mid[k])]
    where = listed(
        [
            f"{told(mid[k], low[k], high[k])} lies {at(k)}" if not n else f"{told(mid[k], low[k], high[k])} {at(k)}"
            for n, k in enumerate(order)
        ]
    )
    kept = one.kept[0]
    least = int(np.argmin(kept[:3]))
    other = [k for k in range(3) if k != least]
    left = f"With the {title(least)} blurred away {percent(kept[least])} of the faces are still called so, with the {title(other[0])} {percent(kept[other[0]])}, with the {title(other[1])} {percent(kept[other[1]])}."
    return f"Of what speaks for {one.name} {where}. {left}" if order else f"Nothing speaks for {one.name}. {left}"


def false(one: Expression) -> str:
    """How often somebody else calls the faces otherwise; nothing where nobody does."""
    if not one.labelled:
        return ""
    labels = [face.label for face in one.wrong]
    if not labels:
        return f"People call all {one.labelled:,} that have a label the same."
    often = max(sorted(set(labels)), key=labels.count)
    of = f"{len(labels):,} of the {one.labelled:,} that have a label"
    return f"People call {of} otherwise" + (f", most often {often} ({labels.count(often):,})." if len(set(labels)) > 1 else f": {often}.")


def faithful(made: Explained) -> str:
    """Whether the maps mark what matters."""
    mine, chance = made.falls
    return f"The tenth of a face that its map marks most, blurred, lowers the logit by {mine:.2f} in the mean; another tenth, drawn at random, by {chance:.2f}."


def rarely(made: Explained) -> str:
    some = [f"{name} ({n})" for name, n in made.rare.items()]
    return f"Named fewer than {made.fewest} times, so that nothing is said of {'it' if len(some) == 1 else 'them'}: {', '.join(some)}."


def answer(made: Explained) -> dict[str, Any]:
    """For programs."""
    found = made.faces
    return {
        "faces": len(found.each), "pictures": found.looked, "without_faces": found.empty, "too_small": found.small, "cut": found.cut,
        "named": made.counts,
        "area": zoned(made.area),
        "logit_falls": {"marked_tenth": rounded(made.falls[0]), "random_tenth": rounded(made.falls[1])},
        "expressions": {
            one.name: {
                "named": len(one.faces), "maps": len(one.maps), "shares": zoned(one.shares[0]), "intervals": spans(one.shares),
                "still_called_so": zoned(one.kept[0]), "still_called_so_intervals": spans(one.kept), "labelled": one.labelled,
                "called_otherwise": len(one.wrong), "drawing": rounded(one.certain),
            }
            for one in made.each
        },
    }  # fmt: skip


def spans(found: tuple[np.ndarray, np.ndarray, np.ndarray]) -> dict[str, list[float | None]]:
    return {name: [rounded(found[1][k]), rounded(found[2][k])] for k, name in enumerate(regions.NAMES)}


def zoned(values: np.ndarray) -> dict[str, float | None]:
    return {name: rounded(values[k]) for k, name in enumerate(regions.NAMES)}


def rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 4)


def number(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def title(k: int) -> str:
    return regions.TITLES[regions.NAMES[k]]


def at(k: int) -> str:
    return regions.AT[regions.NAMES[k]]


def listed(some: list[str]) -> str:
    return some[0] if len(some) == 1 else f"{', '.join(some[:-1])} and {some[-1]}" if some else ""


def percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.0f}{NEAR}%"


def between(low: float, high: float) -> str:
    return "" if math.isnan(low) else f"({100 * low:.0f} to {100 * high:.0f})"


def told(value: float, low: float, high: float) -> str:
    return f"{percent(value)} {between(low, high)}".strip()
