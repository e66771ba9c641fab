"""What a run's page shows of any training that is judged on what was held back: its frame, how it learnt, what was decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import zorki
from zorki import blocks, io
from zorki.io.marks import Marks
from zorki.scores.spelled import percent
from zorki.train import curves
from zorki.train.deciding import decided

FOOT = f"Made by Zorki {zorki.__version__} on this machine. Nothing left it."
LEAD = "It is learning, or was broken off. How good it is, and where it fails, comes here in the end."
LINES = 6  # curves of classes that can be told apart
HIDDEN = ("followed", "classes", "pictures", "halved")  # of a run's settings: what the page shows elsewhere
Rows = Sequence[Mapping[str, Any]]


def frame(run: io.RunFolder, known: Marks | None, titles: Mapping[str, str]) -> blocks.Page:
    """The page without a section. known: what was learnt from and held back; titles: of settings, as facts."""
    counts = ("–", "–") if known is None else (str(len(known.train)), str(len(known.val)))
    facts = tuple((title, str(run.config[key])) for key, title in titles.items() if key in run.config)
    both = (("pictures learnt from", counts[0]), ("held back", counts[1]))
    return blocks.Page(title=f"What {run.name} learnt", lead=LEAD, sections=(), foot=FOOT, facts=(*both, *facts))


def chosen(run: io.RunFolder, known: Marks | None) -> blocks.Section:
    """The settings, and why those that nobody asked for are as they are."""
    return decided(run.config, {} if known is None else known.decided, HIDDEN)


def learning(
    run: io.RunFolder, rows: Rows, figures: Mapping[str, str], own: Sequence[blocks.Curve | None], other: Collection[str] = ()
) -> blocks.Section:
    """The best of what was measured on the way, the loss, curves of the training's own, and the rate.

    figures: of the lines, with their titles, of which the best weights are told; other: more of them that are no parts of the loss.
    """
    best = min((row for row in rows if curves.finite(row.get("worth"))), key=lambda row: row["worth"], default=None)
    if best is None:
        told = "It has not been judged yet."
    else:
        said = ", ".join(f"{title} {percent(best[key])}" for key, title in figures.items() if curves.finite(best.get(key)))
        told = f"The best weights are those of step {best['step']:,}: {said} on the pictures that were held back."
    every = (curves.losses(rows, (*figures, *other, "ended")), *own, curves.rate(run.config, rows[-1]["step"] if rows else 0))
    shown = [one for one in every if one is not None] or [blocks.Note("Nothing was measured yet.")]
    return blocks.Section("learning", "How it learnt", told, tuple(shown))


def by_class(rows: Rows, key: str, names: Sequence[str], least: int, label: str) -> blocks.Curve | None:
    """A figure of each class, a list in a line; of many classes of those that are found least. None where fewer than `least` have one."""
    each = [
        {"step": row["step"]} | dict(zip(names, [None if v is None else 100 * v for v in row.get(key) or ()], strict=False))
        for row in rows
        if curves.finite(row.get("worth"))
    ]
    last = each[-1] if each else {}
    shown = sorted((n for n in names if curves.finite(last.get(n))), key=lambda n: float(last[n]))[:LINES]
    few = f"the {LINES} that are found least" if len(names) > LINES else "of each class"
    return curves.curve(each, {name: name for name in shown}, label, f"The same, {few}.") if len(shown) >= least else None


def percents(rows: Rows, keys: Collection[str]) -> list[dict[str, Any]]:
    """The lines in which it was judged, with these figures in percent."""
    judged = [dict(row) for row in rows if curves.finite(row.get("worth"))]
    return [row | {k: 100 * row[k] for k in keys if curves.finite(row.get(k))} for row in judged]


def ways(commands: Sequence[blocks.Block]) -> blocks.Section:
    """How to go on."""
    return blocks.Section("on", "Go on from here", "Each of these is one command.", tuple(commands))
