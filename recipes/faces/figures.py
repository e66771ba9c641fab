"""What the card of `faces` says of it: from which score on a face is shown, and how good it is then."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recipes.faces import stock
from recipes.faces.judge import as_known, everywhere, groups, judged, seen
from recipes.faces.lesson import known
from recipes.faces.scenes import Shot
from zorki import lens
from zorki.nets.folding import folded
from zorki.scores.average_precision import iou, matched

STEP = 0.02
SCORES = np.arange(0.4, 0.91, STEP)
ALARM = 5.0  # a false alarm is as bad as so many faces that are missed: most photos that people have hold none
MARGIN = 0.04  # above the best score: the photographs held back are too few to show a false alarm in a hundred


def counted(net: Any, held: Sequence[Shot]) -> tuple[np.ndarray, np.ndarray, int]:
    """At each of SCORES how many faces of the held photographs are found, how many alarms are false, and how many faces there are."""
    right, wrong, true = np.zeros(len(SCORES)), np.zeros(len(SCORES)), 0
    for shot in held:
        found = seen(net, np.array(shot.read().convert("RGB")), float(SCORES[0]))
        boxes, scores = found.boxes.double().numpy(), found.scores.numpy()
        truth, ignored = known(shot)
        true += len(truth)
        hit = matched(iou(boxes, truth), [0.5])[0] >= 0
        may = (iou(boxes, np.concatenate([truth, ignored])) >= 0.3).any(1) if len(truth) + len(ignored) else np.zeros(len(boxes), bool)
        shown = scores[None] >= SCORES[:, None]
        right += (shown & hit).sum(1)
        wrong += (shown & ~hit & ~may).sum(1)
    return right, wrong, true


def chosen(right: np.ndarray, wrong: np.ndarray, true: int) -> int:
    """The place in SCORES where the fewest are missed or false; of several that are as good the strictest."""
    cost = true - right + ALARM * wrong
    return len(cost) - 1 - int(np.argmin(cost[::-1]))


def figures(net: lens.Net, data: Path, held: Sequence[Shot]) -> dict[str, Any]:
    """For the card. net: the very file."""
    inner = folded(net.inner.float())
    right, wrong, true = counted(as_known(inner), held)
    k = chosen(right, wrong, true)
    k = min(k + round(MARGIN / STEP), len(SCORES) - 1)
    least = round(float(SCORES[k]), 2)
    found = judged(everywhere(inner, least), data, groups(data), stock.faceless())
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
