"""The two networks of faces with all that is done before and after them, as modules: what the exported files hold.

Source: ONNX, operators Loop, Resize and GridSample.
"""

from __future__ import annotations

import torch
from torch import nn

from zorki import lens
from zorki.facing import aligning, finding, reading
from zorki.facing.aligning import ASKED, AT, OFF, RAISED
from zorki.lens.outputs import chosen
from zorki.locating import whole
from zorki.weights.bare import Bare
from zorki.weights.exporting import Operations

FACES, SCORES = "faces", "scores"  # what the answers are called
POINTS = ("left_eye", "right_eye", "nose", "left_corner", "right_corner")  # left and right in the picture
COLUMNS = ("left", "top", "width", "height", "score", *(f"{name}_{axis}" for name in POINTS for axis in "xy"))
NO_POINTS = float("nan")


class Finder(whole.Whole):
    """Takes `picture` (1, c, h, w) in 0..1 and `least`; gives `faces` (n, 15), COLUMNS, the largest first, as the Emotion API had them. Of a network without five points
    these are NaN."""

    most = finding.MOST

    def told(self, rows: torch.Tensor) -> torch.Tensor:
        boxes, scores = rows[:, :4], rows[:, 4:5]
        points = rows[:, 6:] if self.points == len(POINTS) else rows.new_full((rows.shape[0], 2 * len(POINTS)), NO_POINTS)
        edges = boxes.double()
        low, high = edges[:, :2].round(), (edges[:, :2] + edges[:, 2:]).round()  # in whole pixels, as they are said
        area = (high - low).clamp_min(1).prod(1).long()
        surer = torch.arange(rows.shape[0], 0, -1, dtype=torch.int64, device=rows.device)
        order = (area * self.most * 2 + surer).argsort(descending=True)  # of equal ones the surest, which came first
        return torch.cat([boxes, scores, points], 1)[order]


class Namer(nn.Module):
    """Takes `picture` (1, c, h, w) in 0..1 and `faces` (n, 15), as `Finder` gives them; gives `scores` (n, 8) of EMOTIONS in their order, each row together 1.

    As `reading.named` has it: faces are turned upright by their points, and cut out of the picture antialiased; where points are NaN, or far off, by their boxes.
    """

    order: torch.Tensor
    at: torch.Tensor

    def __init__(self, net: lens.Net) -> None:
        super().__init__()
        self.bare, self.output, self.side = Bare(net), net.output, reading.side(net)
        self.channels = self.bare.channels
        self.register_buffer("order", torch.tensor(reading.places(net), dtype=torch.int64, device="cpu"), persistent=False)
        self.register_buffer("at", torch.from_numpy(AT), persistent=False)

    def forward(self, picture: torch.Tensor, faces: torch.Tensor) -> torch.Tensor:
        x = torch.ops.zorki.cutouts(picture, *self.windows(squares(faces.double(), self.at), picture))
        logits = chosen(self.bare(x), self.output)
        return logits.float().softmax(1)[:, self.order]

    def windows(self, where: torch.Tensor, picture: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """`aligning.window` of each of those squares."""
        w, h = (torch.scalar_tensor(n, dtype=torch.float64, device="cpu") for n in (picture.shape[-1], picture.shape[-2]))
        wh = torch.stack([w, h])
        corners = at(where, where.new_tensor([[0.0, 0.0], [1, 0], [0, 1], [1, 1]]))
        low = torch.minimum((corners.amin(1).floor() - 2).clamp_min(0), wh - 1)
        high = torch.minimum(torch.maximum(corners.amax(1).ceil() + 2, low + 1), wh)
        size = high - low
        side = where[:, 2:].square().sum(1, keepdim=True).sqrt()
        less = (size * (self.side / side).clamp_max(1)).ceil().clamp_min(1)
        middles = (torch.arange(self.side, dtype=torch.float64, device="cpu") + 0.5) / self.side
        grid = torch.stack([middles.expand(self.side, self.side), middles[:, None].expand(self.side, self.side)], -1).reshape(-1, 2)
        places = 2 * (at(where, grid) - low[:, None]) / size[:, None] - 1
        return low.long(), high.long(), less.long(), places.float().reshape(-1, self.side, self.side, 2)


def squares(faces: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    """(n, 4) of `aligning.square`: x, y of the middle, x, y along the upper side. faces: (n, 15), doubles; shares: AT."""
    x, y, w, h = faces[:, :4].unbind(1)
    high = h.clamp_min(1)
    upright = torch.stack([x + w / 2, y + h / 2 - RAISED * high, high, torch.zeros_like(high)], 1)
    points = faces[:, 5:].reshape(-1, len(POINTS), 2)
    b = points[:, list(ASKED)]
    from_a, from_b = shares - shares.mean(0), b - b.mean(1, keepdim=True)
    norm = from_a.square().sum()
    along = (from_a * from_b).sum((1, 2)) / norm  # a turn and a size are one complex number
    across = (from_a[:, 0] * from_b[..., 1] - from_a[:, 1] * from_b[..., 0]).sum(1) / norm
    off = 0.5 - shares.mean(0)
    middle = b.mean(1) + torch.stack([along * off[0] - across * off[1], across * off[0] + along * off[1]], 1)
    far = (middle - upright[:, :2]).square().sum(1).sqrt() / h.clamp_min(1e-9)
    larger = (along.square() + across.square()).sqrt() / high
    fits = (far < OFF) & (larger > 0.5) & (larger < 2) & points.isfinite().all(2).all(1)
    return torch.where(fits[:, None], torch.cat([middle, along[:, None], across[:, None]], 1), upright)


def at(where: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    """`Square.at` of each square (n, 4): (m, 2) shares of its sides → (n, m, 2)."""
    along = where[:, None, 2:]
    down = torch.stack([-along[..., 1], along[..., 0]], -1)
    off = shares - 0.5
    return where[:, None, :2] + off[:, :1] * along + off[:, 1:] * down


@torch.library.custom_op("zorki::cutouts", mutates_args=())
def cutouts(picture: torch.Tensor, low: torch.Tensor, high: torch.Tensor, less: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """(n, c, side, side): windows of a picture (1, c, h, w). low, high, less: (n, 2) x, y; places: (n, side, side, 2)."""
    windows = zip(low.tolist(), high.tolist(), less.tolist(), places.unbind(), strict=True)
    cut = [aligning.sampled(picture, first, last, size, place[None]) for first, last, size, place in windows]
    return torch.cat(cut) if cut else picture.new_empty((0, picture.shape[1], *places.shape[1:3]))


@cutouts.register_fake
def _(picture: torch.Tensor, low: torch.Tensor, high: torch.Tensor, less: torch.Tensor, places: torch.Tensor) -> torch.Tensor:  # noqa: ARG001
    return picture.new_empty((low.shape[0], picture.shape[1], *places.shape[1:3]))


def operations() -> Operations:
    """How `cutouts` is written in ONNX: a loop, since each face is read of another part of the picture."""
    from zorki.wings.faces import _loop

    return {torch.ops.zorki.cutouts.default: _loop.windows}
