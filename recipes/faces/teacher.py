"""YuNet, the teacher: faces with five points each, as onnxruntime finds them.

Source: Wu, Peng, Yu 2023 (YuNet); the file and what its numbers mean: the README beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime

from zorki.scores.average_precision import iou

STRIDES = (8, 16, 32)
OVERLAP = 0.45  # IoU above which two are one face
FILE = "yunet_n.onnx"
POINTS = 5  # eyes, nose, corners of the mouth: what is left in the picture comes first


class Faces(NamedTuple):
    """The surest first. boxes (n, 4): left, top, width, height in pixels; scores (n,); points (n, 5, 2): x, y in pixels."""

    boxes: np.ndarray
    scores: np.ndarray
    points: np.ndarray

    def at(self, which: np.ndarray) -> Faces:
        return Faces(*(part[which] for part in self))


NONE = Faces(np.zeros((0, 4)), np.zeros(0), np.zeros((0, POINTS, 2)))


class YuNet:
    """weights: the folder of the file. threads: that it computes in."""

    def __init__(self, weights: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        self.session = onnxruntime.InferenceSession(str(weights / FILE), options, providers=["CPUExecutionProvider"])
        self.names = [one.name for one in self.session.get_outputs()]

    def said(self, picture: np.ndarray) -> dict[str, np.ndarray]:
        """picture: (h, w, 3) uint8. What it answers, of the cells of a picture whose sides are multiples of 32."""
        h, w = picture.shape[:2]
        x = np.zeros((1, 3, *(-(-side // STRIDES[-1]) * STRIDES[-1] for side in (h, w))), np.float32)
        x[0, :, :h, :w] = picture[..., ::-1].transpose(2, 0, 1)
        return dict(zip(self.names, self.session.run(None, {"input": x}), strict=True))

    def found(self, picture: np.ndarray, least: float = 0.6) -> Faces:
        """picture: (h, w, 3) uint8 sRGB. least: how sure at least."""
        said, columns = self.said(picture), -(-picture.shape[1] // STRIDES[-1]) * STRIDES[-1]
        every = [decoded(said, stride, columns // stride, least) for stride in STRIDES]
        some = Faces(*(np.concatenate(part) for part in zip(*every, strict=True)))
        return kept(some)


def decoded(said: dict[str, np.ndarray], stride: int, columns: int, least: float) -> Faces:
    """The cells of one stride that are sure of a face."""
    score = np.sqrt(said[f"cls_{stride}"][0, :, 0] * said[f"obj_{stride}"][0, :, 0])
    sure = np.flatnonzero(score >= least)
    cell = np.stack([sure % columns, sure // columns], 1)
    box, points = said[f"bbox_{stride}"][0, sure], said[f"kps_{stride}"][0, sure].reshape(-1, POINTS, 2)
    size = np.exp(box[:, 2:]) * stride
    return Faces(
        np.concatenate([(cell + box[:, :2]) * stride - size / 2, size], 1), score[sure], (cell[:, None] + points) * stride
    )  # fmt: skip


def kept(some: Faces) -> Faces:
    """Each face once: greedy non-maximum suppression."""
    some = some.at(np.argsort(-some.scores, kind="stable"))
    alike, chosen = iou(some.boxes, some.boxes) > OVERLAP, list[int]()
    for i in range(len(some.scores)):
        if not alike[i, chosen].any():
            chosen.append(i)
    return some.at(np.array(chosen, int))
