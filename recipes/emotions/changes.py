"""Faces seen in another way: as another box would have cut them, in another light, blurred, noisy, partly covered.

All that is drawn at random comes from torch's generator, which a training seeds before each step.

Source: Zhong et al. 2017 (random erasing); Zhang et al. 2017 (mixup).
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

TURN, SHIFT, ZOOM, STRETCH = 12.0, 0.07, 0.16, 0.07  # degrees; shares of the side; logarithms
LIGHT, ACROSS = 0.4, 0.35  # logarithm of gamma; how much brighter one side is than the other
NOISE, SMALL = 0.04, (16, 40)  # spread of the noise; sides that a face is brought down to
COVER = (0.02, 0.15)  # share of the face that is covered
OFTEN = 0.25  # share of the faces that are made small, are noisy, or are covered: each for itself
MIXED = 0.4  # both numbers of the beta distribution


def changed(faces: torch.Tensor, side: int) -> torch.Tensor:
    """(b, 1, side, side) in 0..1 of faces (b, 1, h, w)."""
    x = covered(noisy(lit(placed(faces, side))))
    return smaller(x, side)


def placed(faces: torch.Tensor, side: int) -> torch.Tensor:
    """Turned, moved, enlarged, stretched and mirrored; what lies beyond the border is reflected."""
    b = len(faces)
    angle, zoom, wider = uniform(b, math.radians(TURN)), uniform(b, ZOOM).exp(), uniform(b, STRETCH).exp()
    mirror = torch.where(torch.rand(b, device="cpu") < 0.5, -1.0, 1.0)
    across, down = zoom * wider, zoom / wider
    theta = torch.stack(
        [
            torch.stack([angle.cos() * across * mirror, -angle.sin() * down, uniform(b, 2 * SHIFT)], 1),
            torch.stack([angle.sin() * across * mirror, angle.cos() * down, uniform(b, 2 * SHIFT)], 1),
        ],
        1,
    )
    grid = F.affine_grid(theta, [b, 1, side, side], align_corners=False)
    return F.grid_sample(faces, grid, "bilinear", "reflection", align_corners=False)


def lit(x: torch.Tensor) -> torch.Tensor:
    """Brighter or darker in the middle tones, and brighter towards one side."""
    b, side = len(x), x.shape[-1]
    gamma = uniform(b, LIGHT).exp().view(-1, 1, 1, 1)
    way = uniform(b, math.pi)
    line = torch.linspace(-0.5, 0.5, side, device="cpu", dtype=torch.float32)
    ramp = line[None, None, :] * way.cos().view(-1, 1, 1) + line[None, :, None] * way.sin().view(-1, 1, 1)
    much = 1 + uniform(b, ACROSS).view(-1, 1, 1) * ramp
    return (x.clamp(1e-4, 1) ** gamma * much[:, None]).clamp(0, 1)


def noisy(x: torch.Tensor) -> torch.Tensor:
    often = NOISE * torch.rand(len(x), device="cpu") * chosen(len(x))
    return (x + often.view(-1, 1, 1, 1) * torch.randn_like(x)).clamp(0, 1)


def covered(x: torch.Tensor) -> torch.Tensor:
    """A rectangle of some of them is one grey."""
    b, side = len(x), x.shape[-1]
    area = torch.empty(b, device="cpu", dtype=torch.float32).uniform_(*COVER)
    shape = uniform(b, math.log(2)).exp().sqrt()
    size = torch.stack([area.sqrt() * shape, area.sqrt() / shape], 1) * side
    corner = torch.rand(b, 2, device="cpu") * (side - size)
    at = torch.arange(side, device="cpu", dtype=torch.float32) + 0.5
    rows, columns = (((at >= corner[:, k, None]) & (at < (corner + size)[:, k, None])) for k in (0, 1))
    inside = (rows[:, :, None] & columns[:, None, :]) & chosen(b).bool()[:, None, None]
    return torch.where(inside[:, None], torch.rand(b, 1, 1, 1, device="cpu"), x)


def smaller(x: torch.Tensor, side: int) -> torch.Tensor:
    """Some of them as a small face in a photo would be enlarged: all of one size in a batch."""
    few = chosen(len(x)).bool()
    if few.any():
        small = int(torch.randint(SMALL[0], min(SMALL[1], side) + 1, (), device="cpu"))
        less = F.interpolate(x[few], (small, small), mode="bilinear", antialias=True, align_corners=False)
        x[few] = F.interpolate(less, (side, side), mode="bilinear", align_corners=False)
    return x


def mixed(x: torch.Tensor, said: torch.Tensor, weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Each face laid over the next one, what was said of both alike."""
    share = float(torch.distributions.Beta(MIXED, MIXED).sample())
    share = max(share, 1 - share)
    part = [w * s for w, s in ((weight, share), (weight.roll(1), 1 - share))]
    both = part[0] + part[1]
    target = (part[0][:, None] * said + part[1][:, None] * said.roll(1, 0)) / both[:, None]
    return share * x + (1 - share) * x.roll(1, 0), target, both


def uniform(count: int, most: float) -> torch.Tensor:
    """Numbers in ±most."""
    return torch.empty(count, device="cpu", dtype=torch.float32).uniform_(-most, most)


def chosen(count: int) -> torch.Tensor:
    """1 for the few, 0 for the others."""
    return (torch.rand(count, device="cpu") < OFTEN).float()
