"""Climbing: change a canvas step by step so that an objective rises, by autograd."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Literal

import torch

from zorki import lens
from zorki.core import events
from zorki.pixels.ascent import Ascent
from zorki.pixels.canvas import Canvas
from zorki.pixels.driver import KEPT, Judge, Judged, Mover, Step, drive
from zorki.pixels.objectives import LOGITS, PICTURE, Objective
from zorki.pixels.transforms import Movement

REDIRECTED = 17  # updates in which a dead ReLU may pass a gradient, as in Lucid
USUAL = (2.0**-10, 2.0**7)  # the largest number of a picture's gradient; what Adam's epsilon, 1e-8, does to a drawing is of this size
Optimiser = Literal["adam", "lbfgs", "ascent"]


def climb(
    net: lens.Net,
    canvas: Canvas,
    objective: Objective,
    *,
    steps: int,
    rate: float = 0.05,
    wobble: Movement | None = None,
    seeds: Sequence[int] = (0,),
    optimiser: Optimiser = "adam",
    stage: int = 1,
    stages: int = 1,
    show: Callable[[torch.Tensor], torch.Tensor] | None = None,
    labels: Sequence[str] = (),
) -> Iterator[Step]:
    """Yields one Step an update. Whoever loops may break off; the network comes back as it was.

    wobble: random movements, planned from one seed for each picture. show: turns the canvas's picture into the one
    that a Step gives; labels: a caption for each picture of it. Raises Stopped at the first value that is not finite: the step and the term are named, and the
    canvas holds the last good picture.
    """
    plan = None if wobble is None else wobble.plan(steps, seeds)
    paint = canvas if show is None else lambda: show(canvas())
    yield from drive(
        Autograd(net, canvas, objective, wobble, plan), CanvasMover(canvas, optimiser, rate), paint, steps=steps,
        advice="Try a smaller rate, or another layer.", stage=stage, stages=stages, labels=labels,
    )  # fmt: skip


class Autograd(Judge):
    """Loss and slope of a canvas, through an objective, the network, and a movement. plan: (steps, b, 4), what the movement does."""

    def __init__(
        self, net: lens.Net, canvas: Canvas, objective: Objective, wobble: Movement | None = None, plan: torch.Tensor | None = None
    ) -> None:
        self.net, self.canvas, self.objective, self.wobble, self.plan = net, canvas, objective, wobble, plan
        self.even, self.dead = Even(), False

    def __call__(self, i: int) -> Judged:
        judged = self.look(i)
        if i == 1 and any_dead(judged.slopes) and judged.flaw is None:
            self.dead = True
            events.note("A picture has no gradient at the start (dead ReLUs): the first steps let it through.")
            judged = self.look(i)
        return judged

    def look(self, i: int) -> Judged:
        """One pass to and fro."""
        net, parameters = self.net, self.canvas.parameters()
        parts: dict[str, torch.Tensor] = {}
        with torch.inference_mode(False), torch.enable_grad(), net.quiet(), ExitStack() as rule:
            if self.dead and i <= REDIRECTED:
                rule.enter_context(lens.backward_rule(net.module, "redirect"))
            picture = self.canvas()
            moved = picture if self.wobble is None or self.plan is None else self.wobble(picture, self.plan[i - 1])
            loss = -objective_value(self.objective, read(net, moved, picture, self.objective.reads), parts)
            slopes = self.even(lens.gradients(net, loss.sum(), parameters, moved), first=i == 1)
        return Judged(float(loss.mean().detach()), {n: float(v.mean()) for n, v in parts.items()}, slopes)


class CanvasMover(Mover):
    """Changes a canvas's parameters by one of torch's optimisers."""

    def __init__(self, canvas: Canvas, name: Optimiser, rate: float) -> None:
        self.canvas, self.parameters = canvas, canvas.parameters()
        self.name, self.optimiser = name, optimiser_of(name, self.parameters, rate)
        self.good = [p.detach().clone() for p in self.parameters]

    def accept(self, i: int, judged: Judged) -> Judged:  # noqa: ARG002
        self.good = [p.detach().clone() for p in self.parameters]
        return judged

    def move(self, judged: Judged) -> None:
        for p, g in zip(self.parameters, judged.slopes, strict=True):
            p.grad = g.contiguous()
        self.optimiser.step((lambda: judged.loss) if self.name == "lbfgs" else None)
        self.optimiser.zero_grad(set_to_none=True)
        self.canvas.project()

    @torch.no_grad()
    def restore(self, i: int) -> str:  # noqa: ARG002
        for p, g in zip(self.parameters, self.good, strict=True):
            p.copy_(g)
        return KEPT


class Even:
    """Gradients of pictures (b, …) near their usual size, so that a drawing is the same at any scale of what it climbs.

    Each picture has a power of two of its own, which its first gradient says; of usual ones it is 1, and nothing is touched.
    """

    factors: torch.Tensor | None = None

    def __call__(self, gradients: Sequence[torch.Tensor], first: bool) -> Sequence[torch.Tensor]:
        if first:
            tops = torch.stack([g.detach().abs().flatten(1).amax(1) for g in gradients]).amax(0).tolist()
            factors = [factor(top) for top in tops]
            made = torch.tensor(factors, dtype=gradients[0].dtype, device="cpu").to(gradients[0].device)
            self.factors = None if set(factors) == {1.0} else made
        if self.factors is None:
            return gradients
        return [g * self.factors.view(-1, *[1] * (g.ndim - 1)) for g in gradients]


def factor(top: float) -> float:
    """A power of two that brings a gradient whose largest number is `top` to an eighth or nearly; 1 for a usual one."""
    if top == 0 or not math.isfinite(top) or USUAL[0] <= top <= USUAL[1]:
        return 1.0
    return math.ldexp(1.0, min(100, -3 - math.frexp(top)[1]))


def optimiser_of(name: Optimiser, parameters: list[torch.Tensor], rate: float) -> torch.optim.Optimizer:
    if name == "adam":
        return torch.optim.Adam(parameters, lr=rate, foreach=True)
    if name == "ascent":
        return Ascent(parameters, rate)
    return torch.optim.LBFGS(parameters, lr=1, max_iter=1, history_size=20)


def read(net: lens.Net, moved: torch.Tensor, picture: torch.Tensor, reads: Sequence[str]) -> dict[str, torch.Tensor]:
    """What the objective reads: activations of the moved picture, and the picture itself."""
    seen = {PICTURE: picture}
    layers = [name for name in reads if name != LOGITS]
    with net.precision():
        if LOGITS in reads:
            seen[LOGITS] = net.logits(moved)
        if layers:
            seen.update(lens.capture(net, moved.contiguous(memory_format=torch.channels_last), layers))
    return seen


def objective_value(objective: Objective, seen: Mapping[str, torch.Tensor], parts: dict[str, torch.Tensor]) -> torch.Tensor:
    """The weighted sum for each picture (b,); leaves each term's detached value in `parts`."""
    total: torch.Tensor | None = None
    for term, value in objective.parts(seen):
        parts[term.text] = value.detach()
        total = term.weight * value if total is None else total + term.weight * value
    assert total is not None, "an objective has at least one term"
    return total


def any_dead(gradients: Sequence[torch.Tensor]) -> bool:
    """Whether some picture's gradient is exactly zero."""
    return any(bool((g.flatten(1).abs().amax(1) == 0).any()) for g in gradients)
