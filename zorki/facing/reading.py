"""The faces of a photo: found by one network, their expressions named by another.

Source: Project Oxford's Emotion API (2015 to 2023), whose answer this is: rectangles and eight scores, the largest face first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from zorki import io, lens, weights
from zorki.core.errors import InputError
from zorki.facing import aligning
from zorki.facing.faces import EMOTIONS, Face, ordered
from zorki.locating import looking
from zorki.pixels.pieces import Rows, strip

NAMER = "emotions"  # names expressions where nobody gives a network
SIDE = 48  # pixels of the faces that are named, where no card says
BATCH = 64  # faces that are named at once


def read(
    net: lens.Net,
    emotions: lens.Net,
    photo: io.Photo | io.Large,
    least: float | None = None,
    size: int | None = None,
    tile: int | None = None,
) -> tuple[Face, ...]:
    """The faces of a photo with their expressions, the largest first. net: finds them; emotions: names expressions; least, size, tile: as `looking.found` takes them."""
    return named(emotions, photo, found(net, photo, least, size, tile))


def found(
    net: lens.Net, photo: io.Photo | io.Large, least: float | None = None, size: int | None = None, tile: int | None = None
) -> tuple[Face, ...]:
    """The faces alone, the largest first; their expressions are not asked for."""
    seen = looking.found(net, looking.shown(net, photo), looking.usual(net) if least is None else least, size=size, tile=tile)
    places, scores = seen.boxes.tolist(), seen.scores.tolist()
    points = [None] * len(seen) if seen.points is None else list(seen.points.double().numpy())
    return ordered(Face(tuple(box), score, at) for box, score, at in zip(places, scores, points, strict=True))


def namer(net: lens.Net, emotions: lens.Net | None = None) -> lens.Net:
    """The network that names expressions: the one that is given, else the one that ships, where `net` is. Raises InputError where none ships."""
    if emotions is not None:
        return emotions
    if NAMER not in weights.names():
        raise InputError("No network that names expressions is given.", "Zorki has none of its own yet.", "Give one with --emotions.")
    found = weights.load(NAMER)
    return found if found.device == net.device else found.like(found.module.to(net.device))


def named(emotions: lens.Net, photo: io.Photo | io.Large, faces: Sequence[Face]) -> tuple[Face, ...]:
    """The faces with what people would call their expressions. Raises InputError for a network that does not tell the eight apart."""
    if not faces:
        return ()
    order = places(emotions)
    card = weights.card_of(emotions)
    side = SIDE if card is None else card.side
    picture = looking.shown(emotions, photo)
    out = list[Face]()
    for begin in range(0, len(faces), BATCH):
        some = faces[begin : begin + BATCH]
        x = torch.stack([cut(picture, aligning.square(face), side) for face in some])
        with emotions.quiet(), torch.no_grad():
            shares = emotions.run(x).double().softmax(1)[:, order].cpu().numpy()
        out += [replace(face, shares=tuple(row.tolist())) for face, row in zip(some, shares, strict=True)]
    return tuple(out)


def cut(picture: torch.Tensor | Rows, where: aligning.Square, side: int) -> torch.Tensor:
    """`aligning.cut`, also of what reads its rows."""
    if isinstance(picture, torch.Tensor):
        return aligning.cut(picture, where, side)
    corners = where.at(np.array([[0.0, 0.0], [1, 0], [0, 1], [1, 1]]))
    h, _ = picture.hw
    top = int(np.clip(np.floor(corners[:, 1].min()) - 4, 0, h - 1))
    bottom = int(np.clip(np.ceil(corners[:, 1].max()) + 4, top + 1, h))
    return aligning.cut(strip(picture, top, bottom)[0], where._replace(middle=where.middle - [0, top]), side)


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
