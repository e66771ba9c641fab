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
    from zorki.facing.following import Following
    from zorki.facing.seen import Seen

INPUTS = {
    "photo": Input("the photo, film or large TIFF in which faces are found", kind="photo", large=True),
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
    smooth: Annotated[float, Least(0, 60)] = 0.5
    "of films: seconds after which what was seen in a face counts half: the larger, the calmer; 0 shows each frame for itself"


PRESETS: dict[str, Settings] = {}


def run(net: lens.Net, photo: io.Photo | io.Large, emotions: lens.Net | None = None, s: Settings = Settings()) -> Seen:
    """The faces in the photo's own pixels, upright, the largest first. Raises InputError for networks that find no faces or name other things than the eight expressions."""
    from zorki.facing import reading
    from zorki.facing.seen import Seen

    faces = reading.read(net, reading.namer(net, emotions), photo, s.least, s.size)
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


def film(net: lens.Net, video: io.Video, s: Settings, emotions: lens.Net | None = None) -> Following:
    """The faces of a film, each with a number of its own while it is seen. Raises InputError for what is no film's, and where the tracker is not installed."""
    from zorki import lens
    from zorki.facing import reading
    from zorki.facing.following import LONGEST, Following
    from zorki.locating import looking
    from zorki.locating.drawing import levels

    for name in ("as_", "boxes", "crop"):
        if getattr(s, name, None) not in (None, "faces", ()):
            flag = f"--{name.rstrip('_')}={getattr(s, name)}"
            raise InputError(
                f"{flag} is of pictures.", "Of a film comes a film, with a table (.csv) and a page (.html) beside it.", "Leave it out."
            )
    namer = lens.precise(reading.namer(net, emotions))
    least = looking.usual(net) if s.least is None else s.least
    size = s.size or min(max(video.hw), LONGEST)
    return Following(
        lambda photo, low: reading.found(net, photo, low, size), lambda photo, faces: reading.named(namer, photo, faces), video, least, s.gap, s.smooth,
        (lambda photo, faces: levels(changed(photo, faces, s))) if s.blur or s.pixelate or s.style is not None else None,
    )  # fmt: skip
