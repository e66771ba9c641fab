"""Who is there, and how do they look: the faces of the photo, and what people would call their expressions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zorki import blocks
from zorki.facing.portraits import portrait
from zorki.guided.guide import Guide
from zorki.guided.ledger import Task
from zorki.guided.work import looking
from zorki.locating.looking import enlarged

ORDER = 110
QUICK = True
TITLE = "Who is there, and how do they look"
LEAD = (
    "One network finds faces, with eyes, nose and mouth; another is shown each of them, turned upright, and says which of eight expressions most people would name in "
    "it. Until 2023 a closed service gave that answer; here both networks run on this machine."
)
NET, NAMER = "faces", "emotions"
SHOWN = 6  # faces that are shown by themselves
FEW = 8  # faces that are thought of before anybody has looked
NOT_A_FEELING = "It is the expression that people would name in this one picture, not what somebody feels."
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def work(guide: Guide) -> list[Task]:
    """It is shown the photo as it was trained, and as it is."""
    net, namer = guide.by(NET).net, guide.by(NAMER).net
    finding = looking(net, guide.hw) + looking(net, enlarged(guide.hw, net.side))
    return [(finding + looking(namer, namer.hw, FEW),)]


def build(guide: Guide) -> Iterator[blocks.Block]:
    made = guide.by(NET).make("faces", "find", photo=guide.photo)
    faces = made.result.raw.faces
    if not faces:
        yield blocks.Note("No face was found in this photo, so there is no expression to name.", command=made.command)
        return
    yield blocks.Row(
        figures=(guide.photo_tile(), made.tile("what is found", f"The photo with boxes about {counted(faces)}")),
        sentence=f"It finds {counted(faces)}. {likeliest(faces)} {NOT_A_FEELING}",
        command=made.command,
        formula="p = softmax(½ (f(x) + f(x mirrored)))",
    )
    yield blocks.Grid(
        tiles=tuple(
            blocks.Tile(
                portrait(guide.photo, face), f"{k}: {said(face)}", f"Face {k} turned upright, and its eight scores as bars: {said(face)}"
            )
            for k, face in enumerate(faces[:SHOWN], 1)
        ),
        sentence=f"{'The largest' if len(faces) > SHOWN else 'Each'} turned and enlarged so that eyes and mouth lie where they lie in every other, which is how the second network is shown "
        "them; under each its eight scores, which are together 1. It sees 48 × 48 grey pixels and nothing of what is around; what was taken for a face and is none gets an answer too.",
        command=f"{made.command} --json",
        tile_width=160,
    )


def counted(faces: Any) -> str:
    """One face, seven faces, 31 faces."""
    count = len(faces)
    return f"{NUMBERS[count] if count < len(NUMBERS) else f'{count:,}'} face{'s' * (count > 1)}"


def said(face: Any) -> str:
    return f"{face.emotion} {face.scores[face.emotion]:.0%}"


def likeliest(faces: Any) -> str:
    """What most would be called, and how sure it is."""
    if len(faces) == 1:
        return f"The likeliest expression is {faces[0].emotion}, with {faces[0].scores[faces[0].emotion]:.0%}."
    counts: dict[str, int] = {}
    for face in faces:
        counts[face.emotion] = counts.get(face.emotion, 0) + 1
    names = sorted(counts, key=lambda name: -counts[name])
    return f"The likeliest expressions: {', '.join(f'{name} of {counts[name]:,}' for name in names)}."
