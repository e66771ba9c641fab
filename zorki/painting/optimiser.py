"""Painting: a picture changed step by step so that what it is judged by falls, with a state that can be put away and gone on with.

Source: Gatys, Ecker, Bethge 2016 (L-BFGS); Crowson 2021 (Adam, its state carried from size to size).
Differs: an update after which the loss is ten times what it was is taken back; what stands still is told of; L-BFGS, whose loss may rise
from one update to the next, gives the best of its pictures, the last one among them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Literal

import torch
from torch.nn import functional as F

from zorki.core import events
from zorki.core.errors import Stopped
from zorki.pixels.driver import KEPT, Judged, Mover, Step, drive

Optimiser = Literal["adam", "lbfgs"]
JUMP = 10.0  # a loss that grows by this in one update is a wrong step
STILL = 20  # steps without progress until it is told
LEAST = 1e-6  # share of the loss that is progress
HISTORY = 20  # updates that L-BFGS remembers, each two pictures
FIRST = 0.005  # mean change of a pixel by L-BFGS's first update, for which it knows no curvature yet
PATIENCE = 5  # updates taken back, one after another, until there is no sense in going on
STATE = ("name", "rate", "unit", "fresh", "losses", "refused", "told", "least")


class PictureOptimiser:
    """A picture (1, 3, h, w) in 0..1 and the optimiser that changes it.

    grey: it keeps no colour. rate: of Adam, the size of an update; L-BFGS finds its own.
    """

    def __init__(self, start: torch.Tensor, optimiser: Optimiser = "adam", rate: float = 0.02, grey: bool = False) -> None:
        self.picture = start.detach().clone().float().requires_grad_(True)
        self.rate, self.grey = rate, grey
        self.name: Optimiser = optimiser
        self.unit = 0.0  # the first mean |slope|, by which slopes are divided: a large picture's are tiny
        self.fresh = True
        self.good = self.picture.detach().clone()  # before the last update
        self.best = self.good if optimiser == "lbfgs" else None  # of all that were judged
        self.least = math.inf  # its loss
        self.losses: list[float] = []  # the last ones
        self.refused, self.told = 0, False
        self.optimiser = self.made()

    def made(self) -> torch.optim.Optimizer:
        if self.name == "adam":
            return torch.optim.Adam([self.picture], lr=self.rate, betas=(0.9, 0.99))
        return torch.optim.LBFGS([self.picture], lr=1, max_iter=1, history_size=HISTORY, tolerance_grad=0, tolerance_change=0)

    def next(self, hw: tuple[int, int], start: torch.Tensor) -> PictureOptimiser:
        """One for the next size, where Adam goes on with what it knows; start: (1, 3, *hw)."""
        out = PictureOptimiser(start, self.name, self.rate, self.grey)
        out.unit = self.unit * self.picture.numel() / start.numel()  # a pixel of a larger picture counts for less
        state: dict[str, Any] = dict(self.optimiser.state.get(self.picture, {}))
        if self.name == "adam" and state:
            state["exp_avg"] = F.interpolate(state["exp_avg"], hw, mode="bicubic", align_corners=False)
            state["exp_avg_sq"] = F.interpolate(state["exp_avg_sq"], hw, mode="bilinear", align_corners=False)
            out.optimiser.state[out.picture] = state
        return out

    def state(self) -> dict[str, Any]:
        """All that is needed to go on as if nothing had happened: tensors, numbers, lists of them."""
        kept = {key: getattr(self, key) for key in STATE} | {"best": self.best}
        return kept | {"picture": self.picture.detach().clone(), "good": self.good.clone(), "optimiser": self.optimiser.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        for key in STATE:
            setattr(self, key, state[key])
        self.replace_picture(state["picture"])
        self.good.copy_(state["good"])
        self.best = state["best"]
        self.optimiser = self.made()
        self.optimiser.load_state_dict(state["optimiser"])

    def update(self, judged: Judged) -> None:
        """One update by what was judged of the picture as it is."""
        slope = judged.slope.mean(1, keepdim=True).expand_as(judged.slope) if self.grey else judged.slope
        self.unit = self.unit or float(slope.abs().mean()) or 1.0
        self.picture.grad = (slope / self.unit).contiguous()
        if self.name == "adam":
            self.optimiser.step()
        else:
            self.optimiser.param_groups[0]["lr"] = FIRST * self.picture.numel() if self.fresh else 1.0
            self.fresh = False
            self.optimiser.step(lambda: judged.loss / self.unit)
        self.picture.grad = None
        with torch.no_grad():
            self.picture.nan_to_num_(0.5).clamp_(0, 1)

    def remember(self, loss: float) -> None:
        """The picture as it is, of that loss, where it is the best so far."""
        if self.best is not None and loss < self.least:
            self.least, self.best = loss, self.picture.detach().clone()

    @torch.no_grad()
    def replace_picture(self, picture: torch.Tensor) -> None:
        """That one is the picture now."""
        self.picture.copy_(picture)

    def back(self) -> None:
        """To the picture before the last update, more carefully."""
        self.replace_picture(self.good)
        self.rate /= 2
        self.fresh = True
        self.optimiser = self.made()

    def gentle(self) -> None:
        """From L-BFGS to Adam, from here on."""
        self.name = "adam"
        self.optimiser = self.made()


class Watched(Mover):
    """Moves a picture by its optimiser, and watches its loss on the way.

    An update that multiplies it by ten is taken back; that it stands still is told, and L-BFGS gives way to Adam; of L-BFGS's pictures the
    best is kept. judge: as of `paint`.
    """

    def __init__(self, optimiser: PictureOptimiser, judge: Callable[[torch.Tensor], Judged], steps: int) -> None:
        self.optimiser, self.judge, self.steps = optimiser, judge, steps

    def accept(self, i: int, judged: Judged) -> Judged:
        o = self.optimiser
        if o.losses and judged.loss > JUMP * o.losses[-1] + 1e-12:
            judged = self.taken_back(i, judged)
        elif o.losses:
            o.refused = 0
        o.good = o.picture.detach().clone()
        o.remember(judged.loss)
        o.losses = [*o.losses[1 - STILL :], judged.loss]
        if len(o.losses) == STILL and not o.told and max(o.losses) - min(o.losses) <= LEAST * abs(max(o.losses)):
            self.tell_still(i)
        return judged

    def taken_back(self, i: int, judged: Judged) -> Judged:
        """What is judged of the picture before the last update. Raises Stopped where that was of no use several times."""
        o = self.optimiser
        o.refused += 1
        if o.refused > PATIENCE:
            o.back()
            raise Stopped(f"Step {i} of {self.steps}: the loss grows tenfold with every update.", KEPT, "Try a smaller --rate.")
        larger = judged.loss / max(o.losses[-1], 1e-30)
        events.note(f"Step {i} of {self.steps}: the last update made the loss {larger:.0f} times larger: taken back.")
        o.back()
        o.losses = []
        return self.judge(o.picture.detach())

    def tell_still(self, i: int) -> None:
        o = self.optimiser
        o.told = True
        more = "Adam goes on from here." if o.name == "lbfgs" else "More steps will change little."
        events.note(f"Step {i} of {self.steps}: the loss has stood still for {STILL} steps. {more}")
        if o.name == "lbfgs":
            o.gentle()

    def move(self, judged: Judged) -> None:
        self.optimiser.update(judged)

    def settle(self) -> None:
        """Of L-BFGS the best picture, among them the one that nobody has judged yet."""
        o = self.optimiser
        if o.best is None:
            return
        last = self.judge(o.picture.detach())
        if all(map(math.isfinite, last.parts.values())):
            o.remember(last.loss)
        o.replace_picture(o.best)
        o.refused = 0

    def restore(self, i: int) -> str:
        self.optimiser.replace_picture(self.optimiser.good)
        return "Nothing was painted yet." if i == 1 else KEPT


def paint(
    optimiser: PictureOptimiser,
    judge: Callable[[torch.Tensor], Judged],
    *,
    steps: int,
    done: int = 0,
    stage: int = 1,
    stages: int = 1,
    show: Callable[[torch.Tensor, int | None], torch.Tensor] | None = None,
) -> Iterator[Step]:
    """Yields one Step an update, from step done + 1 on.

    judge: of a picture (1, 3, h, w), as `Painter.judge`. show: from the picture that is worked at, and the longest side asked for (None: the
    photo's own), to what is seen. Raises Stopped at the first value that is not finite, naming step and term, and where the loss grows
    tenfold with every update; the picture then is the last good one.
    """

    def seen(side: int | None = None) -> torch.Tensor:
        picture = optimiser.picture.detach()
        return picture if show is None else show(picture, None if side is None else max(side, *picture.shape[-2:]))

    try:
        yield from drive(
            lambda _: judge(optimiser.picture.detach()), Watched(optimiser, judge, steps), seen, sketch=seen, steps=steps, done=done,
            stage=stage, stages=stages, advice="Try smaller weights, another layer, or another network.",
        )  # fmt: skip
    finally:
        if optimiser.refused:  # the update before was taken back, and nobody has judged the last one
            optimiser.replace_picture(optimiser.good)
