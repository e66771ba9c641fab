"""What a picture climbs towards: weighted terms that add and multiply without losing anything.

`2 * channel("conv4_1", 3) - layer("conv1_1")` reads two layers, has two parts and says so in its text.
Each term gives one value for each picture (b,); an objective is their weighted sum, and it climbs.
What is a loss (content, gram, total variation) falls: write it with a minus.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.nn import functional as F

from zorki.core.errors import InputError

Seen = Mapping[str, torch.Tensor]
PICTURE, LOGITS = "picture", "logits"  # what a term may read beside layers


@dataclass(frozen=True)
class Term:
    """text: how it is written. reads: layers it needs, PICTURE, LOGITS. value: from what was seen to (b,); autograd finds its slope. placed: it looks at one
    place of the picture alone, so what is drawn must not be rolled."""

    text: str
    reads: tuple[str, ...]
    value: Callable[[Seen], torch.Tensor]
    weight: float = 1.0
    placed: bool = False

    def __str__(self) -> str:
        return self.text if self.weight == 1 else f"{self.weight:g} * {self.text}"


@dataclass(frozen=True)
class Objective:
    """A tuple of weighted terms. `+`, `-` join, `*` reweighs; nothing is mutated."""

    terms: tuple[Term, ...]

    def __add__(self, other: Objective) -> Objective:
        return Objective(self.terms + other.terms)

    def __sub__(self, other: Objective) -> Objective:
        return self + -other

    def __neg__(self) -> Objective:
        return self * -1

    def __mul__(self, factor: float) -> Objective:
        return Objective(tuple(replace(t, weight=t.weight * factor) for t in self.terms))

    __rmul__ = __mul__

    def __str__(self) -> str:
        return " + ".join(map(str, self.terms)).replace("+ -", "- ").replace("- 1 * ", "- ")

    @property
    def reads(self) -> tuple[str, ...]:
        """The layers to capture, each once."""
        return tuple(dict.fromkeys(name for t in self.terms for name in t.reads if name != PICTURE))

    @property
    def placed(self) -> bool:
        """Whether a term is."""
        return any(t.placed for t in self.terms)

    def parts(self, seen: Seen) -> list[tuple[Term, torch.Tensor]]:
        """Each term with its unweighted value (b,)."""
        return [(t, t.value(seen).float()) for t in self.terms]


def single(text: str, reads: Sequence[str], value: Callable[[Seen], torch.Tensor], placed: bool = False) -> Objective:
    """An objective of one term; its slope is autograd's."""
    return Objective((Term(text, tuple(reads), value, placed=placed),))


PictureTerm = Callable[[torch.Tensor], tuple[float, torch.Tensor]]
"""A term that reads a picture (1, c, h, w) itself: its value, and its slope, of the picture's shape."""


def of_picture(text: str, term: PictureTerm) -> Objective:
    """An objective of a term that knows its own slope."""
    return single(text, [PICTURE], lambda seen: _Sloped.apply(seen[PICTURE], term))  # type: ignore[no-untyped-call]


class _Sloped(torch.autograd.Function):
    """The values (b,) of a PictureTerm, with its slopes in place of autograd's."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: torch.Tensor, term: PictureTerm) -> torch.Tensor:
        values, slopes = zip(*(term(picture[None]) for picture in x), strict=True)
        ctx.save_for_backward(torch.cat(slopes))
        return torch.tensor(values, dtype=x.dtype, device="cpu").to(x.device)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        (slopes,) = ctx.saved_tensors
        return grad.view(-1, 1, 1, 1) * slopes, None


def channel(layer: str, number: int) -> Objective:
    """The mean of one channel's map."""
    return single(f"{layer}:{number}", [layer], lambda seen: per_picture(at(seen[layer], layer, number)))


def channels(layer: str, numbers: Sequence[int]) -> Objective:
    """The mean of one channel's map, another one for each picture: picture i climbs channel numbers[i]."""

    def value(seen: Seen) -> torch.Tensor:
        a = seen[layer]
        for n in numbers:
            at(a, layer, n)
        return per_picture(a[own(a, numbers)])

    return single(f"{layer}:{','.join(map(str, numbers))}", [layer], value)


def own(a: torch.Tensor, numbers: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Where channel numbers[i] of picture i lies in a (b, c, …)."""
    return torch.arange(len(numbers), device=a.device), torch.tensor(list(numbers), dtype=torch.int64, device="cpu").to(a.device)


def per_picture(maps: torch.Tensor) -> torch.Tensor:
    """The mean over all but the first dimension (b,); of a layer without maps, such as the logits, the number itself."""
    return maps.float().reshape(maps.shape[0], -1).mean(1)


def neuron(layer: str, number: int, row: int | None = None, column: int | None = None) -> Objective:
    """One unit of one channel, by default the middle one."""

    def value(seen: Seen) -> torch.Tensor:
        a = at(seen[layer], layer, number)
        if a.ndim < 3:
            return a
        return a[:, a.shape[1] // 2 if row is None else row, a.shape[2] // 2 if column is None else column]

    return single(f"{layer}:{number}@{'middle' if row is None else f'{row},{column}'}", [layer], value, placed=True)


def neurons(layer: str, numbers: Sequence[int]) -> Objective:
    """The middle unit of one channel, another channel for each picture: picture i climbs that of channel numbers[i]."""

    def value(seen: Seen) -> torch.Tensor:
        a = seen[layer]
        for n in numbers:
            at(a, layer, n)
        middle = a[:, :, a.shape[2] // 2, a.shape[3] // 2] if a.ndim == 4 else a[:, :, a.shape[2] // 2] if a.ndim == 3 else a
        return middle[own(middle, numbers)].float()

    return single(f"{layer}:{','.join(map(str, numbers))}@middle", [layer], value)


def variety(layer: str, group: int) -> Objective:
    """How unlike a picture's maps are to those of the others in its group of so many that follow each other: minus the mean cosine
    between their Gram matrices.

    Source: Olah, Mordvintsev, Schubert 2017, "diversity". Differs: a mean, so that its weight does not depend on the group's size.
    """

    def value(seen: Seen) -> torch.Tensor:
        g = F.normalize(gram_of(seen[layer]).flatten(1), dim=1)
        g = g.view(-1, group, g.shape[1])
        alike = g @ g.transpose(1, 2)
        others: torch.Tensor = alike.sum(2) - alike.diagonal(dim1=1, dim2=2)
        return -others.flatten() / max(1, group - 1)

    return single(f"variety {layer}", [layer], value)


def caricature(layer: str, target: torch.Tensor, power: float = 2) -> Objective:
    """What a layer gives for a photo, exaggerated: mean over the places of a·t times max(0.1, cos)^power, in units of t's own size.

    target: (1, c, h, w), the layer's maps of the photo at the drawing's size. Source: Lucid's caricatures, `dot_compare`.
    """
    size = target.pow(2).sum(1).mean().clamp_min(1e-12)

    def value(seen: Seen) -> torch.Tensor:
        a = seen[layer].float()
        dot = (a * target).sum(1)
        cosine = dot / (1e-4 + a.norm(dim=1) * target.norm(dim=1))
        grown: torch.Tensor = dot * cosine.clamp_min(0.1) ** power
        return grown.flatten(1).mean(1) / size

    return single(f"caricature {layer}", [layer], value)


def layer(name: str) -> Objective:
    """Half the mean square of a whole layer: whatever it sees already, it is to see more.

    Source: Mordvintsev, Olah, Tyka 2015; ½‖a‖² up to the number of units, so its gradient is the activation itself.
    """
    return single(name, [name], lambda seen: seen[name].float().pow(2).flatten(1).mean(1) / 2)


def direction(name: str, vector: torch.Tensor, power: float = 0) -> Objective:
    """A direction in a layer's space of channels (c,): mean of a·v, times max(0.1, cos)^power.

    Source: Lucid's `direction`; power 0 is the plain product.
    """

    def value(seen: Seen) -> torch.Tensor:
        a = seen[name].float().flatten(2)
        v = vector.to(a.device).view(1, -1, 1)
        dot = (a * v).sum(1)
        if power:
            cosine = dot / (1e-4 + a.norm(dim=1) * v.norm())
            dot = dot * cosine.clamp_min(0.1) ** power
        return dot.mean(1)

    return single(f"{name}:direction", [name], value)


def logit(number: int, cell: Callable[[int, int], int] | None = None) -> Objective:
    """A class's logit, before the softmax. Of an answer (b, n, classes) of many cells that of the one that `cell` says for a picture's height and width;
    not given, the mean over all."""

    def value(seen: Seen) -> torch.Tensor:
        logits = seen[LOGITS]
        if logits.ndim == 3:
            logits = logits.mean(1) if cell is None else logits[:, cell(*seen[PICTURE].shape[-2:])]
        return at(logits, LOGITS, number)

    return single(f"class {number}", [LOGITS] if cell is None else [LOGITS, PICTURE], value, placed=cell is not None)


def towards(name: str, cosine: Callable[[torch.Tensor], torch.Tensor]) -> Objective:
    """How near the net's answer comes to a direction: their cosine, which is asked of the answer."""
    return single(name, [LOGITS], lambda seen: cosine(seen[LOGITS]))


def content_squares(maps: torch.Tensor, target: torch.Tensor, weights: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """How far a layer's maps (b, c, h, w) are from a target's, unit by unit: the squares, and half their slopes. weights: (1, 1, h, w), of places.

    Source: Gatys, Ecker, Bethge 2016, equations 1 and 2.
    """
    apart = maps.float() - target
    weighed = apart if weights is None else apart * weights
    return weighed * apart, weighed


def content(name: str, target: torch.Tensor) -> Objective:
    """A loss: the squared distance of a layer's maps to a target's, as a share of the target's own size.

    Differs from the paper: divided by ‖target‖², so that it is 0 for equal maps and 1 for empty ones whatever the layer.
    """
    size = target.float().pow(2).sum().clamp_min(1e-12)
    return single(f"content {name}", [name], lambda seen: content_squares(seen[name], target)[0].flatten(1).sum(1) / size)


def no_maps(layer: str) -> InputError:
    """What is said of a layer without places."""
    return InputError(f"{layer} has no maps.", "A style is how maps go together.", "Choose a layer with maps: `zorki layers` lists them.")


def gram_of(maps: torch.Tensor) -> torch.Tensor:
    """Gram matrices (b, c, c) of maps (b, c, h, w): how channels go together, wherever that is; F Fᵀ / (h w)."""
    if maps.ndim != 4:
        raise no_maps(f"A layer of shape {tuple(maps.shape[1:])}")
    f = maps.float().flatten(2)
    return f @ f.transpose(1, 2) / f.shape[2]


def gram_distance(gram: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """(b,): the squared distance of Gram matrices (b, c, c) to a target's.

    Source: Gatys, Ecker, Bethge 2016, equation 4, up to its constant.
    """
    return (gram - target).pow(2).sum((1, 2))


def gram(name: str, target: torch.Tensor, scale: float = 1.0) -> Objective:
    """A loss: the distance of a layer's Gram matrix to a target's (1, c, c), divided by `scale`."""
    return single(f"style {name}", [name], lambda seen: gram_distance(gram_of(seen[name]), target) / scale)


def nearness(target: torch.Tensor) -> Objective:
    """A loss: the mean square of the distance to a picture (1, 3, h, w)."""
    return single("distance", [PICTURE], lambda seen: (seen[PICTURE] - target).pow(2).flatten(1).mean(1))


def variation(x: torch.Tensor) -> tuple[float, torch.Tensor]:
    """The mean square of the differences between neighbouring pixels, down and across, and its slope."""
    slope, total = torch.zeros_like(x), 0.0
    for d in (-2, -1):
        n = x.shape[d]
        if n < 2:
            continue
        apart = x.narrow(d, 1, n - 1) - x.narrow(d, 0, n - 1)
        total += float(apart.pow(2).mean())
        apart.mul_(2 / apart.numel())
        slope.narrow(d, 1, n - 1).add_(apart)
        slope.narrow(d, 0, n - 1).sub_(apart)
    return total, slope


def total_variation() -> Objective:
    """A loss: `variation` of each picture."""
    return of_picture("variation", variation)


def at(maps: torch.Tensor, name: str, number: int) -> torch.Tensor:
    """One channel of maps. Raises InputError that names the range."""
    if not 0 <= number < maps.shape[1]:
        raise InputError(f"{name} has no channel {number}.", f"Its channels are 0 to {maps.shape[1] - 1}.", "Choose one of these.")
    return maps[:, number]
