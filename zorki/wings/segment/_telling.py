"""What is said of each net of a comparison: what it is, and what was measured, in sentences that hold for any net."""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zorki import io
from zorki.lens.table import short
from zorki.scores.spelled import between, percent
from zorki.segmenting.reading import Reads
from zorki.wings.segment._budget import ENOUGH
from zorki.wings.segment._found import Comparison, Row, field

POINTS = 2.0  # of a class's IoU, from which on it is worth a word
LITTLE = 8  # a field of less than such a part of the shorter side sees little more than colour and texture
Reading = tuple[tuple[int, Reads | None], ...]


@dataclass(frozen=True)
class Told:
    """found: what is known; readings: of each net which of the encoder's maps it reads."""

    found: Comparison
    readings: Mapping[str, Reading]

    def lead(self) -> str:
        """The whole in two or three sentences."""
        ranked = self.found.ranked
        if not ranked:
            return "No net has been judged."
        best = ranked[0]
        span = f" ({between(best.span)})" if between(best.span) else ""
        alone = len(self.found.rows) == 1
        said = [f"{best.net} {'has' if alone else 'is best, with'} a mIoU of {percent(best.miou)}{span}."]
        if len(ranked) > 1:
            second, last = ranked[1], ranked[-1]
            rest = f"; {last.net} is last, with {percent(last.miou)}" if last is not second else ""
            said.append(f"{second.net} is {behind(best, second)}{rest}.")
        steps = [row.share.steps for row in ranked]
        if min(steps) < ENOUGH:
            counts = f"{min(steps):,}" if min(steps) == max(steps) else f"{min(steps):,} to {max(steps):,}"
            later = (
                "It has learnt for {} steps only: with more time it may be better."
                if alone
                else "They have learnt for {} steps only: with more time the order may be another."
            )
            said.append(later.format(counts))
        return " ".join(said)

    def outlines(self) -> str:
        """How well those that read finer maps meet outlines, and how well the others."""
        rows = [row for row in self.found.ranked if len(self.readings.get(row.net, ())) > 1]
        finer = [row for row in rows if finest(self.readings[row.net]) < self.readings[row.net][-1][0]]
        others = [row for row in rows if row not in finer]
        if not finer or not others:
            return ""
        shares = [100 * float(np.mean([row.boundary for row in some])) for some in (finer, others)]
        if any(map(math.isnan, shares)):
            return ""
        return (
            f"Those whose way back reads values of the encoder's finer maps ({listed(finer)}) meet {shares[0]:.0f} % of the outlines; those that read "
            f"the values of the deepest alone ({listed(others)}) meet {shares[1]:.0f} %."
        )

    def sentences(self, row: Row) -> str:
        """What a net is, how good, what it sees, where it is better and worse than the others, what it costs."""
        parts = (what(row.net), self.place(row), self.reads(row), self.sees(row), self.classes(row), self.costs(row), self.trainings(row))
        return " ".join(part for part in parts if part)

    def place(self, row: Row) -> str:
        ranked = self.found.ranked
        at = ranked.index(row)
        if len(ranked) == 1:
            return f"mIoU {percent(row.miou)}."
        if at:
            return f"mIoU {percent(row.miou)}, place {at + 1} of {len(ranked)}: {behind(ranked[0], row)}."
        chance = [other for other in ranked[1:] if not row.over(other)[0] > 0]
        sure = "by more than chance over all others" if not chance else f"by more than chance over all but {listed(chance)}"
        known = "" if math.isnan(row.span[0]) else f", {sure}" if len(chance) < len(ranked) - 1 else ", but by no more than chance"
        return f"mIoU {percent(row.miou)}, the best of {len(ranked)}{known}."

    def reads(self, row: Row) -> str:
        """Which maps it reads, and how well it meets outlines."""
        reading = self.readings.get(row.net, ())
        met = sorted((other.boundary for other in self.found.ranked if not math.isnan(other.boundary)), reverse=True)
        place = f", place {met.index(row.boundary) + 1} of {len(met)}" if row.boundary in met and len(met) > 1 else ""
        outlines = "" if math.isnan(row.boundary) else f"It meets {percent(row.boundary)} of the outlines{place}."
        if len(reading) < 2:
            return outlines
        deepest, fine = reading[-1][0], finest(reading)
        if fine < deepest:
            said = f"Beside the deepest map it reads values of finer ones, down to {of_size(fine)}"
        else:
            said = f"It reads values of the deepest map alone, at {of_size(deepest)}"
            if places := [stride for stride, how in reading if how == "places"]:
                said += f", and of finer ones, down to {of_size(min(places))}, only where the largest stood"
        return f"{said}. {outlines}".strip()

    def sees(self, row: Row) -> str:
        cost = row.cost
        h, w = cost["hw"]
        if cost["sees"] is None or max(cost["sees"]) >= min(h, w):
            return ""
        more = ": little more than colour and texture" if LITTLE * max(cost["sees"]) < min(h, w) else ""
        return f"Each answer sees {field(cost['sees'])} a side of {w} × {h}{more}."

    def classes(self, row: Row) -> str:
        """The classes in which it is furthest above and below the mean of the others."""
        others = [other.iou for other in self.found.ranked if other is not row]
        if not others or len(self.found.names) < 3:
            return ""
        means = np.array([np.nan if np.isnan(of_class).all() else np.nanmean(of_class) for of_class in np.array(others).T])
        apart = 100 * (row.iou - means)
        there = [(float(d), name) for d, name in zip(apart, self.found.names, strict=True) if not math.isnan(d)]
        said = []
        if there and max(there)[0] >= POINTS:
            said.append(f"better in {max(there)[1]} (by {max(there)[0]:.1f} points)")
        if there and min(there)[0] <= -POINTS:
            said.append(f"worse in {min(there)[1]} (by {-min(there)[0]:.1f})")
        return f"Against the mean of the others it is {' and '.join(said)}." if said else ""

    def costs(self, row: Row) -> str:
        dear = sorted(self.found.ranked, key=lambda other: other.cost["multiply_adds"])
        if len(dear) < 2 or row not in (dear[0], dear[-1]):
            return ""
        spent = f"{short(row.cost['multiply_adds'])} multiply-adds a picture"
        if row is dear[0]:
            return f"It is the cheapest, with {spent}."
        times = row.cost["multiply_adds"] / dear[0].cost["multiply_adds"]
        return f"It is the dearest: {spent}, {times:.2g} times those of {dear[0].net}."

    def trainings(self, row: Row) -> str:
        each = f"Its trainings came to {', '.join(percent(v) for v in row.mious)}." if len(row.runs) > 1 else ""
        batch = min(io.open_run(one.folder).config["batch"] for one in row.runs)
        wanted = row.entrant.batch
        less = f"Memory ran out on the way: a step had {batch} squares and not {wanted}." if batch < wanted else ""
        failed = "; ".join(f"seed {seed}: {why}" for seed, why in row.failed)
        return " ".join(part for part in (each, less, f"Not all of it worked: {failed}" if failed else "") if part)


def what(net: str) -> str:
    """The first sentence about a way back in its own file; nothing where only compiled files are installed."""
    doc = importlib.import_module(f"zorki.nets.decoders.{net}").__doc__ or ""
    first = re.split(r"\n\s*\n", doc.strip())[0]
    return " ".join(first.split())


def behind(best: Row, row: Row) -> str:
    """How far, and whether that may be chance."""
    points, span = 100 * (best.miou - row.miou), best.over(row)
    if math.isnan(span[0]):
        return f"{points:.1f} points behind {best.net}"
    return f"{points:.1f} points behind {best.net}" + (f" ({between(span)})" if span[0] > 0 else ", which may be chance")


def finest(reading: Reading) -> int:
    """The stride of the finest map whose values are read; of the deepest where none are."""
    return min((stride for stride, how in reading if how == "values"), default=reading[-1][0])


def of_size(stride: int) -> str:
    return "full size" if stride == 1 else f"1/{stride} of the size"


def listed(rows: Sequence[Row]) -> str:
    return ", ".join(row.net for row in rows)
