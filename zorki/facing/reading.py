"""The faces of a photo: found by one network, their expressions named by another.

Source: Project Oxford's Emotion API (2015 to 2023), whose answer this is: rectangles and eight scores, the largest face first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from zorki import io, lens, weights
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.numbers import short
from zorki.facing import aligning, finding
from zorki.facing.faces import EMOTIONS, Face, ordered
from zorki.formats import Rectangles
from zorki.locating import looking

FACE = "face"  # what a network of several classes calls it
FINDER = "faces"  # finds faces where nobody gives a network
NAMER = "emotions"  # names expressions where nobody gives a network
SIDE = 48  # pixels of the faces that are named, where no card says
BATCH = 64  # faces that are named at once


def read(
    net: lens.Net,
    emotions: lens.Net,
    photo: io.Photo | io.Large,
    least: float | None = None,
    size: int | None = None,
) -> tuple[Face, ...]:
    """The faces of a photo with their expressions, the largest first. net: finds them; emotions: names expressions; least, size: as `finding.found` takes them."""
    return named(emotions, photo, found(net, photo, least, size))


def found(net: lens.Net, photo: io.Photo | io.Large, least: float | None = None, size: int | None = None) -> tuple[Face, ...]:
    """The faces alone, the largest first; their expressions are not asked for. Raises InputError for a network that finds other things."""
    which = faces_of(net)
    seen = finding.found(net, looking.shown(net, photo), looking.usual(net) if least is None else least, size)
    if which is not None:
        seen = seen[seen.labels == which]
    places, scores = seen.boxes.tolist(), seen.scores.tolist()
    points = [None] * len(seen) if seen.points is None else list(seen.points.double().numpy())
    return ordered(Face(tuple(box), score, at) for box, score, at in zip(places, scores, points, strict=True))


def faces_of(net: lens.Net, option: str = "model") -> int | None:
    """Which of its classes is that of faces; None where it has but one. option: with which the network was given. Raises InputError for a network that finds other things."""
    names = [name.split(",")[0].strip().lower() for name in net.classes or ()]
    if len(names) < 2:
        return None
    if FACE not in names:
        do = f"Give as --{option} a network that finds faces."
        raise InputError(f"{net.name} finds {len(names):,} things.", f"None of them is called {FACE}.", do)
    return names.index(FACE)


def finder(emotions: lens.Net, faces: lens.Net | None = None) -> lens.Net:
    """The network that finds faces: the one that is given with --faces, else the one that ships, where `emotions` is. Raises InputError where none ships, and for
    a network that finds other things."""
    if faces is not None:
        faces_of(faces, "faces")
        return faces
    if FINDER not in weights.names():
        raise InputError("No network that finds faces is given.", "Zorki has none of its own yet.", "Give one with --faces.")
    found = weights.load(FINDER)
    return found if found.device == emotions.device else found.like(found.module.to(emotions.device))


def namer(net: lens.Net, emotions: lens.Net | None = None) -> lens.Net:
    """The network that names expressions: the one that is given, else the one that ships, where `net` is. Raises InputError where none ships."""
    if emotions is not None:
        return emotions
    if NAMER not in weights.names():
        raise InputError("No network that names expressions is given.", "Zorki has none of its own yet.", "Give one with --emotions.")
    found = weights.load(NAMER)
    return found if found.device == net.device else found.like(found.module.to(net.device))


def given(boxes: Rectangles, photo: io.Photo | io.Large) -> tuple[Face, ...]:
    """Faces where a person says that they are, the largest first, without points; what lies beyond the photo is cut off, and said. Raises InputError for one outside."""
    h, w = photo.hw
    some = boxes.of_picture(photo.name)
    if some is None:
        events.note(f"{boxes.name} has no box of {photo.name}.")
    out, cut = list[Face](), 0
    for x, y, wide, high in some or ():
        left, top, right, bottom = max(0.0, x), max(0.0, y), min(float(w), x + wide), min(float(h), y + high)
        if right <= left or bottom <= top or right - left < 0.5 or bottom - top < 0.5:
            told = ",".join(map(short, (x, y, wide, high)))
            do = "Give it in pixels of the upright photo, as left,top,width,height."
            raise InputError(f"The box {told} lies outside of the photo.", f"{photo.name} is {w} × {h} pixels.", do)
        cut += (left, top, right, bottom) != (x, y, x + wide, y + high)
        out.append(Face((left, top, right - left, bottom - top)))
    if cut:
        events.note(f"{cut} of {len(out)} boxes reach{'es' * (cut == 1)} beyond the photo, which is {w} × {h} pixels: that is cut off.")
    return ordered(out)


def named(emotions: lens.Net, photo: io.Photo | io.Large, faces: Sequence[Face]) -> tuple[Face, ...]:
    """The faces with what people would call their expressions. Raises InputError for a network that does not tell the eight apart."""
    if not faces:
        return ()
    order = places(emotions)
    picture = looking.shown(emotions, photo)
    out = list[Face]()
    for begin in range(0, len(faces), BATCH):
        some = faces[begin : begin + BATCH]
        x = torch.stack([aligning.taken(picture, aligning.square(face), side(emotions)) for face in some])
        with emotions.quiet(), torch.no_grad():
            shares = emotions.run(x).double().softmax(1)[:, order].cpu().numpy()
        out += [replace(face, shares=tuple(row.tolist())) for face, row in zip(some, shares, strict=True)]
    return tuple(out)


def side(emotions: lens.Net) -> int:
    """Pixels of the faces that it is shown."""
    card = weights.card_of(emotions)
    return SIDE if card is None else card.side


def places(emotions: lens.Net) -> list[int]:
    """Of each of EMOTIONS its place in the network's answer, by the names that the network itself has: an order is never guessed."""
    names = [name.lower() for name in emotions.classes or ()]
    if sorted(names) != sorted(EMOTIONS):
        lacking = [name for name in EMOTIONS if name not in names]
        raise InputError(
            f"{emotions.name} names other things than the eight expressions.",
            f"It lacks {', '.join(lacking)}." if lacking else f"It names {len(names)} things.",
            f"Give a network whose classes are {', '.join(EMOTIONS)}.",
        )
    return [names.index(name) for name in EMOTIONS]
