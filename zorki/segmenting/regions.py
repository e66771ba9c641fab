"""What a segmenter knows of its classes, and where each of them is in a photo: for whatever works on one of them alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from zorki import lens, pixels, weights
from zorki.core.classes import numbered
from zorki.core.errors import InputError, UnknownName
from zorki.pixels import palette
from zorki.segmenting.predicting import predicted

Masks = dict[str, torch.Tensor]


def classes_of(net: lens.Net, count: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and colours (#rrggbb) of so many classes: the card's, else "class 0" and the palette's. A net of one map has two classes."""
    names = tuple(net.classes or ())
    if len(names) == 1 and count == 2:
        names = ("background", *names)
    if len(names) != count:
        names = tuple(f"class {n}" for n in range(count))
    card = weights.card_of(net)
    shown = card.colours if card is not None and len(card.colours) == count else palette.colours(names)
    return names, tuple(shown)


def things(names: Sequence[str]) -> tuple[int, ...]:
    """All classes but a first one that is background."""
    return tuple(range(int(palette.is_nothing(names) and len(names) > 1), len(names)))


def regions(net: lens.Net, photo: torch.Tensor) -> Masks:
    """Where each class is that is in a photo (1, 3, h, w) in 0..1: (h, w) yes or no, by its name, in the order of the classes; together they
    are the whole photo. Raises InputError for a net that gives no class for each pixel."""
    found = predicted(net, looked_at(photo, net.resize)[0], (photo.shape[-2], photo.shape[-1]))
    names, _ = classes_of(net, found.classes)
    there = [n for n, pixels in enumerate(torch.bincount(found.labels.flatten().long(), minlength=found.classes).tolist()) if pixels]
    return {names[n]: found.labels == n for n in there}


def sure(net: lens.Net, photo: torch.Tensor) -> float:
    """How sure it is of a photo (1, 3, h, w) in 0..1: the likeliest class's probability, the mean over the pixels that it looks at."""
    found = predicted(net, looked_at(photo, net.resize)[0], probabilities=True).probabilities
    assert found is not None
    return float(found.amax(0).float().mean())


def shares(masks: Masks) -> dict[str, float]:
    """How much of the photo each region is, in 0..1."""
    return {name: float(mask.float().mean()) for name, mask in masks.items()}


def looked_at(photo: torch.Tensor, shorter: int | None) -> torch.Tensor:
    """A photo (1, 3, h, w) brought down to that shorter side, where it is larger and there is one."""
    wanted = longest((photo.shape[-2], photo.shape[-1]), shorter)
    return photo if wanted is None else pixels.sizes.within(photo, wanted)


def longest(hw: tuple[int, int], shorter: int | None) -> int | None:
    """The longer side where the shorter one is brought to the pixels that it had in training; None where nothing says."""
    return None if shorter is None else max(1, round(shorter * max(hw) / min(hw)))


KNOWN = ("people", "road")  # segmenters that ship, in the order in which they are asked
FITS = {
    "people": (("people",), 0.02, 0.0),
    "road": (("road", "pavement"), 0.15, 0.94),
}  # classes that a photo for them holds, how much of it they are, and how sure the net is: of streets 0.96, of 124 other photos above 0.94 of two
SEEN = 0.02  # share of each of two pictures from which a class is a region of both


def known() -> list[weights.Card]:
    """The cards of those that are here."""
    cards = [weights.card(name) for name in KNOWN if name in weights.names()]
    return [card for card in cards if card.installed]


def fits(net: lens.Net, photo: torch.Tensor, shares: Mapping[str, float]) -> bool:
    """Whether a photo (1, 3, h, w) in 0..1, in which a net that ships sees those shares of its classes, is one for it."""
    wanted, least, surest = FITS[net.name]
    return sum(shares.get(one, 0.0) for one in wanted) >= least and (not surest or sure(net, photo) >= surest)


def cover(photo: torch.Tensor, wanted: str) -> tuple[torch.Tensor, str]:
    """How far each pixel of a photo (1, 3, h, w) in 0..1 is of some classes, named as "people" or "car,pedestrian": (1, 1, h, w) in 0..1; and the
    net of those that ship that says so. Raises UnknownName where none of them knows all the classes.
    """
    cards = known()
    if not cards:
        raise InputError(f"Nothing here tells where {wanted} is.", "A segmenter that ships would.", "Give a mask of your own.")
    for card in cards:
        try:
            inside = numbered(card.classes, wanted)
        except UnknownName:
            continue
        small = looked_at(photo, card.resize)
        found = predicted(weights.load(card.name), small[0], (photo.shape[-2], photo.shape[-1]), inside=inside).inside
        assert found is not None
        return found[None, None], card.name
    names = [name for card in cards for name in card.classes]
    raise UnknownName.among("class", next(filter(None, wanted.split(",")), wanted).strip(), names)


def shared(one: torch.Tensor, other: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, tuple[str, ...], str] | None:
    """Regions of two photos (1, 3, h, w) in 0..1 that belong to each other: (r, h, w) of each, 0 or 1, their names, and the net that found them.

    The first of the nets that ship for which both are photos; classes that are not in both are one region, the rest. None where none fits.
    """
    for card in known():
        net = weights.load(card.name)
        here, there = (regions(net, photo) for photo in (one, other))
        parts = shares(here), shares(there)
        if not all(fits(net, photo, each) for photo, each in zip((one, other), parts, strict=True)):
            continue
        names = [name for name, share in parts[0].items() if min(share, parts[1].get(name, 0.0)) >= SEEN]
        if len(names) < 2:
            continue
        masks = [torch.stack([found[name] for name in names]) for found in (here, there)]
        rests = [~mask.any(0, keepdim=True) for mask in masks]
        if all(bool(rest.any()) for rest in rests):
            masks, names = [torch.cat(pair) for pair in zip(masks, rests, strict=True)], [*names, "the rest"]
        mine, theirs = (mask.float() for mask in masks)
        return mine, theirs, tuple(names), card.name
    return None
