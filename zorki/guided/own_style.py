"""A painting that Zorki makes itself, so that a style is always at hand: strokes that follow a whirling field.

Source: the strokes are line integral convolution, Cabral and Leedom 1993.
Differs: coloured noise is carried along the field in place of white noise, and the strokes are lit from the side.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

from zorki.core.seeds import generator

# Night blue, ultramarine, teal, pale green, ochre, gold, warm white
PALETTE = (
    torch.tensor(
        [[14, 22, 58], [28, 54, 122], [36, 104, 150], [120, 168, 150], [190, 140, 58], [240, 196, 84], [250, 238, 196]],
        dtype=torch.float32,
        device="cpu",
    )
    / 255
)
WHIRLS = (
    (0.30, 0.28, 0.20, 1.0),
    (0.74, 0.22, 0.13, -1.0),
    (0.62, 0.58, 0.24, 1.0),
    (0.18, 0.72, 0.15, -1.0),
    (0.90, 0.80, 0.12, 1.0),
)  # x, y, reach, turn
LIGHTS = ((0.30, 0.28, 0.075), (0.74, 0.22, 0.05), (0.90, 0.80, 0.035))  # x, y, radius


def painting(side: int = 448, seed: int = 0) -> npt.NDArray[np.float32]:
    """(side, side, 3) float32 sRGB in 0..1, the same for the same seed."""
    g = generator(seed, "flow painting")
    line = (torch.arange(side, dtype=torch.float32, device="cpu") + 0.5) / side
    y, x = torch.meshgrid(line, line, indexing="ij")
    direction = field(x, y)
    colours = tinted(x, y, side, g)
    bristles = F.interpolate(
        torch.rand(1, 1, side // 2, side // 2, generator=g, dtype=torch.float32, device="cpu"),
        (side, side),
        mode="bilinear",
        align_corners=False,
    )
    strokes, ridges = along(torch.cat([colours, bristles], 1), direction, side, length=18).tensor_split([3], 1)
    relief = (ridges - ridges.mean()) / ridges.std()
    lit = relief[..., 1:, 1:] - relief[..., :-1, :-1]
    lit = F.pad(lit, (0, 1, 0, 1), mode="replicate")
    out = strokes + 0.055 * lit + 0.03 * relief
    made: npt.NDArray[np.float32] = out[0].permute(1, 2, 0).clamp(0, 1).numpy()
    return made


def field(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Unit directions (2, h, w): a waving wind, turned around each whirl."""
    u, v = torch.ones_like(x), 0.45 * torch.sin(7 * x + 3 * y)
    for cx, cy, reach, turn in WHIRLS:
        dx, dy = x - cx, y - cy
        near = 5.5 * torch.exp(-(dx**2 + dy**2) / (2 * (reach * 0.7) ** 2)) / reach
        u, v = u - turn * near * dy, v + turn * near * dx
    return torch.stack([u, v]) / torch.hypot(u, v).clamp_min(1e-6)


def tinted(x: torch.Tensor, y: torch.Tensor, side: int, g: torch.Generator) -> torch.Tensor:
    """Patches of paint (1, 3, side, side): where light is, warm; each patch a little off its neighbour."""
    glow = torch.zeros_like(x)
    for cx, cy, radius in LIGHTS:
        d = torch.hypot(x - cx, y - cy)
        rings = 0.75 + 0.25 * torch.cos(d / radius * 4.2)
        glow = torch.maximum(glow, torch.exp(-((d / (2.1 * radius)) ** 2)) * rings + (d < 0.6 * radius) * 0.3)
    hills = 0.72 + 0.07 * torch.sin(5.2 * x + 1) + 0.03 * torch.sin(13 * x)
    tone = 0.16 + 0.26 * y + 0.10 * torch.sin(9 * x + 6 * torch.sin(4 * y)) + 0.75 * glow
    tone = torch.where(y > hills, 0.05 + 0.55 * (y - hills) + 0.16 * (torch.sin(40 * (y - hills) + 9 * x) > 0.55), tone)
    patches = torch.randn(1, 1, side // 7, side // 7, generator=g, dtype=torch.float32, device="cpu")
    tone = tone + 0.15 * F.interpolate(patches, (side, side), mode="nearest")[0, 0]
    place = tone.clamp(0, 1) * (len(PALETTE) - 1)
    low = place.floor().long().clamp(max=len(PALETTE) - 2)
    share = (place - low)[..., None]
    return (PALETTE[low] * (1 - share) + PALETTE[low + 1] * share).permute(2, 0, 1)[None]


def along(picture: torch.Tensor, direction: torch.Tensor, side: int, length: int) -> torch.Tensor:
    """The mean of (1, c, h, w) along the field's lines, `length` pixels each way."""
    line = (torch.arange(side, dtype=torch.float32, device="cpu") + 0.5) / side * 2 - 1
    y, x = torch.meshgrid(line, line, indexing="ij")
    start = torch.stack([x, y], -1)[None]
    total, count = picture.clone(), 1
    for sign in (1.0, -1.0):
        at = start
        for _ in range(length):
            d = F.grid_sample(direction[None], at, padding_mode="border", align_corners=False).permute(0, 2, 3, 1)
            at = at + sign * d * 2 / side
            total = total + F.grid_sample(picture, at, padding_mode="reflection", align_corners=False)
            count += 1
    return total / count
