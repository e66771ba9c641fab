"""Climbing: change a canvas step by step so that an objective rises, and show every step to whoever watches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Literal

import torch

from zorki import lens
from zorki.core import events
from zorki.core.errors import Stopped
from zorki.pixels.ascent import Ascent
from zorki.pixels.canvas import Canvas
from zorki.pixels.objectives import LOGITS, PICTURE, Objective
from zorki.pixels.transforms import Movement

REDIRECTED = 17  # updates in which a dead ReLU may pass a gradient, as in Lucid
USUAL = (2.0**-10, 2.0**7)  # the largest number of a picture's gradient; what Adam's epsilon, 1e-8, does to a drawing is of this size


@dataclass(frozen=True)
class Step:
    """One step done: step i (from 1) of `of`, in stage (from 1) of `stages`.

    loss: what falls, the mean over the pictures before this step's update; parts: each term's unweighted value. paint, sketch: what
    `image` and `small` call.
    """

    i: int
    of: int
    stage: int
    stages: int
    loss: float
    parts: Mapping[str, float]
    paint: Callable[[], torch.Tensor] = field(repr=False, compare=False)
    labels: Sequence[str] = ()
    sketch: Callable[[int], torch.Tensor] | None = field(default=None, repr=False, compare=False)

    def image(self) -> torch.Tensor:
        """The picture as it is now: (b, 3, h, w) float32 in sRGB 0..1, a detached copy, made only when asked for."""
        with torch.no_grad():
            return self.paint().detach().float().clamp(0, 1).cpu().clone()

    def small(self, side: int) -> torch.Tensor:
        """For films and previews, of which nobody asks every pixel: as `image`, or with about that longest side where this is quicker."""
        if self.sketch is None:
            return self.image()
        with torch.no_grad():
            return self.sketch(side).detach().float().clamp(0, 1).cpu().clone()


@dataclass(frozen=True)
class Shot(Step):
    """A step of a climb that knows which of its steps are a film's frames."""

    shot: bool = False


def climb(
    net: lens.Net,
    canvas: Canvas,
    objective: Objective,
    *,
    steps: int,
    rate: float = 0.05,
    wobble: Movement | None = None,
    seeds: Sequence[int] = (0,),
    optimiser: Literal["adam", "lbfgs", "ascent"] = "adam",
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
    parameters = canvas.parameters()
    update = updater(optimiser, parameters, rate)
    plan = None if wobble is None else wobble.plan(steps, seeds)
    paint = canvas if show is None else lambda: show(canvas())
    good = [p.detach().clone() for p in parameters]
    dead, even = False, Even()
    for i in range(1, steps + 1):
        parts: dict[str, torch.Tensor] = {}

        def closure(i: int = i, parts: dict[str, torch.Tensor] = parts, dead: bool = dead) -> torch.Tensor:
            with torch.inference_mode(False), torch.enable_grad(), net.quiet(), ExitStack() as rule:
                if dead and i <= REDIRECTED:
                    rule.enter_context(lens.backward_rule(net.module, "redirect"))
                update.zero_grad(set_to_none=True)
                picture = canvas()
                moved = picture if wobble is None or plan is None else wobble(picture, plan[i - 1])
                loss = -objective_value(objective, look(net, moved, picture, objective.reads), parts)
                gradients = even(lens.gradients(net, loss.sum(), parameters, moved), first=i == 1)
                for p, g in zip(parameters, gradients, strict=True):
                    p.grad = g.contiguous()
            return loss.mean().detach()

        loss = float(closure())
        bad = next((name for name, v in parts.items() if not torch.isfinite(v).all()), None)
        if bad is None and not all(torch.isfinite(p.grad).all() for p in parameters if p.grad is not None):
            bad = "the gradient"
        if bad is not None:
            restore(parameters, good)
            raise Stopped(
                f"Step {i} of {steps}: {bad} is not a finite number.",
                "The last good picture is kept.",
                "Try a smaller rate, or another layer.",
            )
        if i == 1 and not dead and any_dead(parameters):
            dead = True
            events.note("A picture has no gradient at the start (dead ReLUs): the first steps let it through.")
            loss = float(closure(dead=True))
        good = [p.detach().clone() for p in parameters]
        update.step(closure if optimiser == "lbfgs" else None)  # type: ignore[arg-type]
        canvas.project()
        yield Step(i, steps, stage, stages, loss, {n: float(v.mean()) for n, v in parts.items()}, paint, labels)


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


def updater(name: str, parameters: list[torch.Tensor], rate: float) -> torch.optim.Optimizer:
    if name == "adam":
        return torch.optim.Adam(parameters, lr=rate, foreach=True)
    if name == "ascent":
        return Ascent(parameters, rate)
    return torch.optim.LBFGS(parameters, lr=1, max_iter=1, history_size=20)


def look(net: lens.Net, moved: torch.Tensor, picture: torch.Tensor, reads: Sequence[str]) -> dict[str, torch.Tensor]:
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


def any_dead(parameters: Sequence[torch.Tensor]) -> bool:
    """Whether some picture's gradient is exactly zero."""
    return any(bool((p.grad.flatten(1).abs().amax(1) == 0).any()) for p in parameters if p.grad is not None)


@torch.no_grad()
def restore(parameters: Sequence[torch.Tensor], good: Sequence[torch.Tensor]) -> None:
    for p, g in zip(parameters, good, strict=True):
        p.copy_(g)
