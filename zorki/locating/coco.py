"""Average precisions by faster-coco-eval, which keeps pycocotools' rules; where it is not installed, and where it would take gigabytes for very many pictures
of very many classes, by our own, which tests hold equal to it.

Source: https://github.com/MiXaiLL76/faster_coco_eval (Apache-2.0); Lin et al. 2014.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from zorki.scores.average_precision import IOUS, MOST, Ranked

PAIRS = 1_000_000  # pictures times classes, for each of which the library keeps a list


class Seen(Protocol):
    """What is needed of a picture: true boxes (m, 4) with classes (m,), and detections (n, 4) with (n,) scores and classes; (h, w)."""

    @property
    def hw(self) -> tuple[int, int]: ...
    @property
    def true(self) -> NDArray[np.float64]: ...
    @property
    def of(self) -> NDArray[np.int64]: ...
    @property
    def boxes(self) -> NDArray[np.float64]: ...
    @property
    def scores(self) -> NDArray[np.float64]: ...
    @property
    def labels(self) -> NDArray[np.int64]: ...


def precisions(pictures: Sequence[Seen], classes: int) -> NDArray[np.float64]:
    """(classes, 10): at IoU .50:.05:.95; nan of a class of which nothing is true, 0 where nothing of it was found."""
    if find_spec("faster_coco_eval") is not None and len(pictures) * classes <= PAIRS:
        return by_library(pictures, classes)
    ranked = Ranked(classes)
    for one in pictures:
        ranked.add(one.boxes, one.scores, one.labels, one.true, one.of)
    return np.asarray(ranked.precision()[0])


def by_library(pictures: Sequence[Seen], classes: int) -> NDArray[np.float64]:
    """The same by faster-coco-eval. Its numbers begin at 1; what it is handed and gives stays in memory."""
    from faster_coco_eval import COCO
    from faster_coco_eval.core.faster_eval_api import COCOeval_faster

    truth, found = list[dict[str, Any]](), list[dict[str, Any]]()
    for i, one in enumerate(pictures, 1):
        for box, label in zip(one.true.tolist(), one.of.tolist(), strict=True):
            truth.append(annotation(len(truth) + 1, i, label, box))
        for box, label, score in zip(one.boxes.tolist(), one.labels.tolist(), one.scores.tolist(), strict=True):
            found.append({**annotation(len(found) + 1, i, label, box), "score": score})
    out = np.full((classes, len(IOUS)), np.nan)
    has = sorted({a["category_id"] - 1 for a in truth})
    out[has] = 0
    if truth and found:
        sizes = [{"id": i, "height": one.hw[0], "width": one.hw[1]} for i, one in enumerate(pictures, 1)]
        known = {"images": sizes, "categories": [{"id": k + 1, "name": str(k)} for k in range(classes)]}
        judge = COCOeval_faster(
            COCO({**known, "annotations": truth}), COCO({**known, "annotations": found}), "bbox", print_function=quietly
        )
        judge.params.maxDets = [1, 10, MOST]
        judge.evaluate()
        judge.accumulate()
        precision = np.asarray(judge.eval["precision"])[..., 0, -1]  # (iou, recall, class) of boxes of every size
        out[has] = precision.mean(1).T[has]
    return out


def annotation(number: int, picture: int, label: int, box: Sequence[float]) -> dict[str, Any]:
    """As COCO writes it; box: left, top, width, height."""
    return {"id": number, "image_id": picture, "category_id": label + 1, "bbox": list(box), "area": box[2] * box[3], "iscrowd": 0}


def quietly(*_: Any) -> None:
    """What it tells of its progress is nobody's answer."""
