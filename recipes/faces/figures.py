"""What the card of `faces` says of it: from which score on a face is shown, and how good it is then."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recipes.faces import stock
from recipes.faces.judge import groups, judged, ours
from recipes.faces.lesson import LONGEST, known
from recipes.faces.scenes import Shot
from zorki import lens
from zorki.nets.folding import folded
from zorki.scores.average_precision import iou, matched
from zorki.wings.locate._many import detected

SCORES = np.arange(0.2, 0.81, 0.02)
ALARM = 2.0  # a false alarm is as bad as so many faces that are missed


def counted(net: Any, held: Sequence[Shot]) -> tuple[np.ndarray, np.ndarray, int]:
    """At each of SCORES how many faces of the held photographs are found, how many alarms are false, and how many faces there are."""
    right, wrong, true = np.zeros(len(SCORES)), np.zeros(len(SCORES)), 0
    for shot in held:
        boxes, scores, _ = detected(net, np.array(shot.read().convert("RGB")), LONGEST)
        truth, ignored = known(shot)
        true += len(truth)
        hit = matched(iou(boxes, truth), [0.5])[0] >= 0
        may = (iou(boxes, np.concatenate([truth, ignored])) >= 0.3).any(1) if len(truth) + len(ignored) else np.zeros(len(boxes), bool)
        shown = scores[None] >= SCORES[:, None]
        right += (shown & hit).sum(1)
        wrong += (shown & ~hit & ~may).sum(1)
    return right, wrong, true


def chosen(right: np.ndarray, wrong: np.ndarray, true: int) -> int:
    """The place in SCORES where the fewest are missed or false."""
    return int(np.argmin(true - right + ALARM * wrong))


def figures(net: lens.Net, data: Path, held: Sequence[Shot]) -> dict[str, Any]:
    """For the card. net: the very file."""
    inner = folded(net.inner.float())
    right, wrong, true = counted(inner, held)
    k = chosen(right, wrong, true)
    least = round(float(SCORES[k]), 2)
    found = judged(ours(inner, least), data, groups(data), stock.faceless())
    measured = f"share of {true} faces of {len(held)} photographs held back that it finds, as its teacher sees them, this very file"
    return {
        "least": least,
        "accuracy": round(float(right[k]) / max(1, true), 4),
        "measured": measured,
        "figures": {
            "false alarms beside them": f"{int(wrong[k])}",
            "group photos": found.line(len(groups(data)), len(stock.faceless())),
        },
    }
