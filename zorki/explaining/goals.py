"""Goals as people write them (`targets`), as what a picture climbs: `conv4_1:3 - 0.5*conv4_1:9 + class:espresso`."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from zorki import lens
from zorki.explaining import reading
from zorki.explaining.directions import Direction
from zorki.explaining.targets import TOKENS, Target, targets
from zorki.pixels import objectives
from zorki.pixels.objectives import Objective, Seen, Term


def goal(net: lens.Net, text: str, directions: Mapping[str, Direction] | None = None) -> Objective:
    """What the text asks for. directions: those of the words `like` and `towards`, as far as they are given.

    Raises InputError for what cannot be read and for a channel that the layer lacks, UnknownName for a layer or class that the net lacks.
    """
    given = directions or {}
    first, *more = (objective(net, one, given) * one.weight for one in targets(net, text, given))
    return sum(more, first)


def objective(net: lens.Net, target: Target, directions: Mapping[str, Direction]) -> Objective:
    """What one term asks for, without its weight."""
    if target.class_ is not None:
        return objectives.logit(target.class_, reading.middle(net))
    if target.direction:
        return objectives.towards(directions[target.direction].name, directions[target.direction].of)
    if not target.channels:
        return objectives.layer(target.layer)
    shape = net.layer(target.layer).shape
    some = target.numbers(shape[0] if len(shape) in (1, 3) or target.channels == "all" else TOKENS)
    row, column = map(int, target.place.split(",")) if "," in target.place else (None, None)
    if len(some) == 1:
        return objectives.neuron(target.layer, some[0], row, column) if target.place else objectives.channel(target.layer, some[0])
    each = [objectives.neuron(target.layer, n, row, column) if target.place else objectives.channel(target.layer, n) for n in some]

    def value(seen: Seen) -> torch.Tensor:
        """The mean of the channels."""
        return torch.stack([found for one in each for _, found in one.parts(seen)]).mean(0)

    return Objective((Term(target.what, (target.layer,), value, placed=bool(target.place)),))
