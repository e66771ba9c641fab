"""How the brush is taught: at each step a few photos, each in a style of its own, one of them a second time, moved and with noise.

Source: Dumoulin, Shlens, Kudlur 2017 (a style for each picture of a batch); Johnson, Alahi, Fei-Fei 2016 (the loss).
Differs: strengths below 1 ask for statistics between the photo's and the style's, so that the way from one to the other is even; what is
painted of a moved photo should be what was painted, moved, so that films stand still.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from zorki.nets.brush import Brush, of_styles
from zorki.painting.brush_loss import TURNS, Judge, Look, Targets, beyond, shares, variation, viewed
from zorki.train import Lesson
from zorki.wings.style._crops import Photos

MARGIN = 8  # pixels that the second look may be moved by
NOISE = 0.04  # the most of its standard deviation
GENTLE = 0.2  # below that strength the content is not held any more firmly


@dataclass(frozen=True)
class Recipe:
    """batch: photos a step, of side x side pixels; weaker: share of them at a strength below 1; stables: how many are looked at twice.

    content, variation, beyond, stable, second: weights beside 1 for style; second is what lite0 says of it. Until step `calm` an eighth of
    `stable`, since strokes must be there before they can be held still. small: share of the steps at which the painting is looked at
    smaller. rows: how much faster the styles' vectors learn.
    """

    batch: int = 4
    side: int = 256
    rows: float = 2.0
    second: float = 0.4
    content: float = 0.05
    variation: float = 0.2
    beyond: float = 3.0
    stable: float = 8.0
    stables: int = 1
    calm: int = 1000
    weaker: float = 0.15
    small: float = 0.35
    seed: int = 0


class Strokes(Lesson):
    """The lesson. often: how often each style is drawn beside the others; not given, all are alike. compiled: torch.compile for net and
    loss, a third faster on a processor, once it is done.
    """

    def __init__(
        self,
        net: Brush,
        photos: Photos,
        targets: Targets,
        look: Look,
        recipe: Recipe,
        compiled: bool = False,
        often: Sequence[float] = (),
    ) -> None:
        self.net: Brush = net
        self.photos, self.targets, self.recipe = photos, targets, recipe
        self.often = np.array(often, np.float64) / sum(often) if often else None
        judge, raw = Judge(look), net.raw
        self.judge = torch.compile(judge, dynamic=False) if compiled else judge
        self.raw = torch.compile(raw, dynamic=False) if compiled else raw

    def groups(self) -> list[dict[str, Any]]:
        rows = {k: v for k, v in self.net.named_parameters() if of_styles(k)}
        rest = [v for k, v in self.net.named_parameters() if k not in rows]
        return [{"params": rest, "times": 1.0}, {"params": list(rows.values()), "times": self.recipe.rows}]

    def draw(self, step: int) -> dict[str, torch.Tensor]:
        r, styles = self.recipe, self.net.styles
        chance = np.random.default_rng((r.seed, step))
        crops = self.photos.crops(r.batch, r.side + 2 * MARGIN, chance)
        which = chance.choice(styles, r.batch, replace=styles < r.batch, p=self.often)
        weak = chance.random(r.batch) < r.weaker
        strength = np.where(weak, chance.uniform(0.05, 1, r.batch), 1.0).astype(np.float32)
        move = chance.integers(-MARGIN, MARGIN + 1, 2)
        noise = chance.standard_normal((r.stables, 3, r.side, r.side), np.float32) * np.float32(chance.uniform(0, NOISE))
        y, x = (int(v) + MARGIN for v in move)
        view = int(chance.integers(TURNS)) + (TURNS if chance.random() < r.small else 0)
        return {
            "photo": crops[:, :, MARGIN:-MARGIN, MARGIN:-MARGIN].clone(),
            "moved": crops[: r.stables, :, y : y + r.side, x : x + r.side] + torch.from_numpy(noise),
            "view": torch.tensor(view, dtype=torch.long, device="cpu"),
            "move": torch.from_numpy(move),
            "which": torch.from_numpy(which.astype(np.int64)),
            "strength": torch.from_numpy(strength),
            "stable": torch.tensor(r.stable / (8 if step < r.calm else 1), dtype=torch.float32, device="cpu"),
        }

    def loss(self, shown: Any) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        r, photo, which, strength, n = self.recipe, shown["photo"], shown["which"], shown["strength"], len(shown["moved"])
        hot = F.one_hot(which, self.net.styles).float()
        both = self.raw(torch.cat([photo, shown["moved"]]), torch.cat([hot, hot[:n]]), torch.cat([strength, strength[:n]]))
        painted, again = both[: len(photo)], both[len(photo) :]
        seen = painted + (painted.clamp(0, 1) - painted).detach()  # what is seen is within 0..1; the slope passes as if it were not cut
        view = int(shown["view"])
        levels, content = self.judge(viewed(seen, view), viewed(photo, view), *self.targets.of(which, view), strength)
        first, second = shares(levels)
        parts = {
            "style": first.mean(),
            "second": second.mean(),
            "content": (content / strength.clamp_min(GENTLE)).mean(),
            "variation": variation(seen).mean(),
            "beyond": beyond(painted).mean(),
            "stable": unsteady(painted[:n], again, shown["move"]),
        }
        total = parts["style"] + sum(getattr(r, name) * parts[name] for name in ("second", "content", "variation", "beyond"))
        total = total + shown["stable"] * parts["stable"]
        return total, parts


def unsteady(one: torch.Tensor, two: torch.Tensor, move: torch.Tensor) -> torch.Tensor:
    """The mean square of how far apart they are where both show the same; two is of what lies `move` (down, right) further on."""
    if not len(one):
        return one.sum()
    down, right = (int(v) for v in move)
    h, w = one.shape[-2:]
    here = one[..., max(0, down) : h + min(0, down), max(0, right) : w + min(0, right)]
    there = two[..., max(0, -down) : h + min(0, -down), max(0, -right) : w + min(0, -right)]
    return (here - there).square().mean()
