"""What was judged, as a table for a terminal."""

from __future__ import annotations

import math

from zorki.scores.spelled import aligned, row
from zorki.segmenting.judging import OF_CLASS, Judged

WORST = 5  # pictures named
TITLES = {
    "miou": "mIoU", "dice": "Dice", "pixel_accuracy": "pixel accuracy", "mean_accuracy": "mean accuracy", "boundary_f1": "boundary F1",
    "void_share": "void", "ece": "calibration error", "brier": "Brier score",
}  # fmt: skip


def lines(judged: Judged) -> list[str]:
    """The figures with their intervals, each class with a bar, the worst pictures."""
    wide = max(len(name) for name in (*TITLES.values(), *judged.names))
    figures, spans = judged.figures, judged.intervals
    out = [
        row(title, figures[key], spans.get(key), wide, bar=key == "miou")
        for key, title in TITLES.items()
        if key not in ("ece", "brier", "void_share")
    ]
    out += [f"{TITLES[key]:{wide}}  {said(key, figures[key])}" for key in ("void_share", "ece", "brier")]
    out += ["", "IoU of each class"]
    for name, iou in zip(judged.names, judged.iou, strict=True):
        out.append(
            f"{name:{wide}}  absent: neither true nor predicted, in no mean"
            if math.isnan(iou)
            else row(name, iou, spans.get(OF_CLASS + name), wide, True)
        )
    out += ["", f"the worst of {len(judged.pictures)} pictures, by their mIoU"]
    return out + [f"{aligned(judged.pictures[i].miou)}  {judged.pictures[i].name}" for i in judged.worst[:WORST]]


def said(key: str, value: float) -> str:
    if math.isnan(value):
        return aligned(value)
    if key == "void_share":
        return f"{aligned(value)}  of the pixels, which count nowhere"
    return f"{value:7.3f}  {'0: as right as it is sure' if key == 'ece' else '0: sure and right, 2: sure and wrong'}"
