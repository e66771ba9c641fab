"""Losses as people write them: "cross_entropy", "cross_entropy+dice", "cross_entropy:1,dice:0.5"."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zorki.core.errors import InputError
from zorki.core.numbers import short
from zorki.scores import losses

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Sum:
    """Losses, each times its weight; to be called as one of them is."""

    terms: tuple[tuple[str, float], ...]

    def __call__(self, logits: torch.Tensor, truth: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
        """A scalar: see `losses.Loss`."""
        parts = self.parts(logits, truth, weights)
        first, *rest = (weight * parts[name] for name, weight in self.terms)
        return sum(rest, first)

    def parts(self, logits: torch.Tensor, truth: torch.Tensor, weights: torch.Tensor | None = None) -> dict[str, torch.Tensor]:
        """Each loss by its name, not yet weighed."""
        return {name: losses.take(name).loss(logits, truth, weights) for name, _ in self.terms}

    def __str__(self) -> str:
        return ",".join(f"{name}:{short(weight)}" for name, weight in self.terms)


def summed(text: str) -> Sum:
    """The sum that `text` names: joined by + or a comma, with a weight behind a colon where it is not 1.

    Raises UnknownName with the nearest losses; InputError for one named twice and for a weight that is not above 0.
    """
    terms: dict[str, float] = {}
    for part in re.split(r"[,+](?!\d)", text):  # of dice:1e+3 the number is left whole
        name, colon, said = map(str.strip, part.partition(":"))
        losses.take(name)
        if name in terms:
            raise InputError(f"The sum of losses {text!r} names {name} twice.", "A loss has one weight.", f"Name it once, as {name}:2.")
        terms[name] = weight_of(said, text) if colon else 1.0
    return Sum(tuple(terms.items()))


def weight_of(said: str, text: str) -> float:
    """A number above 0. Raises InputError."""
    try:
        weight = float(said)
    except ValueError:
        weight = math.nan
    if not 0 < weight < math.inf:
        raise InputError(
            f"In the sum of losses {text!r} the weight {said!r} is none.", "It is a number above 0.", "Write cross_entropy:1,dice:0.5, say."
        )
    return weight
