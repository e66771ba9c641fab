"""A network that locates with all that is done before and after it, as one module: what an exported file holds.

Source: ONNX, operators TopK and NonMaxSuppression.
Differs: boxes are held against one another with their ranks in place of their scores, so that none are as sure as others and nobody has to decide which comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple, cast

import torch
from torch import nn

from zorki import lens
from zorki.locating import decoding, looking
from zorki.locating.decoding import CANDIDATES, OVERLAP
from zorki.nets.segmenter import exporting
from zorki.scores import boxes as geometry
from zorki.weights.bare import Bare
from zorki.weights.exporting import Apart, Inputs, Operations
from zorki.weights.exporting import apart as distance

OUTPUT = "detections"
CHECKED = ("sure", "boxes", "points")  # answers from in between, by which the file is checked; the last of nets that have points
FARTHEST = 1 << 20  # pixels of a side
TURNS = 1e-6  # by which an IoU may be off where it is compared with OVERLAP


class Said(NamedTuple):
    """Of one picture. shown: (1, c, h, w), what the net saw; sure: (n, k) in 0..1, or (1, k) of one box; boxes: (n, 4) in pixels of `shown`, or (1, 4) in shares of its
    sides; points: (n, p, 2) in pixels of `shown`, None of nets without."""

    shown: torch.Tensor
    sure: torch.Tensor
    boxes: torch.Tensor
    points: torch.Tensor | None = None

    @property
    def checked(self) -> tuple[torch.Tensor, ...]:
        """What `CHECKED` names."""
        return (self.sure, self.boxes) if self.points is None else (self.sure, self.boxes, self.points)


class Whole(nn.Module):
    """Takes `picture` (1, c, h, w) in 0..1 and `least`, a number in 0..1; gives `detections` (n, 6 + 2 p), the surest first: left, top, width, height in the picture's
    pixels, score, class number, then x and y of each of the p points that the net says beside a box; and what `CHECKED` names. c is 3 also of a net that looks at grey ones.

    As `locate predict` has it where it looks at the whole picture. hw: the one size that the net is shown; longest: its longest side; neither: the picture as it is.
    one: whether it says of one thing where it is. classes, points: how many. most: things that it tells.
    """

    most = looking.MOST

    def __init__(self, net: lens.Net) -> None:
        super().__init__()
        self.bare = Bare(net)
        self.channels = self.bare.channels
        self.hw = net.hw if looking.alone(net) or not net.step() else None
        self.longest = None if self.hw else looking.trained(net)
        self.step, self.over = (1, (0, 0)) if self.hw else looking.stepping(net)
        h, w = self.hw or (32, 32)
        said = looking.looked(net, torch.zeros(1, self.channels, h, w, dtype=torch.float32, device="cpu"))
        self.one, self.classes = said.one, said.logits.shape[-1]
        self.points = 0 if said.one or said.points is None else said.points.shape[1]
        self.checked = CHECKED if self.points else CHECKED[:2]

    def forward(self, picture: torch.Tensor, least: torch.Tensor) -> tuple[torch.Tensor, ...]:
        said = self.said(picture)
        return self.told(self.detections(picture, said, least)), *said.checked

    def told(self, rows: torch.Tensor) -> torch.Tensor:
        """The file's answer, of the rows of `detections`."""
        return rows

    def said(self, picture: torch.Tensor) -> Said:
        """What the network says before anything is made of it."""
        shown = self.sized(picture)
        y = self.bare(shown)
        parts = list(y.values()) if isinstance(y, dict) else list(y)
        logits, boxes = parts[:2]
        if self.one:
            return Said(shown, logits.float().softmax(1), boxes.float())
        return Said(shown, logits[0].float().sigmoid(), boxes[0].float(), parts[2][0].float() if self.points else None)

    def sized(self, picture: torch.Tensor) -> torch.Tensor:
        """As `looking.sized` has it; in doubles, so that the same sides come of it."""
        as_it_is = self.longest is None and self.step == 1
        hw = self.hw if self.hw is not None or as_it_is else enlarged(picture, self.longest, self.step, self.over)
        bring = looking.resized if exporting() else looking.brought  # which compares sizes, and a file is for all
        return picture if hw is None else bring(picture, hw)

    def detections(self, picture: torch.Tensor, said: Said, least: torch.Tensor) -> torch.Tensor:
        """The rows of the file's answer."""
        edges = sides(picture)
        if self.one:
            scores, labels = said.sure.max(1)
            inside = clipped(said.boxes * edges, edges)
            best = (there(inside) & (scores >= least)).nonzero()[:, 0]
            return rows(inside[best], scores[best], labels[best])
        seen = sides(said.shown)
        sure = torch.cat(
            [said.sure, said.sure.new_full((CANDIDATES, self.classes), -1.0)]
        )  # so there are always as many; these have no area
        boxes = torch.cat([said.boxes, said.boxes.new_zeros((CANDIDATES, 4))])
        scores, order = sure.flatten().topk(CANDIDATES)
        labels, cells = order % self.classes, order // self.classes
        inside = clipped(boxes[cells], seen)
        ranks = torch.arange(CANDIDATES, 0, -1, dtype=torch.float32, device=scores.device)
        kinds = torch.arange(self.classes, dtype=torch.int64, device=scores.device)
        held = (kinds[:, None] == labels) & there(inside) & (scores >= least)
        chosen = kept(geometry.corners(inside)[None], (held * ranks)[None], self.most, OVERLAP)
        best = chosen[:, 2].sort().values[: self.most]
        times = edges / seen
        points = None if said.points is None else torch.cat([said.points, said.points.new_zeros((CANDIDATES, self.points, 2))])[cells[best]]
        return rows(inside[best] * times, scores[best], labels[best], None if points is None else points * times[:2])


def enlarged(picture: torch.Tensor, longest: int | None, step: int = 1, over: tuple[int, int] = (0, 0)) -> tuple[int, int]:
    """`looking.enlarged` of a picture whose size is known when it comes."""
    hw = torch.stack([torch.scalar_tensor(n, dtype=torch.float64, device="cpu") for n in picture.shape[-2:]])
    k = torch.scalar_tensor(1 if longest is None else longest, dtype=torch.float64, device="cpu") / (1 if longest is None else hw.amax(0))
    most = -(-(longest or FARTHEST) // step)
    counts = ((hw * k - torch.tensor(over, dtype=torch.float64, device="cpu")) / step).round().clamp(1, most).long()
    h, w = (cast(int, n.item()) for n in counts.unbind())
    for n in (h, w):
        torch._check(n >= 1)  # type: ignore[no-untyped-call]
        torch._check(n <= most)  # type: ignore[no-untyped-call]
    return step * h + over[0], step * w + over[1]


def sides(picture: torch.Tensor) -> torch.Tensor:
    """(4,) float32: width, height, width, height."""
    h, w = (torch.scalar_tensor(n, dtype=torch.float32, device="cpu") for n in picture.shape[-2:])
    return torch.stack([w, h, w, h])


def clipped(boxes: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
    """As `decoding.clipped` has it. edges: of `sides`."""
    return geometry.sized(torch.minimum(geometry.corners(boxes).clamp_min(0), edges))


def there(boxes: torch.Tensor) -> torch.Tensor:
    """(n,): whether a box has an area."""
    return (boxes[:, 2:] > 0).all(1)


def rows(boxes: torch.Tensor, scores: torch.Tensor, labels: torch.Tensor, points: torch.Tensor | None = None) -> torch.Tensor:
    parts = [boxes, scores[:, None], labels[:, None].to(torch.float32)]
    return torch.cat(parts if points is None else [*parts, points.flatten(1)], 1)


@torch.library.custom_op("zorki::kept", mutates_args=())
def kept(corners: torch.Tensor, scores: torch.Tensor, most: int, overlap: float) -> torch.Tensor:
    """ONNX's NonMaxSuppression. corners: (1, n, 4) left, top, right, bottom; scores: (1, k, n), above 0.5 of what is there → (m, 3): 0, class, number of the box."""
    boxes, out = geometry.sized(corners[0]), list[tuple[int, int, int]]()
    covers = geometry.iou(boxes[:, None], boxes) > overlap
    for k, ranks in enumerate(scores[0]):
        free, first = ranks > 0.5, len(out)
        while bool(free.any()) and len(out) - first < most:
            i = int(ranks.where(free, -torch.inf).argmax())
            out.append((0, k, i))
            free = free & ~covers[i]
            free[i] = False  # one without area lies on nothing, not even on itself
    return torch.tensor(out, dtype=torch.int64, device="cpu").reshape(-1, 3)


@kept.register_fake
def _(corners: torch.Tensor, scores: torch.Tensor, most: int, overlap: float) -> torch.Tensor:  # noqa: ARG001
    return corners.new_empty((torch.library.get_ctx().new_dynamic_size(), 3), dtype=torch.int64)


def operations() -> Operations:
    """How `kept` is written in ONNX."""
    from onnxscript import opset20 as op

    def suppressed(corners: Any, scores: Any, most: int, overlap: float) -> Any:
        limits: list[Any] = [op.Constant(value_ints=[most]), op.Constant(value_floats=[overlap]), op.Constant(value_floats=[0.5])]
        return op.NonMaxSuppression(corners, scores, *limits)

    return {torch.ops.zorki.kept.default: suppressed}


def judged(whole: Whole, trial: Inputs, found: Sequence[torch.Tensor]) -> Apart:
    """How far a file's answers are from what `locate predict` says.

    What the network says is compared number by number, boxes as shares of themselves. The rows are compared with those that Zorki makes of the file's own numbers: of cells that are
    as sure but for rounding one or the other is kept, and both are right.
    """
    answer, sure, *places = found
    picture, least = trial["picture"], float(trial["least"])
    with torch.no_grad():
        said = whole.said(picture)
    told = [distance(sure, said.sure)]
    told += [distance(one, known, known.abs().clamp_min(1)) for one, known in zip(places, said.checked[1:], strict=True)]
    own = Said(said.shown, sure, *places)
    wanted = [made(whole, own, picture, least, overlap) for overlap in (OVERLAP, OVERLAP - TURNS, OVERLAP + TURNS)]
    answer, *wanted = (
        one.nan_to_num(0.0) for one in (answer, *wanted)
    )  # points that there are none of; numbers that are none were told above
    told.append(min(distance(answer, one, one.abs().clamp_min(1)) for one in wanted))
    return Apart(max(one.most for one in told), max(one.beyond for one in told), sum(one.numbers for one in told))


def made(whole: Whole, said: Said, picture: torch.Tensor, least: float, overlap: float) -> torch.Tensor:
    """What Zorki makes of a network's numbers, as the file's answer."""
    hw, seen = ((x.shape[-2], x.shape[-1]) for x in (picture, said.shown))
    if whole.one:
        some = decoding.one(said.sure[0].log(), said.boxes[0], hw, least)
    else:
        some, cells = decoding.surest(said.sure, said.boxes, seen, least, whole.most, overlap)
        some = replace(some, points=None if said.points is None else said.points[cells])
        some = some.moved((sides(picture) / sides(said.shown))[:2])
    return whole.told(rows(some.boxes, some.scores, some.labels, some.points))
