"""What in a picture speaks for an answer: gradients, the path from a baseline, maps weighed by gradients, what is covered up.

A net is asked one number about each picture (`Ask`); all maps are of that number. Nothing here scales a map or cuts its sign off,
unless the method's own formula does.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch.nn import functional as F

from zorki import lens
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.seeds import generator, normal
from zorki.lens.rules import UNRULED, Operations, Rule
from zorki.pixels import parts as flat

AT_ONCE = 16  # pictures: more are no faster, and progress is told after each batch
MOST_PARTS = 1000  # colours in a picture of parts: more is a photo, or a JPEG's blurred borders


class Read(Protocol):
    """One number of an answer."""

    def of(self, answers: torch.Tensor) -> torch.Tensor:
        """(b,) of answers (b, …)."""


@dataclass(frozen=True)
class Ask:
    """One number for each picture: a classifier's logit, or a segmenter's summed over `where`, (h, w) of 0 and 1 as large as its maps. read: what else is
    asked of the answer, whatever the number: a direction, or some numbers of a net that locates. either: what lowers it counts as what raises it does.
    """

    net: lens.Net
    number: int
    where: torch.Tensor | None = None
    read: Read | None = None
    either: bool = False

    def of(self, logits: torch.Tensor) -> torch.Tensor:
        """(b,) of logits (b, classes) or (b, classes, h, w); half precision is summed in single."""
        if self.read is not None:
            return self.read.of(logits)
        chosen = logits[:, self.number]
        chosen = chosen.float() if chosen.dtype in (torch.float16, torch.bfloat16) else chosen
        return chosen if self.where is None else (chosen * self.where).sum((-2, -1))

    def scores(self, pictures: torch.Tensor) -> torch.Tensor:
        """(b,) for pictures (b, c, h, w)."""
        with torch.no_grad():
            return self.of(self.net.logits(pictures.detach()))

    def slopes(self, pictures: torch.Tensor) -> torch.Tensor:
        """d score / d pixel (b, c, h, w), each picture's own."""
        with torch.inference_mode(False), torch.enable_grad():
            x = pictures.detach().clone().requires_grad_(True)
            return lens.gradients(self.net, self.of(self.net.logits(x)).sum(), [x], x)[0].detach()

    def batches(self, count: int, x: torch.Tensor, stage: str = "") -> Iterator[slice]:
        """Slices of 0..count, as many pictures like x at a time as the memory holds; tells how far it is after each."""
        at_once = min(AT_ONCE, self.net.batch or AT_ONCE)
        for some in lens.chunk(count, bytes_for(self.net, x), device=self.net.device):
            for start in range(some.start, some.stop, at_once):
                stop = min(start + at_once, some.stop)
                yield slice(start, stop)
                if stage:
                    events.tell(stage, stop, count)


def given(logits: torch.Tensor) -> torch.Tensor:
    """The class of each pixel (b, h, w) for (b, classes, h, w); of one class alone 0 where its logit is above 0, else -1."""
    return logits.argmax(1) if logits.shape[1] > 1 else (logits[:, 0] > 0).long() - 1


def bright(at: torch.Tensor | None, hw: tuple[int, int]) -> torch.Tensor:
    """Where a picture (1, 3, h, w) is brighter than grey, (h, w) yes or no at another size; everywhere without one. Raises InputError."""
    if at is None:
        return torch.ones(hw, dtype=torch.bool, device="cpu")
    found = F.interpolate(at.mean(1, keepdim=True), hw, mode="nearest-exact")[0, 0] > 0.5
    if not bool(found.any()):
        raise InputError("--at is dark everywhere.", "It is bright where the network is asked.", "Make it white there, or leave it out.")
    return found


def asked(net: lens.Net, x: torch.Tensor, number: int, at: torch.Tensor | None) -> torch.Tensor:
    """Where a segmenter is asked about a class: where `at` is bright, else where it sees the class in x, else everywhere; (h, w) of 0 and 1."""
    logits = net.logits(x)
    place = bright(at, (logits.shape[-2], logits.shape[-1])).to(logits.device)
    mine = given(logits)[0] == number
    return (mine if at is None and bool(mine.any()) else place).float()


def bytes_for(net: lens.Net, x: torch.Tensor) -> float:
    """What one picture (1, c, h, w) costs on its way there and back: every layer's outcome, twice, and a few copies of itself."""
    h, w = x.shape[-2:]
    floats = sum(math.prod(layer.shape) for layer in net.layers()) * (h * w) / (net.hw[0] * net.hw[1])
    return 4 * (2 * floats + 8 * x[0].numel())


def strength(slopes: torch.Tensor) -> torch.Tensor:
    """(c, h, w) → (h, w): the largest |gradient| over the colours (Simonyan, Vedaldi, Zisserman 2013, sec. 3.1)."""
    return slopes.abs().amax(0)


def smoothed(ask: Ask, x: torch.Tensor, count: int, noise: float, seed: int) -> torch.Tensor:
    """The mean gradient of `count` copies of x (1, c, h, w) with normal noise, σ = noise · (max - min of x); (c, h, w).

    Copy k has the same noise however many are made at a time. Source: Smilkov et al. 2017, sec. 3.
    """
    sigma = noise * float(x.max() - x.min())
    total = torch.zeros_like(x[0])
    for some in ask.batches(count, x, "SmoothGrad"):
        grains = [normal(x.shape[1:], seed, "smoothgrad", k) for k in range(some.start, some.stop)]
        total += ask.slopes(x + sigma * torch.stack(grains).to(x.device, x.dtype)).sum(0)
    return total / count


def integrated(ask: Ask, x: torch.Tensor, base: torch.Tensor, count: int) -> tuple[torch.Tensor, float, float]:
    """(x - x') ∫₀¹ ∇F(x' + a (x - x')) da by Gauss-Legendre with `count` nodes; (c, h, w), its sum, and F(x) - F(x').

    x, base: (1, c, h, w). The two numbers are equal up to the integral's error (completeness).
    Source: Sundararajan, Taly, Yan 2017, eq. 1 and 2. Differs: Gauss-Legendre nodes, not their Riemann sum.
    """
    nodes, weights = np.polynomial.legendre.leggauss(count)
    places, shares = [(float(n) + 1) / 2 for n in nodes], [float(w) / 2 for w in weights]
    total = torch.zeros_like(x[0])
    for some in ask.batches(count, x, "integrated gradients"):
        way = torch.cat([base + a * (x - base) for a in places[some]])
        share = torch.tensor(shares[some], dtype=x.dtype, device="cpu").to(x.device).view(-1, 1, 1, 1)
        total += (ask.slopes(way) * share).sum(0)
    out = total * (x - base)[0]
    ends = [float(ask.scores(end)[0]) for end in (x, base)]
    return out, float(out.sum()), ends[0] - ends[1]


def baseline(x: torch.Tensor, kind: str) -> torch.Tensor:
    """A picture that says nothing, like x (b, c, h, w): black 0, grey 0.5, or x blurred with σ = a twelfth of its side."""
    if kind != "blurred":
        return torch.full_like(x, 0.0 if kind == "black" else 0.5)
    h, w = x.shape[-2:]
    sigma = max(1.0, math.sqrt(h * w) / 12)
    reach = math.ceil(3 * sigma)
    bell = [math.exp(-(k**2) / (2 * sigma**2)) for k in range(-reach, reach + 1)]
    row = torch.tensor([b / sum(bell) for b in bell], dtype=x.dtype, device="cpu").to(x.device)
    flat = F.pad(x.reshape(-1, 1, h, w), (reach, reach, reach, reach), mode="replicate")
    return F.conv2d(F.conv2d(flat, row.view(1, 1, 1, -1)), row.view(1, 1, -1, 1)).view_as(x)


def ruled(ask: Ask, x: torch.Tensor, rule: Rule) -> torch.Tensor:
    """The gradient (c, h, w) with another way back through ReLUs: "guided" or "deconvnet" (`lens.backward_rule`).

    Raises InputError, in one sentence, where the net has another non-linearity or hides its ReLUs.
    """
    watch = Operations()
    with lens.backward_rule(ask.net, rule), watch:
        found = ask.slopes(x)[0]
    if not bool(found.any()):  # the rule turns a gradient that is none into zeros
        lens.passes(ask.net, x)
    if missed := sorted(watch.met & UNRULED):
        raise InputError(
            f"{ask.net.name} has a {missed[0]} that the rule {rule!r} does not reach.",
            "It lies hidden in a file or in compiled code.",
            "Use --method=gradient, or give the nn.Module that it was made of.",
        )
    if "sigmoid" in watch.met:
        events.note(f"{ask.net.name} has sigmoids, for which no rule is known: they keep their own gradient.")
    return found


def weighed(ask: Ask, x: torch.Tensor, layer: str, told: lens.grids.Told | None = None) -> tuple[torch.Tensor, torch.Tensor, str]:
    """A layer's maps A and d score / dA, both (k, h, w) float, for x (1, c, h, w), and its name: of one that the score does not hear the one before.

    Raises InputError for a layer without maps.
    """
    net, hw = ask.net, (x.shape[-2], x.shape[-1])
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(net.quiet())
        seen = lens.capture(net, x.detach().clone().requires_grad_(True), [layer, lens.OUTPUT])
        given = seen[layer]
        if given.ndim < 3 or not given.requires_grad:
            raise InputError(f"{layer} has no maps.", "Grad-CAM weighs maps.", "Choose a convolution or a ReLU: `zorki layers` lists them.")
        score = ask.of(seen[lens.OUTPUT])[0]
        with lens.wayback.silence(net):
            (slope,) = torch.autograd.grad(score, [given], allow_unused=True) if score.requires_grad else (None,)
    if slope is None:
        lens.passes(net, x)
        if (before := lens.choosing.before(net, layer)) is not None:
            return weighed(ask, x, before)
    a = lens.maps_of(net, layer, given.detach(), hw, told)[0].float()
    return a, torch.zeros_like(a) if slope is None else lens.maps_of(net, layer, slope, hw, told)[0].float(), layer


def gradcam(a: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    """ReLU(Σ_k w_k A_k), w_k = mean_ij g; a, g: (k, h, w) → (h, w). Source: Selvaraju et al. 2017, eq. 1 and 2."""
    return (g.mean((1, 2), keepdim=True) * a).sum(0).clamp_min(0)


def shares_of_slope(a: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    """α = g² / (2 g² + (Σ_ab A_ab) g³), 0 where g = 0 or the bottom is; (k, h, w). Source: Chattopadhay et al. 2018, eq. 19.

    The fraction is shortened by g², so that small gradients do not vanish when squared.
    """
    bottom = 2 + a.sum((1, 2), keepdim=True) * g
    return torch.where((g == 0) | (bottom == 0), torch.zeros_like(g), 1 / torch.where(bottom == 0, torch.ones_like(bottom), bottom))


def gradcam_plus(a: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    """ReLU(Σ_k w_k A_k), w_k = Σ_ij α · ReLU(g) (Chattopadhay et al. 2018, eq. 5, Grad-CAM++)."""
    return ((shares_of_slope(a, g) * g.clamp_min(0)).sum((1, 2), keepdim=True) * a).sum(0).clamp_min(0)


def layercam(a: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    """ReLU(Σ_k ReLU(g) · A): each place weighed by its own gradient. Source: Jiang et al. 2021, eq. 5 and 6."""
    return (g.clamp_min(0) * a).sum(0).clamp_min(0)


def cam(ask: Ask, method: str, a: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    """The map (h, w) of "gradcam", "gradcam++" or "layercam". What may be moved either way has the map of moving it up and that of moving it down, added."""
    made = {"gradcam": gradcam, "gradcam++": gradcam_plus, "layercam": layercam}[method]
    return made(a, g) + made(a, -g) if ask.either else made(a, g)


def why_empty(a: torch.Tensor, g: torch.Tensor, layer: str) -> str:
    """Why weighing a layer's maps a by their slopes g, both (k, h, w), leaves nothing above 0, and what to do instead."""
    signed = "--method=occlusion and integrated also show what speaks against it."
    if not bool(g.any()):
        return f"nothing in {layer} changes the answer. Another --layer may, or --method=gradient."
    if bool((g.mean((1, 2)) <= 0).all()):
        why = f"all {len(g)} maps of {layer} have a mean slope of 0 or less, and what is below 0 is cut off."
    else:
        why = f"the maps of {layer}, weighed by their slopes, add up to nothing above 0."
    return (
        f"{why} --method=layercam, which weighs each place by itself, is not empty; {signed}"
        if bool(layercam(a, g).any())
        else f"{why} {signed}"
    )


def starts(side: int, window: int, stride: int) -> list[int]:
    """Where windows begin along a side; the last is moved back to the edge, so that no strip is left over."""
    found = list(range(0, side - window + 1, stride))
    return found if found[-1] + window == side else [*found, side - window]


def occluded(ask: Ask, x: torch.Tensor, base: torch.Tensor, window: int, stride: int) -> torch.Tensor:
    """F(x) - F(x with a window covered by base), averaged over the windows that cover a pixel; (h, w) on the processor.

    x, base: (1, c, h, w). Windows are `window` wide and high, or as the picture where it is smaller; the last of a row and of a column
    is moved back to the edge. What no window covers (stride > window) is NaN. Source: Zeiler and Fergus 2013, sec. 4.2.
    """
    h, w = x.shape[-2:]
    high, wide = min(window, h), min(window, w)
    places = [(top, left) for top in starts(h, high, stride) for left in starts(w, wide, stride)]
    total, times = torch.zeros(2, h, w, dtype=torch.float32, device="cpu")
    whole = float(ask.scores(x)[0])
    for some in ask.batches(len(places), x, "occlusion"):
        covered = x.repeat(some.stop - some.start, 1, 1, 1)
        for picture, (top, left) in zip(covered, places[some], strict=True):
            picture[:, top : top + high, left : left + wide] = base[0, :, top : top + high, left : left + wide]
        for score, (top, left) in zip(ask.scores(covered).tolist(), places[some], strict=True):
            total[top : top + high, left : left + wide] += whole - score
            times[top : top + high, left : left + wide] += 1
    return torch.where(times > 0, total / times.clamp_min(1), torch.full_like(total, math.nan))


def parts_of(picture: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    """The colours of a picture (1, 3, h, w) in 0..1 as numbers (h, w) at another size, each colour one, noise joined to what it is near.

    Raises InputError for a photo's many.
    """
    found = flat.parts(flat.levels(picture[0].permute(1, 2, 0).cpu().numpy()))
    small = F.interpolate(torch.from_numpy(found)[None, None].double(), hw, mode="nearest-exact")[0, 0]
    ids: torch.Tensor
    colours, ids = torch.unique(small, return_inverse=True)
    if len(colours) > MOST_PARTS:
        raise InputError(
            f"--parts has {len(colours)} colours.",
            f"Each colour is one part, {MOST_PARTS} at most.",
            "Draw them flat, and save them as PNG.",
        )
    return ids


def occluded_parts(ask: Ask, x: torch.Tensor, base: torch.Tensor, parts: torch.Tensor) -> torch.Tensor:
    """F(x) - F(x with one part covered by base), in that part; parts: (h, w) whole numbers, in any order and with gaps.

    One picture goes through the net for each number that occurs, and one for the whole.
    """
    _, place = torch.unique(parts.cpu(), return_inverse=True)
    found: torch.Tensor = falls([ask], x, base, parts, "occlusion")[:, 0][place]
    return found


def falls(asks: Sequence[Ask], x: torch.Tensor, base: torch.Tensor, parts: torch.Tensor, stage: str = "") -> torch.Tensor:
    """How much each number falls when one part is covered by base: (n, asks) float32 on the processor, the parts in the order of their numbers.

    asks: of one net, perhaps of several of its outputs; each covered picture goes through it once for all of them. stage: tells how far it is.
    """
    numbers = torch.unique(parts.cpu())
    whole, out = answers(asks, x), []
    for some in asks[0].batches(len(numbers), x, stage):
        masks = (parts.cpu()[None] == numbers[some, None, None])[:, None].to(x.device)
        out.append(whole - answers(asks, torch.where(masks, base, x)))
    return torch.cat(out)


def answers(asks: Sequence[Ask], pictures: torch.Tensor) -> torch.Tensor:
    """(b, asks) float32 for pictures (b, c, h, w): all numbers of one look."""
    if len(asks) == 1:
        return asks[0].scores(pictures).float().cpu()[:, None]
    with torch.no_grad(), asks[0].net.quiet():
        said = asks[0].net.run(pictures.detach())
    return torch.stack([ask.of(ask.net.chosen(said)).float().cpu() for ask in asks], 1)


def randomised(net: lens.Net, seed: int, k: int = 0) -> lens.Net:
    """The k-th copy whose weights lie in random places: each tensor keeps its numbers, and nothing of what was learnt. Raises InputError.

    Source: Adebayo et al. 2018, sec. 3. Differs: shuffled, not drawn anew, and all layers at once.
    """
    try:
        with net.alone():
            module = copy.deepcopy(net.inner)
    except Exception as error:
        raise InputError(
            f"{net.name} cannot be copied: {' '.join(str(error).split())[:160]!r}.", "--sanity needs a copy.", "Leave it out."
        ) from error
    with torch.no_grad():
        for name, p in module.named_parameters():
            order = torch.randperm(p.numel(), generator=generator(seed, "sanity", k, name), device="cpu").to(p.device)
            p.copy_(p.reshape(-1)[order].view_as(p))
    return net.like(module)


def rank_correlation(a: torch.Tensor, b: torch.Tensor) -> float | None:
    """Spearman's: of the ranks of |a| and |b| where both are numbers, ties at their mean rank; None where one is flat."""
    good = a.isfinite() & b.isfinite()
    ranked = []
    for x in (a[good].abs(), b[good].abs()):
        _, inverse, counts = torch.unique(x, return_inverse=True, return_counts=True)
        place = (counts.cumsum(0) - (counts - 1) / 2)[inverse].float()
        ranked.append(place - place.mean())
    bottom = float(ranked[0].norm() * ranked[1].norm())
    return float((ranked[0] * ranked[1]).sum()) / bottom if bottom > 0 else None
