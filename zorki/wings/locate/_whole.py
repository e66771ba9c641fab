"""A network that locates with all that is done before and after it, as one module: what an exported file holds.

Source: ONNX, operators TopK and NonMaxSuppression.
Differs: boxes are held against one another with their ranks in place of their scores, so that none are as sure as others and nobody has to decide which comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import torch
from torch import nn

from zorki import lens
from zorki.lens.inputs import grey, keyword
from zorki.locating import decoding, looking
from zorki.locating.decoding import CANDIDATES, OVERLAP
from zorki.nets.segmenter import exporting
from zorki.scores import boxes as geometry
from zorki.weights.exporting import Apart, Inputs, Operations, still
from zorki.weights.exporting import apart as distance

OUTPUT = "detections"
CHECKED = ("sure", "boxes")  # answers from in between, by which the file is checked
FARTHEST = 1 << 20  # pixels of a side
TURNS = 1e-6  # by which an IoU may be off where it is compared with OVERLAP


class Said(NamedTuple):
    """Of one picture. shown: (1, c, h, w), what the net saw; sure: (n, k) in 0..1, or (1, k) of one box; boxes: (n, 4) in pixels of `shown`, or (1, 4) in shares of its
    sides."""

    shown: torch.Tensor
    sure: torch.Tensor
    boxes: torch.Tensor


class Whole(nn.Module):
    """Takes `picture` (1, c, h, w) in 0..1 and `least`, a number in 0..1; gives `detections` (n, 6), the surest first: left, top, width, height in the picture's pixels,
    score, class number; and what `CHECKED` names, `Said.sure` and `Said.boxes`. c is 3 also of a net that looks at grey ones.

    As `locate predict` has it where it looks at the whole picture. hw: the one size that the net is shown; longest: its longest side; neither: the picture as it is.
    one: whether it says of one thing where it is. classes: how many.
    """

    mean: torch.Tensor | None
    std: torch.Tensor | None

    def __init__(self, net: lens.Net) -> None:
        super().__init__()
        self.inner = still(net, net.inner)
        self.keyword, self.grey = keyword(self.inner), net.channels == 1
        self.channels = 3 if self.grey else net.channels
        self.hw = net.hw if looking.alone(net) or not net.step() else None
        self.longest = None if self.hw else looking.trained(net)
        self.step, self.over = (1, (0, 0)) if self.hw else looking.stepping(net)
        h, w = self.hw or (32, 32)
        said = looking.looked(net, torch.zeros(1, self.channels, h, w, dtype=torch.float32, device="cpu"))
        self.one, self.classes = said.one, said.logits.shape[-1]
        for name, numbers in (("mean", net.mean), ("std", net.std)):
            known = None if numbers is None else torch.tensor(numbers, dtype=torch.float32, device="cpu").view(-1, 1, 1)
            self.register_buffer(name, known, persistent=False)

    def forward(self, picture: torch.Tensor, least: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        said = self.said(picture)
        return self.detections(picture, said, least), said.sure, said.boxes

    def said(self, picture: torch.Tensor) -> Said:
        """What the network says before anything is made of it."""
        x = shown = self.sized(picture)
        x = grey(x, 1, "") if self.grey else x
        x = x if self.mean is None else x - self.mean
        x = x if self.std is None else x / self.std
        y = self.inner(x) if self.keyword is None else self.inner(**{self.keyword: x})
        logits, boxes = (list(y.values()) if isinstance(y, dict) else y)[:2]
        return (
            Said(shown, logits.float().softmax(1), boxes.float())
            if self.one
            else Said(shown, logits[0].float().sigmoid(), boxes[0].float())
        )

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
        labels = order % self.classes
        inside = clipped(boxes[order // self.classes], seen)
        ranks = torch.arange(CANDIDATES, 0, -1, dtype=torch.float32, device=scores.device)
        kinds = torch.arange(self.classes, dtype=torch.int64, device=scores.device)
        held = (kinds[:, None] == labels) & there(inside) & (scores >= least)
        chosen = kept(geometry.corners(inside)[None], (held * ranks)[None], looking.MOST, OVERLAP)
        best = chosen[:, 2].sort().values[: looking.MOST]
        return rows(inside[best] * (edges / seen), scores[best], labels[best])


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


def rows(boxes: torch.Tensor, scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return torch.cat([boxes, scores[:, None], labels[:, None].to(torch.float32)], 1)


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
    answer, sure, boxes = found
    picture, least = trial["picture"], float(trial["least"])
    with torch.no_grad():
        said = whole.said(picture)
    told = [distance(sure, said.sure), distance(boxes, said.boxes, said.boxes.abs().clamp_min(1))]
    wanted = [made(whole, sure, boxes, (picture, said.shown), least, overlap) for overlap in (OVERLAP, OVERLAP - TURNS, OVERLAP + TURNS)]
    told.append(min(distance(answer, one, one.abs().clamp_min(1)) for one in wanted))
    return Apart(max(one.most for one in told), max(one.beyond for one in told), sum(one.numbers for one in told))


def made(
    whole: Whole, sure: torch.Tensor, boxes: torch.Tensor, pictures: tuple[torch.Tensor, torch.Tensor], least: float, overlap: float
) -> torch.Tensor:
    """What Zorki makes of a network's numbers, as rows. pictures: the one given, and what the net saw of it."""
    hw, seen = ((x.shape[-2], x.shape[-1]) for x in pictures)
    if whole.one:
        some = decoding.one(sure[0].log(), boxes[0], hw, least)
    else:
        some = decoding.surest(sure, boxes, seen, least, looking.MOST, overlap)[0]
        some = some.moved((sides(pictures[0]) / sides(pictures[1]))[:2])
    return rows(some.boxes, some.scores, some.labels)
