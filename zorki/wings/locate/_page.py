"""The pages about a net that locates: how good it is and where it fails, in sections that a report of a training has, too."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from zorki import blocks, lens
from zorki.core import events
from zorki.locating import guessing
from zorki.locating.judging import OF_CLASS, Judged, middle
from zorki.locating.showing import WRONG, seen
from zorki.locating.wording import TITLES, listed
from zorki.pixels.palette import nth
from zorki.scores.average_precision import RECALLS
from zorki.scores.spelled import between, percent, range_of
from zorki.train.page import FOOT

FEW = 3  # pictures of the best, and of the middle ones
CURVES = 8  # classes with a curve of their own; of more the mean alone is drawn


def of_evaluation(net: lens.Net, judged: Judged, split: str, worst: Sequence[blocks.Plate], command: str) -> blocks.Page:
    """What `locate evaluate --out report.html` shows."""
    return blocks.Page(
        title=f"How good {net.name} is",
        lead=verdict(judged),
        facts=(
            ("network", net.name),
            ("pictures", f"{len(judged.pictures):,} ({split})"),
            ("boxes", f"{int(judged.counts[:, 0].sum()):,} of {len(judged.names)} classes"),
            ("command", command),
        ),
        sections=(*of_figures(judged), *of_pictures(judged, worst), of_data(judged)),
        foot=FOOT,
    )


def verdict(judged: Judged) -> str:
    """How good it is, in two or three sentences."""
    key = "class_and_iou50" if judged.kind == "one" else "map50"
    figures, span = judged.figures, between(judged.intervals.get(key))
    likely = f"; with other pictures of this kind {span}" if span else ""
    told = "Class and box are right in" if judged.kind == "one" else "mAP at an IoU of 0.5:"
    there = [(one["ap50"], name) for name, one in judged.by_class.items() if not math.isnan(one["ap50"])]
    classes = f" It finds {max(there)[1]} best and {min(there)[1]} least." if len(there) > 1 else ""
    return f"{told} {percent(figures[key])}{likely}. The boxes lie by an IoU of {percent(figures['mean_iou'])} in the mean.{classes}"


MEANING = {
    "one": (
        "Class right: of the boxes, the share whose class was told. Mean IoU: how far the box and the true one share their area. Class and box right: "
        "the share of which both hold, the box by an IoU of more than 0.5. mAP: precision over all recalls, by how sure it was, the mean over the classes; over IoUs "
        "of .50, .55 … .95 where no IoU is named."
    ),
    "many": (
        "mAP: precision over all recalls, by how sure it was, the mean over the classes (COCO's rules, by faster-coco-eval), at an IoU of 0.5 or over .50, .55 … .95. "
        "The rest is of what is shown, from a score of {least} on: of the true boxes those that a detection of their class meets by an IoU of 0.5, of the detections "
        "those that meet one, the IoU of the best detection on each true box (0 where there is none), and how many of these have the class and lie by 0.5."
    ),
}  # fmt: skip
DRAWN = " The interval is what other pictures of this kind would give, by drawing these anew. A guess sees no picture: "
BLIND = {
    True: "it knows what was learnt from, and says its most frequent class in a box of the whole picture, or in one whose sides are the middle ones of all",
    False: "it says the most frequent class here in a box of the whole picture, or in one whose sides are the middle ones of all here",
}  # whether it is known what was learnt from
TAKEN = ", or what is true of one of those pictures, the best of three"


def of_figures(judged: Judged) -> tuple[blocks.Section, ...]:
    """How good, by class, and how much is found at which price."""
    guesses = judged.guesses
    rows = [
        (title, bare(judged.figures[key]), range_of(judged.intervals.get(key)), *(bare(one.figures[key]) for one in guesses.values()))
        for key, title in TITLES[judged.kind].items()
    ]
    least = judged.pictures[0].least if judged.pictures else 0.0
    meaning = MEANING[judged.kind].replace("{least}", f"{least:g}") + DRAWN
    meaning += BLIND[judged.learnt is not None] + (TAKEN if guessing.TAKEN in guesses else "") + "."
    columns = ("in %", "", "95 of 100 such sets", *(f"a guess: {name}" for name in guesses))
    more = judged.matched.names[judged.matched.known :]
    other = f" The model also knows {', '.join(more[:CURVES])}{' …' if len(more) > CURVES else ''}, which the data do not." if more else ""
    figures = blocks.Section("figures", "How good it is", "", (blocks.Table(columns, rows, meaning), by_class(judged, other)))
    curve = curves(judged)
    if curve is None:
        return (figures,)
    lead = "From left to right more is called a thing, and less of that is right. A good curve stays at the top and ends far to the right."
    return figures, blocks.Section("curves", "What is found at which price", lead, (curve,))


def bare(value: float) -> str:
    """For a table that says once that it is in %, so that a phone has it on one line."""
    return percent(value).removesuffix(" %")


def by_class(judged: Judged, other: str) -> blocks.Bars:
    """The classes, the best first; of very many the best and the least."""
    there = [(name, judged.by_class[name]["ap50"]) for name in listed(judged)]
    absent = [name for name, ap in there if math.isnan(ap)]
    there = sorted(((name, ap) for name, ap in there if not math.isnan(ap)), key=lambda one: -one[1])
    spans = [judged.intervals[OF_CLASS + name] for name, _ in there]
    left = len(judged.names) - len(there) - len(absent)
    said = f" Not true here, and so in no mean: {', '.join(absent)}." if absent else ""
    said += f" {left} classes between these are left out." if left else ""
    return blocks.Bars(
        tuple((name, round(100 * ap, 1)) for name, ap in there),
        f"The average precision of each class at an IoU of 0.5. The whisker is where 95 of 100 such sets of pictures would put it.{said}{other}",
        spans=tuple(None if math.isnan(low) else (round(100 * low, 1), round(100 * high, 1)) for low, high in spans),
    )


def curves(judged: Judged) -> blocks.Curve | None:
    """Precision by recall of each class at an IoU of 0.5, or their mean."""
    each = {name: judged.ranked.each[k].curve() for k, name in enumerate(judged.names) if judged.by_class[name]["boxes"]}
    if not each:
        return None
    if len(each) > CURVES:
        each = {f"mean of {len(each)} classes": np.mean([*each.values()], 0)}
    return blocks.Curve(
        {name: (100 * one).tolist() for name, one in each.items()}, "found, in %", "right of what is found, in %",
        "Precision by recall at an IoU of 0.5; the area below is the average precision.", x=(100 * RECALLS).tolist(),
    )  # fmt: skip


def of_pictures(judged: Judged, worst: Sequence[blocks.Plate]) -> tuple[blocks.Section, ...]:
    """Where it fails, and pictures that go well."""
    used = sorted({int(k) for one in judged.pictures for k in (*one.of, *one.labels[one.shown])})
    key = blocks.Key(tuple(blocks.Swatch(judged.matched.names[k], nth(k)) for k in used[:24]))
    lead = f"The worst pictures first: the truth, and what was found. {WRONG} is before what lies on no true box of its class."
    found = [blocks.Section("worst", "Where it fails", lead, (key, blocks.Slide(tuple(worst), "Each box has the colour of its class.")))]
    rest = judged.worst[len(worst) :]
    best = rest[::-1][:FEW]
    typical = [i for i in middle(judged.worst, FEW) if i in rest and i not in best]
    parts = (
        ("best", "Where it does well", "The best pictures of all.", best),
        ("typical", "What is to be expected", "Pictures from the middle.", typical),
    )
    found += [blocks.Section(at, title, said, (blocks.Slide(plates(judged, some), ""),)) for at, title, said, some in parts if some]
    return tuple(found)


def plates(judged: Judged, numbers: Sequence[int]) -> tuple[blocks.Plate, ...]:
    """Truth and what was found, of each."""
    out = []
    for i, number in enumerate(numbers, 1):
        events.tell("pictures", i, len(numbers))
        one, it = judged.pictures[number], seen(judged, number)
        boxes, right, shown = len(one.of), int((one.taken >= 0).sum()), len(one.taken)
        mosaics = tuple(
            blocks.Mosaic((blocks.Tile(pixels, what, f"{one.name}: {what}"),), what, 1)
            for what, pixels in (("truth", it.truth), ("found", it.found))
        )
        words = f"{right} of {boxes} found, {shown - right} wrong" + ("" if math.isnan(one.mean_iou) else f", IoU {percent(one.mean_iou)}")
        out.append(blocks.Plate(f"picture-{number}", one.name, mosaics, words))
    return tuple(out)


def of_data(judged: Judged) -> blocks.Section:
    """How much there is of each class, and how large it is."""
    rows: list[tuple[blocks.Cell, ...]] = []
    for k, name in enumerate(judged.names):
        sides = [np.sqrt(one.true[one.of == k, 2:].prod(1)) for one in judged.pictures]
        each = np.concatenate([np.zeros(0), *sides])
        if len(each):
            low, mid, high = np.quantile(each, [0.05, 0.5, 0.95])
            size = f"{low:.0f}, {mid:.0f}, {high:.0f}"
            rows.append((blocks.Swatch(name, nth(k)), len(each), sum(bool(len(s)) for s in sides), size))
    columns = ("class", "boxes", "pictures", "side in pixels: 5 %, half, 95 %")
    said = "How many there are of each class here, and how large: the root of a box's area, which a twentieth, half and all but a twentieth do not exceed."
    return blocks.Section("data", "The data", "", (blocks.Table(columns, rows, said),))
