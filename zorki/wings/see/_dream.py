"""Deep Dream: the targets that grow, and the ascent of one picture, of any size.

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
from zorki.core.errors import InputError, UnknownName
from zorki.explaining import targets as spelling
from zorki.pixels.ascent import mean_size, normalised_step
from zorki.pixels.driver import KEPT, Judge, Judged, Mover, Shot, Step, drive
from zorki.pixels.sizes import fitted, resize
from zorki.pixels.tiles import Cut, Tiles, gradient, gridded
from zorki.pixels.transforms import Roll

FEATURES = 4096  # of a guide, at most: more are nearly alike, and every place is compared with all
ROWS = 2048  # places compared with them at a time
SPACED = re.compile(r"(:[\d,\s-]*\d)\s+-\s+(\d+)(?=\s*(?:,|$))")  # "0 - 63" behind a colon is a range, and no difference


@dataclass(frozen=True)
class DreamTarget:
    """A term that is to grow: a layer, or some of its channels, with a weight. features: a guide's (n, channels), to be taken for model."""

    text: str
    layer: str
    channels: tuple[int, ...] | None = None
    weight: float = 1.0
    features: torch.Tensor | None = None

    def units(self, maps: torch.Tensor) -> torch.Tensor:
        """The part of maps (1, c, h, w) that is meant. Raises InputError for a layer without places where a guide needs them."""
        if self.features is not None and maps.ndim != 4:
            raise InputError(
                f"{self.layer} has no maps.", "A guide is compared place by place.", "Choose a layer with maps: `zorki layers` lists them."
            )
        return maps if self.channels is None else maps[:, list(self.channels)]

    def value_and_slope(self, a: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The value, a sum over the units, and d value / d a; for a, detached, as `units` gives it.

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
            return torch.stack(best).sum(), torch.cat(found).t().reshape(a.shape)
        if self.channels is not None:
            return a.float().sum(), torch.ones_like(a)
        return a.float().pow(2).sum() / 2, a


def asked(net: lens.Net, text: str) -> list[DreamTarget]:
    """What one --layer asks for, as `explaining.targets` reads it: layers, channels of them, weights, sums. Raises UnknownName, InputError."""
    found = spelling.targets(net, SPACED.sub(r"\1-\2", text), layers=True)
    return [target_of(net, one, text if len(found) == 1 else str(one)) for one in found]


def target_of(net: lens.Net, one: spelling.Target, text: str) -> DreamTarget:
    """One layer, or some of its channels, that are to grow. Raises InputError for channels that it lacks, and for one place."""
    if one.place:
        raise InputError(
            f"{text!r} is of one place.", "A dream grows wherever in the photo a channel answers.", "Leave out what is behind @."
        )
    if not one.channels:
        return DreamTarget(text, one.layer, None, one.weight)
    shape = net.layer(one.layer).shape
    count = gridded(net, one.layer, torch.zeros(1, *shape, dtype=torch.float32, device="cpu"), net.hw).shape[1]
    return DreamTarget(text, one.layer, one.numbers(count), one.weight)


def guided(net: lens.Net, targets: Sequence[DreamTarget], guide: torch.Tensor, size: int) -> list[DreamTarget]:
    """The targets with the features of a guide (1, 3, h, w), seen at `size` pixels; evenly thinned where there are too many."""
    layers = layers_of(targets)
    hw = fitted(net, (guide.shape[-2], guide.shape[-1]), size, layers)
    with torch.no_grad(), net.quiet():
        seen = lens.capture(net, resize(guide, hw).to(net.device), layers, grad=False)
    out = []
    for target in targets:
        maps = gridded(net, target.layer, seen[target.layer], hw)
        part = replace(target, features=maps.new_empty(0)).units(maps).float().flatten(2)[0].t()
        out.append(replace(target, features=part[:: max(1, math.ceil(len(part) / FEATURES))].contiguous()))
    return out


def layers_of(targets: Sequence[DreamTarget]) -> list[str]:
    """The layers that they read, each once."""
    return list(dict.fromkeys(target.layer for target in targets))


class Slopes:
    """What targets send back to a net for each window. values: what they come to, after all windows.

    factors: of each target's slope. scales: by target, the largest number that it sent back at first; filled here.
    """

    def __init__(self, targets: Sequence[DreamTarget], factors: Sequence[float], scales: dict[str, float]) -> None:
        self.targets, self.factors, self.scales = targets, factors, scales
        self.sums: dict[str, torch.Tensor] = {}
        self.counts: dict[str, int] = {}

    def __call__(self, seen: Mapping[str, torch.Tensor], _cut: tuple[Cut, Cut]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        out = []
        for target, factor in zip(self.targets, self.factors, strict=True):
            a, text = target.units(seen[target.layer]), target.text
            if not a.numel():
                continue
            with torch.no_grad():
                value, back = target.value_and_slope(a.detach())
                units = a[:, 0].numel() if target.features is not None else a.numel()
                self.sums[text] = self.sums[text] + value if text in self.sums else value
                self.counts[text] = self.counts.get(text, 0) + units
                if not self.scales.get(text):  # brings what is sent back near to 1, so that a half-precision net can hold it
                    self.scales[text] = float(back.float().abs().max())
                scale = self.scales[text]
                if scale and factor:
                    out.append((a, back.float() / scale * factor if math.isfinite(scale) else back))
        return out

    def values(self) -> dict[str, float]:
        """The mean of each target over its units."""
        return {text: float(total) / self.counts[text] for text, total in self.sums.items()}


class Dream(Mover):
    """What is dreamt at one size: `base` (1, 3, h, w) with `drawn`, which changes, laid over it where `mask` (1, 1, h, w) is, from 0, not at all, to 1. All in 0..1.

    rate: mean size of an update.
    """

    def __init__(self, base: torch.Tensor, start: torch.Tensor, mask: torch.Tensor | None, rate: float) -> None:
        self.base, self.mask, self.drawn, self.rate = base, mask, start.detach(), rate

    @classmethod
    def at_size(
        cls,
        photo: torch.Tensor,
        hw: tuple[int, int],
        mask: torch.Tensor | None,
        before: Dream | None,
        rate: float,
        device: torch.device,
    ) -> Dream:
        """The photo at hw, with what was dreamt at the size before laid over it."""
        base = resize(photo, hw).to(device)
        if before is None:
            start = base.clone()
        else:
            start = F.interpolate(before.drawn - before.base, hw, mode="bicubic", align_corners=False).add_(base).clamp_(0, 1)
        return cls(base, start, None if mask is None else resize(mask, hw).to(device), rate)

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

    def move(self, judged: Judged) -> None:
        """One step of mean size `rate`, of what is in the mask."""
        normalised_step(self.drawn, judged.slope, self.rate, self.mask)
        self.drawn.clamp_(0, 1)

    def restore(self, i: int) -> str:  # noqa: ARG002
        """A finite slope leaves a finite picture, so this is the last good one; of a large one there is no room for a copy."""
        return KEPT


class Tiled(Judge):
    """Finds what makes targets grow, in tiles where the picture is large. The picture is rolled by up to `jitter` pixels each step.

    Several targets are weighed so that their gradients have the mean sizes that their weights say, as things stand at the first step.
    """

    def __init__(
        self, net: lens.Net, dream: Dream, targets: Sequence[DreamTarget], tiles: Tiles, *, steps: int, jitter: int, seed: int
    ) -> None:
        self.net, self.dream, self.targets, self.tiles = net, dream, targets, tiles
        self.factors = [target.weight for target in targets]
        self.scales: dict[str, float] = {}
        h, w = dream.drawn.shape[-2:]
        moves = Roll(jitter).plan(steps, [seed])[:, 0, :2].tolist()
        self.moves = [(round(dy * min(jitter, h // 2)), round(dx * min(jitter, w // 2))) for dx, dy in moves]

    def __call__(self, i: int) -> Judged:
        if i == 1 and len(self.targets) > 1:
            self.weigh()
        values, slope = self.look(i, self.targets, self.factors)
        return Judged(self.loss(values), values, [slope])

    def look(self, i: int, targets: Sequence[DreamTarget], factors: Sequence[float]) -> tuple[dict[str, float], torch.Tensor]:
        """Values of some targets, and the slope (1, 3, h, w) of their loss, which falls where they grow."""
        slopes = Slopes(targets, [-factor for factor in factors], self.scales)
        with torch.inference_mode(False), self.net.quiet():
            found = gradient(self.net, self.dream(), layers_of(targets), slopes, self.tiles, self.dream.mask, self.moves[i - 1])
        return slopes.values(), colourless(self.net, found)

    def weigh(self) -> None:
        """Finds the factors of several targets."""
        sizes = [mean_size(self.look(1, [target], [1.0])[1], self.dream.mask) for target in self.targets]
        least = min((size for size in sizes if size > 0), default=0.0)  # so that no factor is beyond what a float holds
        self.factors = [t.weight * least / size if size > 0 else 0.0 for t, size in zip(self.targets, sizes, strict=True)]

    def loss(self, values: Mapping[str, float]) -> float:
        """Minus what grows, as strong as its gradient counts."""
        if len(self.targets) == 1:
            strengths = [self.targets[0].weight]
        else:
            strengths = [f / (abs(self.scales.get(t.text, 0)) or 1) for t, f in zip(self.targets, self.factors, strict=True)]
        return -sum(k * values.get(t.text, 0.0) for t, k in zip(self.targets, strengths, strict=True))


def climb(
    net: lens.Net,
    dream: Dream,
    targets: Sequence[DreamTarget],
    *,
    steps: int,
    jitter: int,
    seed: int,
    multiple: int = 1,
    room: float | None = None,
    show: Callable[[], torch.Tensor] | None = None,
    stage: int = 1,
    stages: int = 1,
    shots: bool | None = None,
) -> Iterator[Step]:
    """Yields one Step an update, x += rate · g / mean|g|, g the gradient of all targets.

    multiple: of what the sides of a picture are continued to. room: bytes a tile. shots: given, the Steps are Shots, of which the last is
    one where it is True. Raises Stopped at the first value that is not finite; the dream then holds the last good picture.
    """
    h, w = dream.drawn.shape[-2:]
    tiles = Tiles.of(net, layers_of(targets), (h + -h % multiple, w + -w % multiple), room)
    judge = Tiled(net, dream, targets, tiles, steps=steps, jitter=jitter, seed=seed)
    advice = "Try another layer, or another network."
    for step in drive(judge, dream, show or dream, steps=steps, stage=stage, stages=stages, advice=advice):
        yield step if shots is None else Shot(**vars(step), shot=shots and step.i == steps)


def colourless(net: lens.Net, g: torch.Tensor) -> torch.Tensor:
    """A gradient (1, 3, h, w); of a net that knows no colours the same in all three: its shares of grey are no wish for green."""
    return g.mean(1, keepdim=True).expand_as(g).contiguous() if not net.colours else g


def enlarged(x: torch.Tensor, factor: float) -> torch.Tensor:
    """Pictures (b, c, h, w) in 0..1, `factor` times as large about the centre, cut to their own size."""
    theta = torch.tensor([[1 / factor, 0.0, 0.0], [0.0, 1 / factor, 0.0]], dtype=x.dtype, device="cpu").to(x.device).expand(len(x), 2, 3)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, mode="bicubic", padding_mode="border", align_corners=False).clamp_(0, 1)


def calmed(x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
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
