"""How what is seen moves from one frame of a film to the next, and a picture moved along.

Source: Lucas, Kanade 1981 (displacements by least squares in a window); Bouguet 2000 (from small sizes to large); Sun, Roth, Black 2010 (a median
after each warp); Ruder, Dosovitskiy, Brox 2016 (what is not seen in both frames is not carried on).
Differs: each least square holds a little to what the size before found, so that where nothing is to be seen things move as around it.
"""

from __future__ import annotations

from functools import partial

import torch
from torch.nn import functional as F

from zorki.core import hands
from zorki.pixels.sizes import fit

SIDE = 320  # longest side at which motion is looked for
LEAST = 12  # shortest side of the smallest size
WINDOW, ROUNDS = 7, 3  # radius of the window, of which the middle counts most; warps at each size
HOLD = 2e-4  # variance of brightness against which the size before counts as much as what is seen
APART = 0.06  # difference between a frame and the one before, moved, at which trust falls to e^-1
LUMA = (0.299, 0.587, 0.114)


@torch.no_grad()
def flow(before: torch.Tensor, now: torch.Tensor) -> torch.Tensor:
    """(1, 2, h, w), right and down, in pixels: where each pixel of `now` was in `before`; both are (1, 3, h, w) in 0..1.

    h, w: of the frames, or smaller where their longest side is beyond SIDE; then in pixels of that size.
    """
    hw = fit((now.shape[-2], now.shape[-1]), SIDE)
    a, b = (F.interpolate(luminous(x), hw, mode="area") for x in (before, now))
    sizes = [hw]
    while min(sizes[-1]) >= 2 * LEAST:
        sizes.append((-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2)))
    found = torch.zeros(1, 2, *sizes[-1], dtype=torch.float32, device=now.device)
    for size in reversed(sizes):
        found = scaled(found, size)
        one, two = (F.interpolate(x, size, mode="area") for x in (a, b))
        for _ in range(ROUNDS):
            found = median(found + moved_on(one, two, found))
    return found


def luminous(x: torch.Tensor) -> torch.Tensor:
    weights = torch.tensor(LUMA, dtype=x.dtype, device="cpu").to(x.device)
    return (x * weights[:, None, None]).sum(1, keepdim=True)


def moved_on(before: torch.Tensor, now: torch.Tensor, found: torch.Tensor) -> torch.Tensor:
    """What is still missing to a flow, by least squares in the window around each pixel."""
    warped = warp(before, found, "bilinear")
    x, y = slopes((warped + now) / 2)
    t = warped - now
    xx, xy, yy, xt, yt = torch.split(window(torch.cat([x * x, x * y, y * y, x * t, y * t], 1)), 1, 1)
    xx, yy = xx + HOLD, yy + HOLD
    free = xx * yy - xy * xy
    return torch.cat([xy * yt - yy * xt, xy * xt - xx * yt], 1).div(free).clamp(-1, 1)


def slopes(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Of brightness to the right and down, (1, 1, h, w) each."""
    wide = F.pad(x, (1, 1, 1, 1), mode="replicate")
    return (wide[..., 1:-1, 2:] - wide[..., 1:-1, :-2]) / 2, (wide[..., 2:, 1:-1] - wide[..., :-2, 1:-1]) / 2


def window(x: torch.Tensor) -> torch.Tensor:
    """Means around each pixel, nearer ones counting more."""
    x = F.pad(x, (WINDOW,) * 4, mode="replicate") / (WINDOW + 1) ** 4
    for dim in (-1, -2):
        for far in 2 * (1, 2, 4):  # each sum of two doubles how many are summed: twice over eight
            x = x.narrow(dim, 0, x.shape[dim] - far) + x.narrow(dim, far, x.shape[dim] - far)
    return x


def median(x: torch.Tensor) -> torch.Tensor:
    """Of three by three, by comparing pairs: the columns in order, then the largest of the least, the middle of the middles, the least of the largest.

    Source: Smith 1996, "Implementing median filters in XC4000E FPGAs".
    """
    h, w = x.shape[-2:]
    wide = F.pad(x, (1, 1, 1, 1), mode="replicate")
    low, mid, high = ordered(wide[..., :h, :], wide[..., 1 : h + 1, :], wide[..., 2:, :])

    def three(a: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return a[..., :w], a[..., 1 : w + 1], a[..., 2:]

    least, middle, most = (ordered(*three(a)) for a in (low, mid, high))
    return ordered(least[2], middle[1], most[0])[1]


def ordered(a: torch.Tensor, b: torch.Tensor, c: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Three, the least first, place by place."""
    a, b = torch.minimum(a, b), torch.maximum(a, b)
    b, c = torch.minimum(b, c), torch.maximum(b, c)
    return torch.minimum(a, b), torch.maximum(a, b), c


def scaled(found: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    """A flow for pictures of another size."""
    h, w = found.shape[-2:]
    if (h, w) == hw:
        return found
    factors = torch.tensor([hw[1] / w, hw[0] / h], dtype=found.dtype, device="cpu").to(found.device)
    return F.interpolate(found, hw, mode="bilinear", align_corners=False) * factors[:, None, None]


def warp(x: torch.Tensor, found: torch.Tensor, mode: str = "bicubic") -> torch.Tensor:
    """(1, c, h, w): x read where the flow (1, 2, h, w) says that each pixel was."""
    h, w = x.shape[-2:]
    down, right = (torch.arange(n, dtype=x.dtype, device=x.device) for n in (h, w))
    grid = torch.stack([(right + found[0, 0] + 0.5) * (2 / w) - 1, (down[:, None] + found[0, 1] + 0.5) * (2 / h) - 1], -1)
    return F.grid_sample(x, grid[None], mode, "border", align_corners=False)


@torch.no_grad()
def followed(before: torch.Tensor, now: torch.Tensor, made: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """What was made of `before`, moved to `now`, (1, 3, h, w) in 0..1; and where it may be trusted, (1, 1, h, w) from 0 to 1.

    Trusted is what looks alike in both frames once moved, and comes back when it is followed the other way.
    """
    hw = (now.shape[-2], now.shape[-1])
    there, back = hands.each([partial(flow, before, now), partial(flow, now, before)])  # many small operations: threads would wait at each
    astray = (there + warp(back, there, "bilinear")).square().sum(1, keepdim=True)
    allowed = 0.25 + 0.01 * (there.square() + back.square()).sum(1, keepdim=True)
    returns = F.interpolate((-(astray / allowed)).exp(), hw, mode="bilinear", align_corners=False)
    found = scaled(there, hw)
    apart = F.avg_pool2d((warp(before, found, "bilinear") - now).abs().mean(1, keepdim=True), 3, 1, 1, count_include_pad=False)
    return warp(made, found).clamp_(0, 1), returns * (-(apart / APART).square()).exp()
