"""The pages about a segmenter: how good it is and where it fails, in sections that a report of a training has, too."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from zorki import blocks, lens
from zorki.core import events
from zorki.scores.spelled import between, percent, range_of
from zorki.segmenting.judging import OF_CLASS, Judged
from zorki.segmenting.showing import Seen, seen
from zorki.segmenting.table import spelled
from zorki.segmenting.wording import TITLES
from zorki.train.page import FOOT

FEW = 3  # pictures of the best, and of the middle ones


def of_evaluation(net: lens.Net, judged: Judged, split: str, worst: Sequence[blocks.Plate], command: str) -> blocks.Page:
    """What `segment evaluate --out report.html` shows."""
    return blocks.Page(
        title=f"How good {net.name} is",
        lead=verdict(judged),
        facts=(
            ("network", net.name),
            ("pictures", f"{len(judged.pictures):,} ({split})"),
            ("classes", f"{judged.known}"),
            ("command", command),
        ),
        sections=(*of_figures(judged), *of_pictures(net, judged, worst), of_data(judged)),
        foot=FOOT,
    )


def verdict(judged: Judged) -> str:
    """How good it is, in two sentences."""
    there = [(iou, name) for name, iou in zip(judged.names, judged.iou, strict=True) if not math.isnan(iou)]
    span = between(judged.intervals.get("miou"))
    likely = f"; with other pictures of this kind {span}" if span else ""
    classes = f" It finds {max(there)[1]} best and {min(there)[1]} least." if len(there) > 1 else ""
    return f"mIoU {percent(judged.figures['miou'])}{likely}.{classes}"


def of_figures(judged: Judged) -> tuple[blocks.Section, ...]:
    """How good, what is taken for what, how far its confidence can be believed."""
    figures = blocks.Table(("", "in %", "95 of 100 such sets"), tuple(rows_of(judged)), MEANING)
    absent = f" Neither true nor predicted here, and so in no mean: {', '.join(judged.absent)}." if judged.absent else ""
    more = judged.matched.names[judged.known :]
    other = f" The model also knows {', '.join(more)}, which the data do not: what it takes for these is wrong." if more else ""
    sections = [blocks.Section("figures", "How good it is", "", (figures, by_class(judged, absent)))]
    if len(judged.matched.names) > 1:
        matrix = blocks.Matrix(
            judged.matched.names, judged.confusion.matrix.tolist(), "what it is", "what it was taken for",
            f"Each row is a class, and says in % of its pixels what they were taken for; on the diagonal, what is right.{other}",
        )  # fmt: skip
        sections.append(blocks.Section("confusion", "What is taken for what", confused(judged), (matrix,)))
    return (*sections, blocks.Section("calibration", "How far it can be believed", "", (reliability(judged),)))


MEANING = (
    "mIoU: of what is of a class or was taken for it, the share that is both; the mean over the classes, from one matrix over all pixels. Dice "
    "counts what is both twice. Boundary F1: the share of outlines that are met within 0.75 % of the diagonal. The interval is what other pictures "
    "of this kind would give, by drawing these anew a thousand times."
)


def rows_of(judged: Judged) -> Iterable[tuple[blocks.Cell, ...]]:
    for key, title in TITLES.items():
        if key not in ("ece", "brier"):
            yield title, percent(judged.figures[key]), range_of(judged.intervals.get(key))


def by_class(judged: Judged, absent: str) -> blocks.Bars:
    """The classes, the largest IoU first."""
    there = [(name, iou) for name, iou in zip(judged.names, judged.iou, strict=True) if not math.isnan(iou)]
    there.sort(key=lambda one: -one[1])
    spans = [judged.intervals.get(OF_CLASS + name, (math.nan, math.nan)) for name, _ in there]
    return blocks.Bars(
        tuple((name, round(100 * iou, 1)) for name, iou in there),
        f"The IoU of each class. The whisker is where 95 of 100 such sets of pictures would put it: where it is long, few pictures hold the class.{absent}",
        spans=tuple(None if math.isnan(low) else (round(100 * low, 1), round(100 * high, 1)) for low, high in spans),
    )


def confused(judged: Judged) -> str:
    """The largest mistakes in words."""
    matrix, rows = judged.confusion.matrix, judged.confusion.true
    shares = [
        (matrix[i, j] / rows[i], i, j)
        for i in range(len(matrix))
        for j in range(len(matrix))
        if i != j and rows[i] and matrix[i, j] / rows[i] >= 0.1
    ]
    names = judged.matched.names
    said = [f"{100 * share:.0f} % of {names[i]} is taken for {names[j]}" for share, i, j in sorted(shares, reverse=True)[:3]]
    return f"{'; '.join(said)}." if said else "No class loses a tenth of its pixels to another."


def reliability(judged: Judged) -> blocks.Reliability:
    """How often it was right, by how sure it was."""
    it, figures = judged.calibration, judged.figures
    total = max(1, int(it.count.sum()))
    each = [(s / n, r / n) if n else (math.nan, math.nan) for s, r, n in zip(it.sure, it.right, it.count, strict=True)]
    more = sum(it.sure) > sum(it.right)
    said = "as sure as it is right" if figures["ece"] < 0.01 else "surer than it is right" if more else "less sure than it is right"
    return blocks.Reliability(
        [float(a) for a, _ in each], [float(b) for _, b in each], [int(n) / total for n in it.count],
        f"Of the pixels of which it was so sure, the share that was right. Below the line it is too sure. All in all it is {said}: its confidence is off by "
        f"{100 * figures['ece']:.1f} points (ECE, 15 parts); Brier score {figures['brier']:.3f}. Below: how many pixels each part has.",
    )  # fmt: skip


def of_pictures(net: lens.Net, judged: Judged, worst: Sequence[blocks.Plate]) -> tuple[blocks.Section, ...]:
    """Where it fails, and pictures that go well."""
    key = blocks.Key(tuple(blocks.Swatch(n, c) for n, c in zip(judged.matched.names, judged.matched.colours, strict=True)))
    lead = "The worst pictures first. What is light on the right it is not sure of (entropy); a mistake that is dark there is one that it does not know of."
    said = "Truth and prediction are laid over the picture in grey; void is hatched. In each line the mean IoU of the picture's classes."
    found = [blocks.Section("worst", "Where it fails", lead, (key, blocks.Slide(tuple(worst), said)))]
    rest = [i for i in judged.worst[len(worst) :] if not math.isnan(judged.pictures[i].miou)]
    if rest:
        middle = [i for i in rest[: -FEW or None] if i in judged.worst[len(judged.worst) // 2 :]][:FEW]
        parts = (
            ("best", "Where it does well", "The best pictures of all.", rest[::-1][:FEW]),
            ("typical", "What is to be expected", "Pictures from the middle.", middle),
        )
        found += [
            blocks.Section(at, title, words, (blocks.Slide(plates(net, judged, some), ""),)) for at, title, words, some in parts if some
        ]
    return tuple(found)


def plates(net: lens.Net, judged: Judged, numbers: Sequence[int]) -> tuple[blocks.Plate, ...]:
    """Picture, truth, prediction and entropy of each."""
    out = []
    for i, number in enumerate(numbers, 1):
        events.tell("pictures", i, len(numbers))
        one = judged.pictures[number]
        out.append(blocks.Plate(f"picture-{number}", one.name, mosaics(seen(net, judged, number), one.name), f"mIoU {percent(one.miou)}"))
    return tuple(out)


def mosaics(it: Seen, name: str) -> tuple[blocks.Mosaic, ...]:
    shown = (("picture", it.picture), ("truth", it.truth), ("prediction", it.predicted), ("unsure", it.unsure))
    return tuple(blocks.Mosaic((blocks.Tile(p, what, f"{name}: {what}"),), what, 1) for what, p in shown)


def of_data(judged: Judged) -> blocks.Section:
    """Which stored value is which class, and how much of it there is in what was judged on."""
    table, of = judged.part.table, judged.confusion
    total = max(1, int(of.true.sum()))
    rows: list[tuple[blocks.Cell, ...]] = [
        (
            blocks.Swatch(name, colour),
            spelled([value], table.by),
            f"{100 * int(n) / total:.1f} %",
            sum(bool(p.confusion.true[i]) for p in judged.pictures),
        )
        for i, (name, colour, value, n) in enumerate(zip(table.names, table.colours, table.values, of.true, strict=False))
    ]
    if table.void:
        rows.append(("void", spelled(table.void, table.by), f"{100 * of.void_share:.1f} % of all", None))
    columns = ("class", "in the masks" if table.by == "number" else "colour in the masks", "of the pixels", "pictures")
    return blocks.Section(
        "data",
        "The data",
        " ".join(table.said),
        (blocks.Table(columns, rows, "What the masks' values mean, and how much there is of each class here."),),
    )
