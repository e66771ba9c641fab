"""What was judged, as a table for a terminal."""

from __future__ import annotations

import math

from zorki.locating.judging import OF_CLASS, Judged
from zorki.scores.spelled import aligned, percent, row

WORST = 5  # pictures named
CLASSES = 40  # that are listed; of more the best and the least
TITLES = {
    "one": {"accuracy": "class right", "mean_iou": "mean IoU", "class_and_iou50": "class and box right", "map50": "mAP at 0.5", "map": "mAP"},
    "many": {
        "map50": "mAP at 0.5", "map": "mAP", "class_and_iou50": "boxes found", "precision": "detections right", "mean_iou": "mean IoU",
        "accuracy": "class right at the best box",
    },
}  # fmt: skip


def lines(judged: Judged) -> list[str]:
    """The figures with their intervals, what a guess has, each class with a bar, the worst pictures."""
    titles = TITLES[judged.kind]
    classes = listed(judged)
    wide = max(len(name) for name in (*titles.values(), *classes, *(f"a guess: {name}" for name in judged.guesses)))
    out = [row(title, judged.figures[key], judged.intervals.get(key), wide, bar=i == 0) for i, (key, title) in enumerate(titles.items())]
    shown = [key for key in titles if key in ("mean_iou", "class_and_iou50", "map50")]
    for name, one in judged.guesses.items():
        told = ", ".join(f"{titles[key]} {percent(one.figures[key])}" for key in shown)
        out.append(f"{f'a guess: {name}':{wide}}  {told}")
    out += ["", "average precision at an IoU of 0.5 of each class"]
    for name in classes:
        ap = judged.by_class[name]["ap50"]
        said = f"{name:{wide}}  none here, in no mean" if math.isnan(ap) else row(name, ap, judged.intervals[OF_CLASS + name], wide, True)
        out.append(said)
    if len(classes) < len(judged.names):
        out.append(f"{len(judged.names) - len(classes)} classes between these are left out.")
    out += ["", f"the worst of {len(judged.pictures)} pictures, by what was found, wrong or missed there"]
    return out + [f"{aligned(judged.pictures[i].quality)}  {judged.pictures[i].name}" for i in judged.worst[:WORST]]


def listed(judged: Judged) -> list[str]:
    """The classes in their order; of very many the best and the least, in that of their figures."""
    if len(judged.names) <= CLASSES:
        return list(judged.names)
    there = [name for name in judged.names if not math.isnan(judged.by_class[name]["ap50"])]
    there.sort(key=lambda name: -judged.by_class[name]["ap50"])
    return there if len(there) <= CLASSES else [*there[: CLASSES // 2], *there[-CLASSES // 2 :]]
