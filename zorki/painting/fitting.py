"""A new style for a brush that is trained: its strokes stay, and only the few numbers that make a style are learnt.

Source: Dumoulin, Shlens, Kudlur 2017, section 3.3 (a new style is fitted to a trained network by its vectors alone, in a fraction of the steps).
Differs: it begins with the known styles that are nearest by the loss itself, and practises on the photo that is to be painted.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional as F

from zorki import weights
from zorki.core import processor
from zorki.nets.brush import Brush, of_styles
from zorki.painting.brush_loss import Judge, Look, Targets, beyond, shares, variation
from zorki.painting.fitted import with_rows

STEPS, SIDE, BATCH, RATE = 100, 192, 2, 0.04
NEAR = 3  # known styles that it begins with a mixture of
SECOND, CONTENT, VARIATION, BEYOND = 0.4, 0.025, 0.2, 3.0  # beside 1 for style, as in training


def fit(
    brush: Brush,
    painting: torch.Tensor,
    photo: torch.Tensor,
    steps: int = STEPS,
    tell: Callable[[int, float], None] = lambda _i, _loss: None,
    seed: int = 0,
    second: bool | None = None,
) -> dict[str, torch.Tensor]:
    """painting, photo: (1, 3, h, w) float32 sRGB in 0..1, as large as they are to be looked at. Returns the style's rows, as `with_rows` takes them.

    tell: hears each step and its loss. second: whether lite0 looks too; not given: where it is installed. The same call gives the same rows; the brush stays as it is.
    """
    second = weights.card("lite0").installed if second is None else second
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # its squares are small: threads that wait for each other on a busy machine cost tenfold
    try:
        return fit_alone(brush, painting, photo, steps, tell, seed, second)
    finally:
        torch.set_num_threads(threads)


def fit_alone(
    brush: Brush, painting: torch.Tensor, photo: torch.Tensor, steps: int, tell: Callable[[int, float], None], seed: int, second: bool
) -> dict[str, torch.Tensor]:
    """The same with as many threads as there are."""
    chance = np.random.default_rng(seed)
    with torch.inference_mode(False), torch.enable_grad():
        look: Look = Look(second).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        judge, targets = Judge(look), Targets(look, [painting], crops(photo, 8, chance))
        one = with_rows(brush, [nearest(brush, judge, targets, crops(photo, 1, chance))], alone=True)
        learnt = [p.requires_grad_(True) for k, p in one.named_parameters() if of_styles(k)]
        adam = torch.optim.Adam(learnt, RATE, betas=(0.9, 0.99))
        for step in range(steps):
            for group in adam.param_groups:
                group["lr"] = RATE * (0.5 + 0.5 * np.cos(np.pi * step / steps))
            loss = lost(one, judge, targets, crops(photo, BATCH, chance), torch.zeros(BATCH, dtype=torch.long, device="cpu"))
            adam.zero_grad()
            loss.mean().backward()  # type: ignore[no-untyped-call]
            adam.step()
            tell(step + 1, float(loss.detach().mean()))
    return {k: v[0].clone() for k, v in one.vectors().items()}


def lost(
    brush: Brush, judge: Judge, targets: Targets, photos: torch.Tensor, which: torch.Tensor, aims: torch.Tensor | None = None
) -> torch.Tensor:
    """(b,): what is wrong with each photo painted in its style. aims: the target of each; not given: of the style's number."""
    with torch.autocast("cpu", torch.bfloat16, enabled=processor.bfloat16()):
        painted = brush.raw(photos, F.one_hot(which, brush.styles).float())
        seen = painted + (painted.clamp(0, 1) - painted).detach()
        aim = which if aims is None else aims
        levels, content = judge(seen, photos, *targets.of(aim), torch.ones(len(photos), dtype=torch.float32, device="cpu"))
    style, more = shares(levels)
    total: torch.Tensor = style + SECOND * more + CONTENT * content + VARIATION * variation(seen) + BEYOND * beyond(painted)
    return total


@torch.no_grad()
def nearest(brush: Brush, judge: Judge, targets: Targets, photos: torch.Tensor) -> dict[str, torch.Tensor]:
    """A mixture of the known styles that paint most like it, the more of each the less is wrong."""
    aims = torch.zeros(len(photos), dtype=torch.long, device="cpu")
    losses = torch.stack([lost(brush, judge, targets, photos, torch.full_like(aims, k), aims).mean() for k in range(brush.styles)])
    best = losses.argsort()[:NEAR]
    share = losses[best].square().reciprocal()
    share = share / share.sum()
    return {k: (v[best] * share.view(-1, *[1] * (v.ndim - 1))).sum(0) for k, v in brush.vectors().items()}


def crops(photo: torch.Tensor, count: int, chance: np.random.Generator) -> torch.Tensor:
    """(count, 3, SIDE, SIDE): squares of 60 to 100 % of the short side, half of them mirrored."""
    h, w = photo.shape[-2:]
    out = []
    for _ in range(count):
        own = max(1, round(min(h, w) * chance.uniform(0.6, 1)))
        y, x = chance.integers(h - own + 1), chance.integers(w - own + 1)
        cut = photo[..., y : y + own, x : x + own]
        cut = cut.flip(-1) if chance.random() < 0.5 else cut
        out.append(F.interpolate(cut, (SIDE, SIDE), mode="bicubic", antialias=True, align_corners=False).clamp(0, 1))
    return torch.cat(out).contiguous(memory_format=torch.channels_last)
