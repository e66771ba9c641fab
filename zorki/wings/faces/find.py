"""Find the faces of a photo, a folder or a film, and say how people would call their expressions.

Source: Project Oxford's Emotion API (2015 to 2023), whose answer this is; Tian et al. 2019 (boxes without anchors); Barsoum et al. 2016 (eight expressions, as people name them).
Differs: on your own machine; boxes come with eyes, nose and mouth, and faces are turned upright by them before they are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from zorki.core.errors import InputError
from zorki.core.method import Input
from zorki.core.settings import Least
from zorki.facing.emotions import EMOTIONS

if TYPE_CHECKING:
    from zorki import io, lens
    from zorki.facing.faces import Face
    from zorki.facing.seen import Seen
    from zorki.formats import Rectangles

INPUTS = {
    "photo": Input("the photo, film or large TIFF in which faces are found", kind="photo", large=True),
    "boxes": Input(
        "the faces' boxes, so that none are looked for: left,top,width,height;left,… in pixels, or a JSON or CSV file of them",
        kind="boxes",
        option=True,
    ),
    "emotions": Input("the network that names expressions; not given: the one that ships", kind="network", option=True),
}
NETS = ("faces",)
TASK = "locate"
LISTS = "faces"
FILES = {
    "faces": (".jpg", ".jpeg", ".png", ".webp", ".avif", ".tif", ".tiff"),
    "json": (".json",),
    "csv": (".csv",),
}
SIDES = ("left", "top", "width", "height")
TABLE = {"faces.csv": ("file", *SIDES, *EMOTIONS)}


@dataclass(frozen=True)
class Settings:
    as_: Literal["faces", "json", "csv"] | None = None
    "what is written; not given: as the ending of --out says, without one the photo with its faces"
    least: Annotated[float, Least(0, 1)] | None = None
    "how sure of a face the network must be, 0 to 1; not given: as its training found best"
    size: Annotated[int, Least(1)] | None = None
    "longest side that the network is shown; not given: small and at its own size, so that small and large faces are found"
    blur: bool = field(default=False, metadata={"shows": True})
    "blur the faces in place of drawing on the photo"
    pixelate: bool = field(default=False, metadata={"shows": True})
    "make coarse squares of the faces in place of drawing on the photo"
    style: str | None = field(default=None, metadata={"shows": True})
    "paint the faces in this style in place of drawing on the photo; style list shows them"
    strength: Annotated[float, Least(0, 100)] = 100.0
    "how strongly faces are painted with --style: 0 is the photo, 100 the painting"
    crop: str | None = field(default=None, metadata={"file": True, "shows": True})
    "a folder that gets each face as a picture of its own, upright by its eyes"
    gap: Annotated[float, Least(0, 60)] = 1.0
    "of films: for how many seconds a face may be out of sight and still be the same"


PRESETS: dict[str, Settings] = {}


def run(
    net: lens.Net, photo: io.Photo | io.Large, boxes: Rectangles | None = None, emotions: lens.Net | None = None, s: Settings = Settings()
) -> Seen:
    """The faces in the photo's own pixels, upright, the largest first. boxes: where they are, so that the network is not asked.

    Raises InputError for networks that find no faces or name other things than the eight expressions, and for boxes outside of the photo.
    """
    from zorki.facing import reading
    from zorki.facing.seen import Seen

    names = reading.namer(net, emotions)
    found = reading.found(net, photo, s.least, s.size) if boxes is None else reading.given(boxes, photo)
    faces = reading.named(names, photo, found)
    return Seen(faces, photo, changed(photo, faces, s))


def changed(photo: io.Photo | io.Large, faces: Sequence[Face], s: Settings) -> Any:  # noqa: ARG001
    """(h, w, 3): the photo's pixels with its faces hidden or painted; None where nobody asks."""
    if not (s.blur or s.pixelate or s.style is not None):
        return None
    raise InputError(
        "Faces cannot be hidden yet.", "It is not written.", "Leave --blur, --pixelate and --style out."
    )  # zorki.facing.hiding


def listed(rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """What is answered of one picture, by its rows as TABLE has them behind the file."""
    return [{"faceRectangle": dict(zip(SIDES, row[:4], strict=True)), "scores": dict(zip(EMOTIONS, row[4:], strict=True))} for row in rows]


def summed(rows: Sequence[Sequence[Any]]) -> tuple[list[str], dict[str, Any]]:
    """What is said of the faces of many photos together, to a person. rows: as in TABLE."""
    from zorki.facing.seen import told

    return ["", f"in all: {told([dict(zip(EMOTIONS, row[5:], strict=True)) for row in rows])}"], {}


def film(
    net: lens.Net,  # noqa: ARG001
    video: io.Video,  # noqa: ARG001
    s: Settings,  # noqa: ARG001
    boxes: Rectangles | None = None,
    emotions: lens.Net | None = None,  # noqa: ARG001
) -> Any:
    """The faces of a film, each with a number of its own while it is seen. Raises InputError for what is no film's."""
    if boxes is not None:
        raise InputError("--boxes are of a picture.", "In a film faces move.", "Leave --boxes out: they are found.")
    raise InputError("Films cannot be followed yet.", "It is not written.", "Take a picture out of it.")  # zorki.facing.following
