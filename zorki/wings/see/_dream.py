"""Deep Dream: what is wished to grow, and the ascent of one picture, of any size.

Source: Mordvintsev, Olah, Tyka 2015.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch.nn import functional as F

from zorki import lens
from zorki.core.errors import InputError, Stopped, UnknownName
from zorki.explaining import targets
from zorki.explaining.targets import Target
from zorki.pixels.climbing import Shot, Step
from zorki.pixels.sizes import fitted, resize
from zorki.pixels.tiles import Cut, Tiles, gradient, gridded
from zorki.pixels.transforms import Roll

FEATURES = 4096  # of a guide, at most: more are nearly alike, and every place is compared with all
STRIP = 256  # rows of a picture at a time
ROWS = 2048  # places compared with them at a time
SPACED = re.compile(r"(:[\d,\s-]*\d)\s+-\s+(\d+)(?=\s*(?:,|$))")  # "0 - 63" behind a colon is a range, and no difference


@dataclass(frozen=True)
class Wish:
    """What is to grow: a layer, or some of its channels, with a weight. features: a guide's (n, channels), to be taken for model."""

    text: str
    layer: str
    channels: tuple[int, ...] | None = None
    weight: float = 1.0
    features: torch.Tensor | None = None

    def of(self, maps: torch.Tensor) -> torch.Tensor:
        """The part of maps (1, c, h, w) that is meant. Raises InputError for a layer without places where a guide needs them."""
        if self.features is not None and maps.ndim != 4:
            raise InputError(
                f"{self.layer} has no maps.", "A guide is compared place by place.", "Choose a layer with maps: `zorki layers` lists them."
            )
        return maps if self.channels is None else maps[:, list(self.channels)]

    def pull(self, a: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """d objective / d a, and the objective, a sum over the units; for a, detached, as `of` gives it.

        A layer: ½ Σ a², whose gradient is a. Channels: Σ a. With a guide: the sum over places of the largest dot product with one
        of its features, whose gradient is that feature.
        """
        if self.features is not None:
            flat = a.float().flatten(2)[0].t()
            found, best = [], []
            for some in torch.split(flat, ROWS):
                product = some @ self.features.t()
                top = product.max(1)
                found.append(self.features[top.indices])
                best.append(top.values.sum())
            return torch.cat(found).t().reshape(a.shape), torch.stack(best).sum()
        if self.channels is not None:
            return torch.ones_like(a), a.float().sum()
        return a, a.float().pow(2).sum() / 2


def wishes(net: lens.Net, text: str) -> list[Wish]:
    """What one --layer asks for, as `explaining.targets` reads it: layers, channels of them, weights, sums. Raises UnknownName, InputError."""
    found = targets.targets(net, SPACED.sub(r"\1-\2", text), layers=True)
    return [wish(net, one, text if len(found) == 1 else str(one)) for one in found]


def wish(net: lens.Net, target: Target, text: str) -> Wish:
    """One layer, or some of its channels, that are to grow. Raises InputError for channels that it lacks, and for one place."""
    if target.place:
        raise InputError(
            f"{text!r} is of one place.", "A dream grows wherever in the photo a channel answers.", "Leave out what is behind @."
        )
    if not target.channels:
        return Wish(text, target.layer, None, target.weight)
    shape = net.layer(target.layer).shape
    count = gridded(net, target.layer, torch.zeros(1, *shape, dtype=torch.float32, device="cpu"), net.hw).shape[1]
    return Wish(text, target.layer, target.numbers(count), target.weight)


def guided(net: lens.Net, wishes: Sequence[Wish], guide: torch.Tensor, size: int) -> list[Wish]:
    """The wishes with the features of a guide (1, 3, h, w), seen at `size` pixels; evenly thinned where there are too many."""
    layers = list(dict.fromkeys(w.layer for w in wishes))
    hw = fitted(net, (guide.shape[-2], guide.shape[-1]), size, layers)
    with torch.no_grad(), net.quiet():
        seen = lens.capture(net, resize(guide, hw).to(net.device), layers, grad=False)
    out = []
    for w in wishes:
        maps = gridded(net, w.layer, seen[w.layer], hw)
        part = replace(w, features=maps.new_empty(0)).of(maps).float().flatten(2)[0].t()
        out.append(replace(w, features=part[:: max(1, math.ceil(len(part) / FEATURES))].contiguous()))
    return out


class Pulls:
    """What wishes give back to a net for each window. values: what their objectives come to, after all windows."""

    def __init__(self, wishes: Sequence[Wish], factors: Sequence[float], scales: dict[str, float]) -> None:
        self.wishes, self.factors, self.scales = wishes, factors, scales
        self.sums: dict[str, torch.Tensor] = {}
        self.counts: dict[str, int] = {}

    def __call__(self, seen: Mapping[str, torch.Tensor], _cut: tuple[Cut, Cut]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        out = []
        for w, factor in zip(self.wishes, self.factors, strict=True):
            a = w.of(seen[w.layer])
            if not a.numel():
                continue
            with torch.no_grad():
                back, value = w.pull(a.detach())
                units = a[:, 0].numel() if w.features is not None else a.numel()
                self.sums[w.text] = self.sums[w.text] + value if w.text in self.sums else value
                self.counts[w.text] = self.counts.get(w.text, 0) + units
                if not self.scales.get(w.text):  # brings what is sent back near to 1, so that a half-precision net can hold it
                    self.scales[w.text] = float(back.float().abs().max())
                scale = self.scales[w.text]
                if scale and factor:
                    out.append((a, back.float() / scale * factor if math.isfinite(scale) else back))
        return out

    def values(self) -> dict[str, float]:
        """The mean of each wish over its units."""
        return {text: float(total) / self.counts[text] for text, total in self.sums.items()}


class Dream:
    """The canvas: `base` (1, 3, h, w) with `drawn`, which changes, laid over it where `mask` (1, 1, h, w) is, from 0, not at all, to 1. All in 0..1."""

    def __init__(self, base: torch.Tensor, start: torch.Tensor, mask: torch.Tensor | None) -> None:
        self.base, self.mask, self.drawn = base, mask, start.detach()

    @classmethod
    def on(cls, photo: torch.Tensor, hw: tuple[int, int], mask: torch.Tensor | None, before: Dream | None, device: torch.device) -> Dream:
        """The photo at hw, with what was dreamt at the size before laid over it."""
        base = resize(photo, hw).to(device)
        if before is None:
            start = base.clone()
        else:
            start = F.interpolate(before.drawn - before.base, hw, mode="bicubic", align_corners=False).add_(base).clamp_(0, 1)
        return cls(base, start, None if mask is None else resize(mask, hw).to(device))

    def __call__(self) -> torch.Tensor:
        return self.drawn if self.mask is None else torch.lerp(self.base, self.drawn, self.mask)

    def over(self, photo: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """The dream at the photo's size, where the photo keeps its own detail; where its mask is 0 it is the photo."""
        hw, device = (photo.shape[-2], photo.shape[-1]), self.drawn.device
        photo, mask = photo.to(device), None if mask is None else mask.to(device)
        if tuple(self.drawn.shape[-2:]) == hw:
            return self.drawn if mask is None else torch.lerp(photo, self.drawn, mask)
        change = F.interpolate(self.drawn - self.base, hw, mode="bicubic", align_corners=False)
        return (change if mask is None else change.mul_(mask)).add_(photo).clamp_(0, 1)

    def size_of(self, g: torch.Tensor) -> float:
        """mean |g| over what the mask lets grow; 0 where that is nothing."""
        total = weight = 0.0
        for k in range(0, g.shape[-2], STRIP):  # strip by strip: of a large picture there is room for few copies
            strip = g[..., k : k + STRIP, :].abs()
            cover = None if self.mask is None else self.mask[..., k : k + STRIP, :]
            total += float((strip if cover is None else strip.mul_(cover)).sum())
            weight += strip.numel() if cover is None else float(cover.sum()) * g.shape[1]
        return total / weight if weight else 0.0

    def climb(self, g: torch.Tensor, rate: float) -> None:
        """One step of mean size `rate` (of what is in the mask); nothing where the gradient is 0. g is used up."""
        top = top_of(g)
        if top:
            size = self.size_of(g.div_(top))  # first to 1: what is tiny must not become 0, nor 1 / tiny infinite
            if size:
                self.drawn.add_(g, alpha=rate / size).clamp_(0, 1)


def top_of(g: torch.Tensor) -> float:
    """max |g|; NaN where anything is."""
    low, high = torch.aminmax(g)
    return float(torch.maximum(-low, high))


def ascend(
    net: lens.Net,
    canvas: Dream,
    wishes: Sequence[Wish],
    *,
    steps: int,
    rate: float,
    jitter: int,
    seed: int,
    multiple: int = 1,
    room: float | None = None,
    show: Callable[[], torch.Tensor] | None = None,
    stage: int = 1,
    stages: int = 1,
    shots: bool | None = None,
) -> Iterator[Step]:
    """Yields one Step an update: x += rate · g / mean|g|, g the gradient of all wishes, in tiles where the picture is large.

    Each step the picture is rolled by up to `jitter` pixels, and so are the tiles. Several wishes are weighed so that their gradients have the
    mean sizes that their weights say, as things stand at the first step. multiple: of what the sides of a picture are continued to.
    room: bytes a tile. shots: given, the Steps are Shots, of which the last is one where it is True.
    Raises Stopped at the first value that is not finite; the canvas then holds the last good picture.
    """
    h, w = canvas.drawn.shape[-2:]
    layers = list(dict.fromkeys(x.layer for x in wishes))
    plan = Roll(jitter).plan(steps, [seed])
    grown = (h + -h % multiple, w + -w % multiple)
    tiles = Tiles.of(net, layers, grown, room)
    scales: dict[str, float] = {}
    factors = [x.weight for x in wishes]
    for i in range(1, steps + 1):
        dx, dy = plan[i - 1, 0, :2].tolist()
        move = (round(dy * min(jitter, h // 2)), round(dx * min(jitter, w // 2)))

        def slope(some: Sequence[Wish], factors: Sequence[float], move: tuple[int, int] = move) -> tuple[torch.Tensor, dict[str, float]]:
            pulls = Pulls(some, factors, scales)
            with torch.inference_mode(False), net.quiet():
                g = gradient(net, canvas(), list(dict.fromkeys(x.layer for x in some)), pulls, tiles, canvas.mask, move)
            return colourless(net, g), pulls.values()

        if i == 1 and len(wishes) > 1:
            sizes = [canvas.size_of(slope([x], [1.0])[0]) for x in wishes]
            least = min((size for size in sizes if size > 0), default=0.0)  # so that no factor is beyond what a float holds
            factors = [x.weight * least / size if size > 0 else 0.0 for x, size in zip(wishes, sizes, strict=True)]
        g, values = slope(wishes, factors)
        bad = next((name for name, v in values.items() if not math.isfinite(v)), None)
        if bad is None and not math.isfinite(top_of(g)):
            bad = "the gradient"
        if bad is not None:
            raise Stopped(
                f"Step {i} of {steps}: {bad} is not a finite number.",
                "The last good picture is kept.",
                "Try another layer, or another network.",
            )
        canvas.climb(g, rate)
        del g
        strengths = [x.weight if len(wishes) == 1 else f / (abs(scales.get(x.text, 0)) or 1) for x, f in zip(wishes, factors, strict=True)]
        loss = -sum(k * values.get(x.text, 0.0) for x, k in zip(wishes, strengths, strict=True))
        common = (i, steps, stage, stages, loss, values, show or canvas)
        yield Step(*common) if shots is None else Shot(*common, shot=shots and i == steps)


def colourless(net: lens.Net, g: torch.Tensor) -> torch.Tensor:
    """A gradient (1, 3, h, w); of a net of one channel, which knows no colours, the same in all three: its shares of grey are no wish for green."""
    return g.mean(1, keepdim=True).expand_as(g).contiguous() if net.channels == 1 else g


def enlarged(x: torch.Tensor, factor: float) -> torch.Tensor:
    """Pictures (b, c, h, w) in 0..1, `factor` times as large about the centre, cut to their own size."""
    theta = torch.tensor([[1 / factor, 0.0, 0.0], [0.0, 1 / factor, 0.0]], dtype=x.dtype, device="cpu").to(x.device).expand(len(x), 2, 3)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, mode="bicubic", padding_mode="border", align_corners=False).clamp_(0, 1)


def held(x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """x with the mean and the contrast of each colour of `like`; both (1, 3, h, w) in 0..1. A flat colour stays flat."""
    (mean, spread), (wanted, least) = (torch.std_mean(p, (-2, -1), correction=0, keepdim=True)[::-1] for p in (x, like))
    return ((x - mean) * (least / spread.clamp_min(1e-6)).clamp(max=1) + wanted).clamp_(0, 1)


def takes(net: lens.Net, hw: tuple[int, int], layers: Sequence[str]) -> bool:
    """Whether a net makes those layers of pictures of that size; what it likes it takes."""
    if min(hw) >= max(net.hw):
        return True
    try:
        with torch.no_grad(), net.quiet():
            seen = lens.capture(
                net, torch.full((1, net.channels, *hw), 0.5, dtype=torch.float32, device="cpu").to(net.device), layers, grad=False
            )
    except (InputError, UnknownName):
        return False
    return all(x.numel() for x in seen.values())
