"""A painting in the photo's own size: with the photo's detail as strong as the painting made it, and the strokes as crisp as they are large.

What was worked at ends at some octave. Above it the photo has detail of its own, which is raised by what painting did to the octave
below; where that is not enough, as in a bare wall, the edges of the strokes are continued upwards (Greenspan, Anderson, Akber 2000,
"Image enhancement by nonlinear extrapolation in frequency space"). Octave by octave, so that each is made from the one below.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

from zorki.pixels.sizes import resize

MOST = 2.0  # times that the photo's own detail is raised
FALL = 0.7  # of the energy that painting added to an octave is added to the next; edges have that, and --full's paintings 0.8 to 1.1
BEND = 1.5  # how far strokes are bent into edges, in parts of their own height
REACH = 4  # pixels of the smaller size: how far around a place "here" is
AGAIN = 2  # times that what bringing down again would change is taken off
NOTHING = 1e-5  # energy below that of a grey level's rounding


def enlarged(photo: torch.Tensor, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """The photo changed as `before`, it in a smaller size, was to become `after`. Brought down again that is `after`, to 35 dB and more.

    photo: (1, c, H, W) in 0..1; before, after: (1, c, h, w). Clamped to 0..1. One channel of one octave at a time is worked at.
    """
    h, w = after.shape[-2:]
    hw = (photo.shape[-2], photo.shape[-1])
    factor = max(hw) / max(h, w)
    octaves = max(1, math.ceil(math.log2(factor) - 0.2)) if factor > 1 else 1
    for k in range(1, octaves + 1):
        size = hw if k == octaves else (round(h * factor ** (k / octaves)), round(w * factor ** (k / octaves)))
        whole = resize(photo, size).to(after.device)
        before, after = whole, octave(whole, before, after)
    return after


def octave(whole: torch.Tensor, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """One step up, to the size of `whole`; of less than twice the size, by as much less."""
    size, small = (whole.shape[-2], whole.shape[-1]), (after.shape[-2], after.shape[-1])
    share = min(1.0, max(0.0, 2 - 2 * max(small) / max(size)))
    band = finest(after)
    here, there = (around(x.pow(2).mean(1, keepdim=True)) for x in (band, finest(before)))
    gain = ((here + NOTHING) / (there + NOTHING)).sqrt().clamp(1, MOST) * share + 1 - share
    gain, height = up(gain, size).clamp(1, MOST), up(here, size).clamp_min(1e-8).sqrt()
    bent = torch.tanh(BEND * up(band.mean(1, keepdim=True), size) / height).mul_(
        height
    )  # of the lightness: edges of each colour alone look like noise
    bent -= up(down(bent, small), size)
    strength = around(energy(bent, small)) + 1e-7
    out = torch.empty_like(whole)
    for c in range(whole.shape[1]):
        one = slice(c, c + 1)
        own = whole[:, one] - up(before[:, one], size)
        had = energy(own, small)
        own *= gain
        lack = share * FALL * (here - there) - around(energy(own, small) - had)
        own.addcmul_(bent, up((lack.clamp_min(0) / strength).sqrt().clamp_max(3), size))
        own += up(after[:, one], size)
        for _ in range(AGAIN):
            own -= share * up(down(own, small) - after[:, one], size)
        out[:, one] = own.clamp_(0, 1)
    return out


def up(x: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    return F.interpolate(x, hw, mode="bicubic", align_corners=False)


def down(x: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    return F.interpolate(x, hw, mode="bicubic", antialias=True, align_corners=False)


def finest(x: torch.Tensor) -> torch.Tensor:
    """The octave that is lost when a picture is halved."""
    hw = (x.shape[-2], x.shape[-1])
    return x - up(down(x, (max(1, hw[0] // 2), max(1, hw[1] // 2))), hw)


def energy(x: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    """Mean of the squares in each place of a smaller size."""
    return F.adaptive_avg_pool2d(x.pow(2), hw)


def around(x: torch.Tensor) -> torch.Tensor:
    """Mean of the neighbourhood."""
    return F.avg_pool2d(F.pad(x, (REACH,) * 4, mode="replicate"), 2 * REACH + 1, 1)
