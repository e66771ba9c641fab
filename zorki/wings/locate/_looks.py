"""What becomes of a detection when parts of its picture are covered: of how sure the net is, and of where each side lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from zorki import blocks, formats, lens
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.seeds import seed_for
from zorki.explaining import attribution, classes, reading
from zorki.locating import aligned, looking
from zorki.locating.aligned import ZONES, Cut, Floats
from zorki.scores import bootstrap
from zorki.wings.locate._pictures import Picture, given, right

if TYPE_CHECKING:
    from zorki.wings.locate.explain import Settings

SIDES: tuple[reading.Side, ...] = ("left", "top", "right", "bottom")
ASKED = ("class", *SIDES)
EACH = 4  # detections of one picture at most


@dataclass(frozen=True, eq=False)
class Look:
    """One detection. picture: its name; small: (1, 3, h, w), the picture as it is shown; box: in pixels of the picture of hw; number: it is the how-manieth of its
    picture; right: whether it lies on a true thing of its class, None where nobody says. cut: the parts of the picture as the net was shown it; falls: (n, 5) by how
    much the class's logit, and each side in widths and heights of the box, fall when a part is covered; gone: (3, 5) the same of whole zones.
    logit: before anything is covered.
    """

    picture: str
    small: torch.Tensor
    hw: tuple[int, int]
    box: tuple[float, float, float, float]
    score: float
    number: int
    right: bool | None
    cut: Cut
    falls: Floats
    gone: Floats
    logit: float

    def amount(self, asked: str) -> Floats:
        """(n,): what each part does: how much it speaks for the class, or how far it moves a side, either way."""
        some = self.falls[:, ASKED.index(asked)]
        return np.maximum(some, 0) if asked == "class" else abs(some)

    @cached_property
    def shares(self) -> Floats:
        """(5, 3): of each of ASKED what lies inside, at the rim, outside."""
        return np.stack([self.cut.shares(self.amount(asked)) for asked in ASKED])

    @cached_property
    def near(self) -> Floats:
        """(4,): of what moves each side the share that lies at that side."""
        each = [(self.amount(side), self.cut.near(side)) for side in SIDES]
        return np.array([some[at].sum() / some.sum() if some.sum() > 0 else np.nan for some, at in each])

    def kept(self, least: float) -> Floats:
        """(3,): whether it would still be shown, 1 or 0, with a zone covered; of a net that tells many things."""
        score = 1 / (1 + np.exp(self.gone[:, 0] - self.logit))
        return np.where(np.isnan(score), np.nan, score >= least)


@dataclass(frozen=True, eq=False, repr=False)
class Looks:
    """each: the detections of the class `name` that were looked into; least: from which score on they are shown; one: the net gives one box; looked: in how many
    pictures detections were looked for. failed: pictures that could not be used, and why; tried: of how many; split: of which part."""

    each: tuple[Look, ...]
    name: str
    least: float
    one: bool
    looked: int
    baseline: str
    split: str = ""
    failed: tuple[tuple[str, str], ...] = ()
    tried: int = 0

    @property
    def right(self) -> tuple[Look, ...]:
        """Those that are not known to be false alarms: what is said of where it looks is of these."""
        return tuple(one for one in self.each if one.right is not False)

    @property
    def wrong(self) -> tuple[Look, ...]:
        """The false alarms, the surest first."""
        return tuple(sorted((one for one in self.each if one.right is False), key=lambda one: -one.score))

    @property
    def outward(self) -> tuple[Look, ...]:
        """The others, those first of which most of what speaks for the class lies outside."""
        return tuple(sorted(self.right, key=lambda one: -np.nan_to_num(one.shares[0, 2], nan=-1)))

    def mean(self, what: Any, some: Sequence[Look] | None = None) -> tuple[Floats, Floats, Floats]:
        """The mean over detections of an array that `what` makes of each, and the ends of its interval over pictures; nan counts nowhere."""
        some = self.right if some is None else some
        if not some:
            return np.array(np.nan), np.array(np.nan), np.array(np.nan)
        values = np.stack([np.asarray(what(one), np.float64) for one in some])
        return bootstrap.of_groups(values, [one.picture for one in some])

    @cached_property
    def shares(self) -> tuple[Floats, Floats, Floats]:
        """(5, 3): mean and interval of `Look.shares`."""
        return self.mean(lambda one: one.shares)

    @cached_property
    def area(self) -> Floats:
        """(3,): the share of the pictures that is inside, rim, outside."""
        return self.mean(lambda one: one.cut.shares(one.cut.areas))[0]

    def spread(self, asked: str) -> Floats:
        """(CELLS, CELLS): the mean map about the box; nan where fewer than a quarter of the pictures reach."""
        maps = np.stack(
            [one.cut.spread(one.amount(asked)) for one in self.right if one.amount(asked).sum() > 0]
            or [np.full((aligned.CELLS,) * 2, np.nan)]
        )
        there = (~np.isnan(maps)).sum(0)
        return np.where(there >= max(1, len(maps) / 4), np.nansum(maps, 0) / np.maximum(there, 1), np.nan)

    def tiles(self) -> list[blocks.Tile]:
        """The mean maps, for --out."""
        from zorki.wings.locate import _explained

        return _explained.means(self)

    def lines(self) -> list[str]:
        """What the command prints."""
        from zorki.wings.locate import _explained

        return _explained.lines(self)

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def answer(self) -> dict[str, Any]:
        """What --json gives; None of what there is nothing of."""
        from zorki.wings.locate import _explained

        return _explained.answer(self)


def looks(net: lens.Net, data: formats.Place, s: Settings) -> Looks:
    """All of it; tells how far it is."""
    names, least = looking.classes(net), looking.usual(net) if s.least is None else s.least
    number = None if s.class_ is None else classes.within(classes.numbered(net, s.class_), len(names))
    pictures, split, failed = given(net, data, s, names)
    count = len(pictures)
    order = np.random.default_rng(seed_for(s.seed, "explain")).permutation(count)
    found = list[tuple[Picture, looking.Traced]]()
    counts = np.zeros(len(names), np.int64)
    tried = 0
    for tried, i in enumerate(order.tolist(), 1):
        events.tell("looking for things", tried, count)
        try:
            picture = pictures(i)
        except InputError as error:
            failed[pictures.name(i)] = error.got
            continue
        traced = looking.traced(net, picture.pixels, least, longest=looking.trained(net))
        here = np.minimum(np.bincount(traced.found.labels.numpy(), minlength=len(names)), EACH)
        if here.any() if number is None else here[number]:
            found.append((picture.small(), traced))
        counts += here
        wanted = counts.max() if number is None else counts[number]
        if wanted >= s.most and tried >= min(count, s.most // 2):
            break
    label = int(counts.argmax()) if number is None else number
    if not counts[label]:
        what = names[label] if number is not None else "thing"
        raise InputError(
            f"No {what} was found in {tried} pictures.",
            f"{net.name} is {least:.0%} sure of none.",
            "Give other pictures, or a lower --least.",
        )
    each = tuple(measured(net, found, label, least, s))
    return Looks(each, names[label], least, looking.alone(net), tried, s.baseline, split, tuple(failed.items()), count)


def measured(net: lens.Net, found: Sequence[tuple[Picture, looking.Traced]], label: int, least: float, s: Settings) -> Iterator[Look]:
    """Each detection of the class, as many as are wanted."""
    nets = looking.outputs(net)
    wanted = list[tuple[Picture, looking.Traced, int]]()
    for picture, traced in found:
        mine = [k for k, one in enumerate(traced.found.labels.tolist()) if one == label][:EACH]
        wanted += [(picture, traced, k) for k in mine]
    wanted = wanted[: s.most]
    for i, (picture, traced, k) in enumerate(wanted, 1):
        yield look(nets, picture, traced, k, label, least, s.baseline)
        events.tell("covering", i, len(wanted))


def look(
    nets: tuple[lens.Net, lens.Net], picture: Picture, traced: looking.Traced, k: int, label: int, least: float, baseline: str
) -> Look:
    """One detection, with each part of its picture covered in turn."""
    h, w = picture.hw
    seen = (traced.seen.shape[-2], traced.seen.shape[-1])
    one = traced.said.one
    own = () if one else (int(traced.cells[k]),)
    box = tuple(traced.found.boxes[k].tolist())
    inside = (box[0] * seen[1] / w, box[1] * seen[0] / h, box[2] * seen[1] / w, box[3] * seen[0] / h)
    size = (1.0, 1.0) if one else (1 / seen[0], 1 / seen[1])  # what makes shares of the picture's sides of the net's numbers
    times = (size[0] * h / box[3], size[1] * w / box[2])
    asks = [attribution.Ask(nets[0], label, read=reading.of_class(label, own))]
    asks += [attribution.Ask(nets[1], 0, read=reading.of_side(side, times, own), either=True) for side in SIDES]
    cut = aligned.cut(inside, seen)
    x = traced.seen.to(nets[0].device)
    base = attribution.baseline(x, baseline)
    zones = torch.from_numpy(cut.zones[cut.parts])
    some = attribution.falls(asks, x, base, zones).double().numpy()
    gone = np.full((len(ZONES), len(ASKED)), np.nan)
    gone[torch.unique(zones).numpy()] = some
    falls = attribution.falls(asks, x, base, torch.from_numpy(cut.parts)).double().numpy()
    logit = float(asks[0].read.of(traced.said.logits[None])[0])  # type: ignore[union-attr]
    return Look(
        picture.name, picture.pixels[None], (h, w), box, float(traced.found.scores[k]), k + 1,
        right(picture, traced, k, label, least), cut, falls, gone, logit,
    )  # fmt: skip
