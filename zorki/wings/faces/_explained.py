"""For each expression that was named often enough: what speaks for it, where that lies, and what the network wants to see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from zorki import blocks, io, lens
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.seeds import seed_for
from zorki.facing import reading, regions
from zorki.facing.emotions import EMOTIONS
from zorki.scores import bootstrap
from zorki.wings.faces import _drawn, _told
from zorki.wings.faces._gathered import Gathered, Seen, gathered
from zorki.wings.faces._maps import Map, maps

if TYPE_CHECKING:
    from zorki.wings.faces.explain import Settings

Triple = tuple[np.ndarray, np.ndarray, np.ndarray]  # a mean, and the lower and upper ends of its interval over pictures


@dataclass(frozen=True, eq=False)
class Expression:
    """One of EMOTIONS. faces: those that were called so; looked: those of them that have maps; mean: (3, h, w) in 0..1, the mean of all faces called so; drawn: (3, h, w), what the
    network wants to see, None where nobody asked, and certain: how probable the network finds the expression in it.
    """

    name: str
    faces: tuple[Seen, ...]
    looked: tuple[Seen, ...]
    maps: tuple[Map, ...]
    mean: torch.Tensor
    drawn: torch.Tensor | None = None
    certain: float = float("nan")

    @property
    def pictures(self) -> list[str]:
        return [face.picture for face in self.looked]

    @cached_property
    def values(self) -> np.ndarray:
        """(side, side): the mean map, in units of the logit."""
        return np.asarray(np.mean([one.values for one in self.maps], 0))

    @cached_property
    def shares(self) -> Triple:
        """(4,) of `regions.NAMES`: of what speaks for it; each face counts alike."""
        return bootstrap.of_groups(np.stack([one.shares for one in self.maps]), self.pictures)

    @cached_property
    def kept(self) -> Triple:
        """(4,) of `regions.NAMES`: the share of faces that are still called so with that part blurred."""
        return bootstrap.of_groups(np.stack([one.kept for one in self.maps]), self.pictures)

    @property
    def wrong(self) -> tuple[Seen, ...]:
        """The faces that somebody calls otherwise, the surest first."""
        return tuple(sorted((face for face in self.faces if face.label not in ("", self.name)), key=lambda face: -face.share))

    @property
    def labelled(self) -> int:
        return sum(bool(face.label) for face in self.faces)

    @property
    def typical(self) -> tuple[int, ...]:
        """The numbers of its maps, those first whose shares are nearest to the mean; what is known to be called falsely is none of them."""
        mid = self.shares[0]
        right = [k for k, face in enumerate(self.looked) if face.label in ("", self.name)]
        return tuple(sorted(right, key=lambda k: float(np.nan_to_num(np.abs(self.maps[k].shares - mid), nan=1.0).sum())))


@dataclass(frozen=True, eq=False, repr=False)
class Explained:
    """each: the expressions that were named at least `fewest` times, in the order of EMOTIONS; net: the network's name."""

    each: tuple[Expression, ...]
    faces: Gathered
    net: str
    fewest: int

    @cached_property
    def counts(self) -> dict[str, int]:
        """How often each of EMOTIONS was named."""
        named = [face.emotion for face in self.faces.each]
        return {name: named.count(name) for name in EMOTIONS}

    @property
    def rare(self) -> dict[str, int]:
        """Those of which nothing is said."""
        told = {one.name for one in self.each}
        return {name: n for name, n in self.counts.items() if name not in told}

    @cached_property
    def area(self) -> np.ndarray:
        """(4,): of the face's area what lies in each of `regions.NAMES`."""
        return regions.shares(np.ones_like(self.each[0].values))

    @cached_property
    def falls(self) -> tuple[float, float]:
        """By how much the logit falls with the tenth of a face blurred that its map marks most, and with a tenth drawn at random: means over all maps."""
        marked, drawn = np.array([one.falls for expression in self.each for one in expression.maps]).mean(0).tolist()
        return marked, drawn

    @property
    def columns(self) -> int:
        """Of the tiles: an expression is a row."""
        return 2 + any(one.drawn is not None for one in self.each)

    def tiles(self) -> list[blocks.Tile]:
        """The means, the maps and the drawings, for --out."""
        from zorki.wings.faces import _page

        return _page.tiles(self)

    def lines(self) -> list[str]:
        """What the command prints."""
        return _told.lines(self)

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def answer(self) -> dict[str, Any]:
        """What --json gives."""
        return _told.answer(self)


def explained(net: lens.Net, photos: io.PhotoSet, s: Settings, faces: lens.Net | None = None) -> Explained:
    """All of it; tells how far it is."""
    looked = replace(s, cut=False) if s.cut is None and faces is not None else s  # who says what finds them has no cut out ones
    found = gathered(net, lambda: reading.finder(net, faces), photos, looked)
    order = reading.places(net)
    of = {name: [face for face in found.each if face.emotion == name] for name in EMOTIONS}
    often = [name for name in EMOTIONS if len(of[name]) >= s.fewest]
    if not often:
        most = max(of, key=lambda name: len(of[name]))
        got = f"{_told.number(len(found.each), 'face')}, and no expression was named {s.fewest} times ({most} {len(of[most])})."
        do = "Give more pictures, or --fewest=1. One photo alone is shown by `zorki see attribution --model emotions`."
        raise InputError(got, "Means are of many faces.", do)
    some = {name: chosen(of[name], s.most, s.seed, name) for name in often}
    total, before = sum(map(len, some.values())), 0
    made, means = {}, {}
    for name in often:
        number = order[EMOTIONS.index(name)]
        x = torch.stack([face.x for face in some[name]])
        asked = torch.full((len(x),), number, dtype=torch.int64, device="cpu")
        chance = np.random.default_rng(seed_for(s.seed, "a tenth", name))
        made[name] = maps(net, x, asked, chance, lambda n, before=before: events.tell("maps", before + n, total))  # type: ignore[misc]
        before += len(x)
        means[name] = averaged(of[name])
    drawn = dict[str, torch.Tensor]()
    numbers = [order[EMOTIONS.index(name)] for name in often]
    if s.steps:
        start = sum(len(some[name]) * means[name] for name in often)  # no expression counts for more faces than have maps
        assert isinstance(start, torch.Tensor)
        start = _drawn.lit(start + start.flip(2))
        drawn = dict(zip(often, _drawn.drawings(net, start, numbers, s.steps, s.seed), strict=True))
    each = tuple(
        Expression(
            name, tuple(of[name]), tuple(some[name]), tuple(made[name]), _drawn.lit(means[name]), drawn.get(name),
            _drawn.said(net, drawn[name], number) if name in drawn else float("nan"),
        )
        for name, number in zip(often, numbers, strict=True)
    )  # fmt: skip
    return Explained(each, found, net.name, s.fewest)


def chosen(faces: Sequence[Seen], most: int, seed: int, name: str) -> list[Seen]:
    """As many as have maps, drawn by the seed, in their order."""
    order = np.random.default_rng(seed_for(seed, "maps", name)).permutation(len(faces))[:most]
    return [faces[k] for k in sorted(order.tolist())]


def averaged(faces: Sequence[Seen]) -> torch.Tensor:
    """(3, h, w): the mean of faces that are brought to one mean and one spread, a few at a time."""
    total: torch.Tensor | None = None
    for begin in range(0, len(faces), 256):
        some = np.stack([face.shown for face in faces[begin : begin + 256]])
        x = _drawn.even(torch.from_numpy(some).permute(0, 3, 1, 2).float() / 255).sum(0)
        total = x if total is None else total + x
    assert total is not None
    return total / len(faces)
