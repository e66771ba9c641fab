"""Of each face, what in it speaks for the expression that it was called, and what is left of that when a part is blurred away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from zorki import lens
from zorki.explaining import attribution
from zorki.facing import regions

NODES = 4  # of the path: eight come to the same shares
AWAY = 4  # times that a part is blurred which is to be gone: a smile is still seen in what was blurred once
TENTH = 0.1  # of a face: what a map marks most


@dataclass(frozen=True)
class Own:
    """Of each answer (b, classes) another number's logit."""

    numbers: torch.Tensor

    def of(self, answers: torch.Tensor) -> torch.Tensor:
        return answers.gather(1, self.numbers.to(answers.device)[:, None])[:, 0].float()


@dataclass(frozen=True, eq=False)
class Map:
    """values: (side, side), the change of the logit that each pixel makes on the way from the blurred face to the face; together, but for the integral's error, the whole
    change. falls: by how much the logit falls with the tenth blurred that it marks most, and with another tenth drawn at random. kept: (4,) whether the face is still called so
    with each of `regions.NAMES` blurred away.
    """

    values: np.ndarray
    falls: tuple[float, float]
    kept: np.ndarray

    @property
    def speaking(self) -> np.ndarray:
        """What speaks for it: the values above 0."""
        return np.asarray(np.maximum(self.values, 0))

    @property
    def shares(self) -> np.ndarray:
        """(4,): of what speaks for it what lies in each of `regions.NAMES`."""
        return regions.shares(self.speaking)


def maps(net: lens.Net, faces: torch.Tensor, numbers: torch.Tensor, chance: np.random.Generator, done: Callable[[int], None]) -> list[Map]:
    """Of faces (n, 3, side, side) asked about those of the net's classes. chance: draws what is blurred for comparison; done: is told how many are done."""
    out = list[Map]()
    for begin in range(0, len(faces), attribution.AT_ONCE):
        some = slice(begin, begin + attribution.AT_ONCE)
        out += batch(net, faces[some].to(net.device), numbers[some], chance)
        done(len(out))
    return out


def batch(net: lens.Net, x: torch.Tensor, numbers: torch.Tensor, chance: np.random.Generator) -> list[Map]:
    """The same of a few."""
    ask = attribution.Ask(net, 0, read=Own(numbers))
    base = attribution.baseline(x, "blurred")
    values = path(ask, x, base).sum(1)
    n, side, _ = values.shape
    count = max(1, round(TENTH * side * side))
    first = torch.zeros(n, side * side, dtype=torch.bool, device=x.device)
    first.scatter_(1, values.flatten(1).topk(count, 1).indices, True)
    drawn = torch.from_numpy(np.stack([chance.permutation(side * side) < count for _ in range(n)]))
    parts = torch.from_numpy(regions.parts(side)).to(x.device)
    away = base
    for _ in range(AWAY - 1):
        away = attribution.baseline(away, "blurred")
    whole = ask.scores(x)
    falls = [
        (whole - ask.scores(torch.where(mask.view(n, 1, side, side).to(x.device), base, x))).double().cpu().numpy()
        for mask in (first, drawn)
    ]
    with torch.no_grad():
        kept = np.stack(
            [(net.logits(torch.where(parts == k, away, x)).argmax(1).cpu() == numbers).double().numpy() for k in range(len(regions.NAMES))],
            1,
        )
    return [Map(values[i].double().cpu().numpy(), (float(falls[0][i]), float(falls[1][i])), kept[i]) for i in range(n)]


def path(ask: attribution.Ask, x: torch.Tensor, base: torch.Tensor, count: int = NODES) -> torch.Tensor:
    """(x − x') ∫₀¹ ∇F(x' + a (x − x')) da of each of x (n, c, h, w), by Gauss-Legendre, as `attribution.integrated` has it of one."""
    total = torch.zeros_like(x)
    for node, weight in zip(*np.polynomial.legendre.leggauss(count), strict=True):
        total += ask.slopes(base + (float(node) + 1) / 2 * (x - base)) * (float(weight) / 2)
    return total * (x - base)
