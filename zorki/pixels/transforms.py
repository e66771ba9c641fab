"""Small random movements: what a channel answers to must survive them, so noise that depends on single pixels dies out.

Source: Olah, Mordvintsev, Schubert 2017, "transformation robustness".
Differs: shift, scale and turn are one resampling, not three, and an item's movements depend on its own seed alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch.nn import functional as F

from zorki.core.seeds import uniform


class Movement(Protocol):
    """`plan` draws all random numbers of a climb at once, (steps, b, 4) in -1..1; the call moves pictures by one step's."""

    def plan(self, steps: int, seeds: Sequence[int]) -> torch.Tensor: ...
    def __call__(self, x: torch.Tensor, draw: torch.Tensor) -> torch.Tensor: ...


def drawn(steps: int, seeds: Sequence[int]) -> torch.Tensor:
    return torch.stack([uniform((steps, 4), s, "movement") * 2 - 1 for s in seeds], 1)


@dataclass(frozen=True)
class Wobble:
    """jitter: pixels to each side. scale: share by which the size varies. turn: degrees to each side.

    rolls: the picture wraps around (a Fourier canvas does), so it is rolled by any distance first. No place stays at the
    border then, where a net's zero padding would be drawn as a frame.
    """

    jitter: float = 8
    scale: float = 0.1
    turn: float = 5
    rolls: bool = False

    def plan(self, steps: int, seeds: Sequence[int]) -> torch.Tensor:
        """Shift x, shift y, scale, turn."""
        return drawn(steps, seeds)

    def __call__(self, x: torch.Tensor, draw: torch.Tensor) -> torch.Tensor:
        """x: pictures (b, 3, h, w). draw: (b, 4), one step of the plan. The border is mirrored inwards."""
        h, w = x.shape[-2:]
        if self.rolls:
            x = rolled(x, draw, w / 2, h / 2)
        theta = moved(draw.to(x.device), self.scale, self.turn, self.jitter, self.jitter, (h, w))
        grid = F.affine_grid(theta, list(x.shape), align_corners=False)
        return F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)


@dataclass(frozen=True)
class Framed:
    """Shows the whole picture at the net's own size, each time from a little further off, nearer, turned or aside: a large drawing for a net of small pictures gets
    its details from many looks. hw: that size. shift: share of the side, to each. scale: share by which the size varies. turn: degrees to each side.
    """

    hw: tuple[int, int]
    shift: float = 0.05
    scale: float = 0.1
    turn: float = 5

    def plan(self, steps: int, seeds: Sequence[int]) -> torch.Tensor:
        """Shift x, shift y, scale, turn."""
        return drawn(steps, seeds)

    def __call__(self, x: torch.Tensor, draw: torch.Tensor) -> torch.Tensor:
        """x: pictures (b, c, h, w) → (b, c, *hw), antialiased. The border is mirrored inwards."""
        h, w = x.shape[-2:]
        theta = moved(draw.to(x.device), self.scale, self.turn, self.shift * w, self.shift * h, (h, w))
        twice = (2 * self.hw[0], 2 * self.hw[1])  # each pixel is the mean of four looks
        if h > twice[0] or w > twice[1]:
            x = F.interpolate(x, (min(h, twice[0]), min(w, twice[1])), mode="bilinear", antialias=True, align_corners=False)
        grid = F.affine_grid(theta, [len(x), x.shape[1], *twice], align_corners=False)
        return F.avg_pool2d(F.grid_sample(x, grid, padding_mode="reflection", align_corners=False), 2)


@dataclass(frozen=True)
class Roll:
    """Shifts by whole pixels, what leaves on one side comes back on the other: nothing is resampled, no seam stays in place.

    jitter: pixels to each side, at most half the picture's side. Source: Mordvintsev, Olah, Tyka 2015.
    """

    jitter: int = 32

    def plan(self, steps: int, seeds: Sequence[int]) -> torch.Tensor:
        """Shift x, shift y; the other two are not used."""
        return drawn(steps, seeds)

    def __call__(self, x: torch.Tensor, draw: torch.Tensor) -> torch.Tensor:
        h, w = x.shape[-2:]
        return rolled(x, draw, min(self.jitter, w // 2), min(self.jitter, h // 2))


def rolled(x: torch.Tensor, draw: torch.Tensor, most_x: float, most_y: float) -> torch.Tensor:
    """Each picture shifted by whole pixels, at most so many; what leaves on one side comes back on the other."""
    moves = [(round(float(dy) * most_y), round(float(dx) * most_x)) for dx, dy, _, _ in draw]
    return torch.stack([torch.roll(picture, move, (-2, -1)) for picture, move in zip(x, moves, strict=True)])


def moved(draw: torch.Tensor, scale: float, turn: float, right: float, down: float, hw: tuple[int, int]) -> torch.Tensor:
    """(b, 2, 3): what `affine_grid` takes for a step of the plan (b, 4) of pictures of hw; scale, turn, right, down: the most of each, as a share, in degrees, in pixels."""
    h, w = hw
    size, angle = 1 / (1 + scale * draw[:, 2]), draw[:, 3] * math.radians(turn)
    cos, sin = torch.cos(angle) * size, torch.sin(angle) * size
    # In grid_sample's units a picture reaches from -1 to 1 on both axes, so turning needs the ratio of the sides.
    return torch.stack(
        [
            torch.stack([cos, -sin * h / w, draw[:, 0] * right * 2 / w], 1),
            torch.stack([sin * w / h, cos, draw[:, 1] * down * 2 / h], 1),
        ],
        1,
    )
