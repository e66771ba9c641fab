"""What a segmenter knows of its classes, and where each of them is in a photo: for whatever works on one of them alone."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from zorki import lens, pixels, weights
from zorki.core.errors import InputError, UnknownName
from zorki.segmenting import palette
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


def numbered(names: Sequence[str], wanted: str) -> tuple[int, ...]:
    """The numbers of classes by name or number, as "person,car". Raises UnknownName with the nearest."""
    plain = {" ".join(name.casefold().split()): n for n, name in enumerate(names)}
    out = []
    for one in filter(None, (part.strip() for part in wanted.split(","))):
        said = " ".join(one.casefold().split())
        if said in plain:
            out.append(plain[said])
        elif said.isdecimal() and int(said) < len(names):
            out.append(int(said))
        else:
            raise UnknownName.among("class", one, names)
    if not out:
        raise InputError("No class is named.", f"There are {', '.join(names)}.", "Name one or more, with commas between them.")
    return tuple(dict.fromkeys(out))


def things(names: Sequence[str]) -> tuple[int, ...]:
    """All classes but a first one that is background."""
    return tuple(range(int(palette.is_nothing(names) and len(names) > 1), len(names)))


def regions(net: lens.Net, photo: torch.Tensor) -> Masks:
    """Where each class is that is in a photo (1, 3, h, w) in 0..1: (h, w) yes or no, by its name, in the order of the classes; together they
    are the whole photo. Raises InputError for a net that gives no class for each pixel."""
    found = predicted(net, photo[0])
    names, _ = classes_of(net, found.classes)
    there = [n for n, pixels in enumerate(torch.bincount(found.labels.flatten().long(), minlength=found.classes).tolist()) if pixels]
    return {names[n]: found.labels == n for n in there}


KNOWN = ("people", "road")  # segmenters that ship; the first that knows all the classes is asked


def cover(photo: torch.Tensor, wanted: str) -> tuple[torch.Tensor, str]:
    """How far each pixel of a photo (1, 3, h, w) in 0..1 is of some classes, named as "people" or "car,pedestrian": (1, 1, h, w) in 0..1; and the
    net of those that ship that says so. Raises UnknownName where none of them knows all the classes.
    """
    cards = [weights.card(name) for name in KNOWN if name in weights.names()]
    for card in cards:
        try:
            inside = numbered(card.classes, wanted)
        except UnknownName:
            continue
        net = weights.load(card.name)
        shorter = min(photo.shape[-2:])
        small = pixels.sizes.within(photo, None if card.resize is None else max(1, round(card.resize * max(photo.shape[-2:]) / shorter)))
        found = predicted(net, small[0], (photo.shape[-2], photo.shape[-1]), inside=inside).inside
        assert found is not None
        return found[None, None], card.name
    known = [name for card in cards for name in card.classes]
    raise UnknownName.among("class", next(filter(None, wanted.split(",")), wanted).strip(), known)
