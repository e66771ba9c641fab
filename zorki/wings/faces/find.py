"""Find the faces of a photo, a folder or a film, and say how people would call their expressions.

Source: Project Oxford's Emotion API (2015 to 2023), whose answer this is; Tian et al. 2019 (boxes without anchors); Barsoum et al. 2016 (eight expressions, as people name them).
Differs: on your own machine; boxes come with eyes, nose and mouth, and faces are turned upright by them before they are named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from zorki.core import settings
from zorki.core.errors import InputError
from zorki.core.method import Input
from zorki.core.numbers import short
from zorki.core.settings import Least
from zorki.core.spelling import flag
from zorki.facing.emotions import EMOTIONS

if TYPE_CHECKING:
    from zorki import io, lens
    from zorki.facing import hiding
    from zorki.facing.faces import Face
    from zorki.facing.following import Following
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
    as_: Literal["faces", "json", "csv"] | None = field(default=None, metadata={"shows": True})
    "what is written; not given: as the ending of --out says, without one the photo with its faces"
    least: Annotated[float, Least(0, 1)] | None = None
    "how sure of a face the network must be, 0 to 1; not given: as its training found best"
    size: Annotated[int, Least(1)] | None = None
    "longest side that the network is shown; not given: small and at its own size, so that small and large faces are found"
    blur: bool = field(default=False, metadata={"shows": True})
    "blur the faces in place of drawing on the photo; without --least also what may be one is hidden, and not listed"
    pixelate: bool = field(default=False, metadata={"shows": True})
    "make coarse squares of the faces in place of drawing on the photo, as carefully as --blur"
    style: str | None = field(default=None, metadata={"shows": True})
    "paint the faces in this style in place of drawing on the photo; style list shows them"
    strength: Annotated[float, Least(0, 100)] = 100.0
    "how strongly faces are painted with --style: 0 is the photo, 100 the painting"
    crop: str | None = field(default=None, metadata={"file": True, "shows": True})
    "a folder that gets each face as a picture of its own, upright by its eyes, and a table of them"
    crop_side: Annotated[int, Least(1, 8192)] | None = field(default=None, metadata={"file": True})
    "side of these pictures in pixels; not given: as many as each face has, 1,024 at most"
    gap: Annotated[float, Least(0, 60)] = 1.0
    "of films: for how many seconds a face may be out of sight and still be the same"
    smooth: Annotated[float, Least(0, 60)] = 0.5
    "of films: seconds after which what was seen in a face counts half: the larger, the calmer; 0 shows each frame for itself"


PRESETS: dict[str, Settings] = {}


def refuse(s: Settings, given: Mapping[str, Any], film: bool) -> None:
    """Raises InputError for options that change nothing beside, or without, others: nothing that is asked for is left out silently. given: inputs, network, places, by name."""
    asked = changed_of(s)
    ways = [f"--{name}" for name in ("blur", "pixelate", "style") if name in asked]
    alone = {"strength": "style", "crop_side": "crop"}
    if ways and s.as_ in ("json", "csv"):
        do = f"Leave {ways[0]} out, or name a picture with --out."
        raise InputError(f"{ways[0]} does not go with --as={s.as_}.", "That is a list of the faces, without the photo.", do)
    for name, other in alone.items():
        if name in asked and other not in asked:
            raise InputError(
                f"{asked[name]} is given without --{other}.", "Without it nothing would come of it.", f"Add --{other}, or leave it out."
            )
    for name in ("gap", "smooth"):
        if name in asked and not film:
            raise InputError(f"{asked[name]} is of films.", "A photo has one moment.", "Leave it out.")
    found = [asked[name] for name in ("least", "size") if name in asked]
    found += [f"--model={given['model']}"] if given.get("model", NETS[0]) != NETS[0] else []
    if "boxes" in given and not film and found:
        raise InputError(
            f"{found[0]} does not go with --boxes.", "They say where the faces are, so none are looked for.", "Leave one of both out."
        )


def changed_of(s: Settings) -> dict[str, str]:
    """What differs from the defaults, by name, as it is typed."""
    return {name: f"{flag(name)}={short(value) if isinstance(value, float) else value}" for name, value in settings.changed(s).items()}


def run(
    net: lens.Net, photo: io.Photo | io.Large, boxes: Rectangles | None = None, emotions: lens.Net | None = None, s: Settings = Settings()
) -> Seen:
    """The faces in the photo's own pixels, upright, the largest first. boxes: where they are, so that the network is not asked.

    Raises InputError for networks that find no faces or name other things than the eight expressions, for boxes outside of the photo, and where faces are to be hidden
    and there is no box of the photo.
    """
    from zorki.facing import reading
    from zorki.facing.hiding import others
    from zorki.facing.seen import Seen

    how = way(s, photo)
    if boxes is not None and isinstance(how, str) and not boxes.of_picture(photo.name):
        raise InputError(
            f"{boxes.name} has no box of {photo.name}.",
            f"With --{how} nothing of it would be hidden.",
            "Give its boxes, or leave --boxes out.",
        )
    found = reading.found(net, photo, s.least, s.size) if boxes is None else reading.given(boxes, photo)
    faces = reading.named(reading.namer(net, emotions), photo, found)
    hides = faces if boxes is not None else careful(net, photo, faces, how, s)
    doubted = others(faces, hides) if isinstance(how, str) else 0
    return Seen(faces, photo, changed(photo, hides, s, how), s.crop, s.crop_side, doubted)


def way(s: Settings, photo: io.Photo | io.Large | None = None) -> hiding.How | hiding.Maker | None:
    """What becomes of faces: a word of `hiding.How`, what paints them, None where nobody asks. Raises UnknownName for a style that is not there, InputError for several
    at once, and for a photo that is too large to be opened."""
    asked = [
        f"--{name}" for name, given in (("blur", s.blur), ("pixelate", s.pixelate), (f"style={s.style}", s.style is not None)) if given
    ]
    if len(asked) > 1:
        raise InputError(f"{' and '.join(asked)} are given.", "A face becomes one of them.", "Leave out all but one.")
    wanted = asked or ([f"--crop={s.crop}"] if s.crop is not None else [])
    if wanted and photo is not None and not hasattr(photo, "pixels"):
        do = "Cut it into pieces first, or leave the option out."
        raise InputError(f"{wanted[0]} does not go with {photo.name}.", "It is too large to be opened at once.", do)
    if s.style is None:
        return "blur" if s.blur else "pixelate" if s.pixelate else None
    from zorki import weights
    from zorki.facing.painted import Painter

    return Painter.of(weights.load("brush"), s.style, s.strength / 100)


def careful(
    net: lens.Net, photo: io.Photo | io.Large, faces: Sequence[Face], how: hiding.How | hiding.Maker | None, s: Settings
) -> Sequence[Face]:
    """The faces that are hidden or painted: these, and where they are hidden also what may be one, unless a person said how sure it must be: to miss a face is worse than to
    hide a thing too many."""
    from zorki import io
    from zorki.facing import hiding

    return hiding.cautious(net, photo, faces, s.size) if isinstance(how, str) and s.least is None and isinstance(photo, io.Photo) else faces


def changed(photo: io.Photo | io.Large, faces: Sequence[Face], s: Settings, how: hiding.How | hiding.Maker | None = None) -> Any:
    """(h, w, 3): the photo's pixels with these faces hidden or painted; None where nobody asks. how: what `way` gave, so that of many frames it is made once."""
    from zorki import io
    from zorki.facing import hiding

    how = way(s, photo) if how is None else how
    if how is None:
        return None
    assert isinstance(photo, io.Photo), "what is too large was refused"
    return hiding.hidden(photo.pixels, faces, how, photo.seen)


def listed(rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """What is answered of one picture, by its rows as TABLE has them behind the file."""
    return [{"faceRectangle": dict(zip(SIDES, row[:4], strict=True)), "scores": dict(zip(EMOTIONS, row[4:], strict=True))} for row in rows]


def summed(rows: Sequence[Sequence[Any]]) -> tuple[list[str], dict[str, Any]]:
    """What is said of the faces of many photos together, to a person. rows: as in TABLE."""
    from zorki.facing.seen import told

    return ["", f"in all: {told([dict(zip(EMOTIONS, row[5:], strict=True)) for row in rows])}"], {}


def film(net: lens.Net, video: io.Video, s: Settings, boxes: Rectangles | None = None, emotions: lens.Net | None = None) -> Following:
    """The faces of a film, each with a number of its own while it is seen. Raises InputError for what is no film's, and where the tracker is not installed."""
    from zorki import lens
    from zorki.facing import reading
    from zorki.facing.following import LONGEST, Following
    from zorki.locating import looking
    from zorki.locating.drawing import levels

    if boxes is not None:
        raise InputError("--boxes are of a picture.", "In a film faces move.", "Leave --boxes out: they are found.")
    for name in ("as_", "crop"):
        if getattr(s, name, None) not in (None, "faces", ()):
            flag = f"--{name.rstrip('_')}={getattr(s, name)}"
            raise InputError(
                f"{flag} is of pictures.", "Of a film comes a film, with a table (.csv) and a page (.html) beside it.", "Leave it out."
            )
    namer = lens.precise(reading.namer(net, emotions))
    how = way(s)
    least = looking.usual(net) if s.least is None else s.least
    size = s.size or min(max(video.hw), LONGEST)
    return Following(
        lambda photo, low: reading.found(net, photo, low, size), lambda photo, faces: reading.named(namer, photo, faces), video, least, s.gap, s.smooth,
        None if how is None else lambda photo, faces: levels(changed(photo, careful(net, photo, faces, how, s), s, how)),
    )  # fmt: skip
