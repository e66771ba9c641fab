"""Find things in a photo, a film or a huge scan: a box about each, its class, how sure it is.

Source: Tian et al. 2019 (boxes without anchors); Zhang et al. 2022 (ByteTrack: things of a film, also those that are seen less surely for a while).
Differs: a large picture is looked at in pieces, and what their seams cut is put together; things of one class alone may be one thing in a film.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from zorki.core.errors import InputError
from zorki.core.method import Input
from zorki.core.settings import Least

if TYPE_CHECKING:
    from zorki import io, lens
    from zorki.locating.following import Following
    from zorki.locating.located import Located

INPUTS = {"photo": Input("the photo, film or large TIFF in which things are found", kind="photo", large=True)}
NETS = ("locator",)
TASK = "locate"
FILES = {
    "boxes": (".jpg", ".jpeg", ".png", ".webp", ".avif", ".tif", ".tiff"),
    "json": (".json",),
    "csv": (".csv",),
    "coco": (".json",),
    "crops": (".zip",),
}
TABLE = {"boxes.csv": ("file", "class", "x", "y", "w", "h", "score")}


@dataclass(frozen=True)
class Settings:
    as_: Literal["boxes", "json", "csv", "coco", "crops"] | None = None
    "what is written; not given: as the ending of --out says, without one the photo with boxes"
    least: Annotated[float, Least(0, 1)] | None = None
    "how sure it must be, 0 to 1; not given: as its training found best (0.3 where nobody knows), 0 of a network that always gives one"
    classes: str | None = None
    "the classes that are looked for, as raccoon or car,bus; not given: all"
    most: Annotated[int, Least(1)] | None = None
    "at most so many boxes, the surest; not given: 100 of each piece that is looked at at once"
    size: Annotated[int, Least(1)] | None = None
    "longest side that the network is shown; not given: as it was trained, of a net that has no card every pixel"
    tile: Annotated[int, Least(16)] | None = None
    "side of the pieces that a larger photo is cut into, in its pixels; not given: only what is too large to be looked at at once"
    gap: Annotated[float, Least(0, 60)] = 1.0
    "of films: for how many seconds a thing may be out of sight and still be the same"


PRESETS: dict[str, Settings] = {}


def run(net: lens.Net, photo: io.Photo | io.Large, s: Settings = Settings()) -> Located:
    """Boxes in the photo's own pixels, upright, the surest first. Raises UnknownName for --classes that the net lacks; InputError for a net that gives no boxes."""
    from zorki.core import events
    from zorki.locating import looking
    from zorki.locating.located import Located

    names, colours = looking.named(net)
    if s.tile is None and s.size is None and (side := looking.piece(net, photo.hw)):
        events.note(f"It is looked at at once, much smaller than it is: what is small in it is not seen; --tile={side} looks at pieces.")
    return Located(found(net, photo, names, s), names, colours, photo)


def found(net: lens.Net, photo: io.Photo | io.Large, names: Sequence[str], s: Settings, least: float | None = None) -> Any:
    """The detections, of those classes alone that are looked for. least: how sure at least, in place of the settings'."""
    import torch

    from zorki.core.classes import numbered
    from zorki.locating import looking

    wanted = None if s.classes is None else numbered(names, s.classes)
    enough = looking.usual(net) if s.least is None else s.least
    most = looking.MOST if s.most is None or wanted is not None else s.most
    seen = looking.found(net, looking.shown(net, photo), enough if least is None else least, most, size=s.size, tile=s.tile)
    if wanted is not None:
        seen = seen[torch.isin(seen.labels, torch.tensor(wanted, dtype=torch.int64, device="cpu"))]
    return seen if s.most is None else seen[: s.most]


def summed(rows: Sequence[Sequence[Any]]) -> tuple[list[str], dict[str, Any]]:
    """What is said of the boxes of many photos together, to a person and with --json. rows: as in TABLE."""
    from zorki.locating.located import counted, told

    counts = counted(row[1] for row in rows)
    return ["", f"in all: {told(counts) or 'nothing'}"], {"counts": counts}


def film(net: lens.Net, video: io.Video, s: Settings) -> Following:
    """The things of a film, each with a number of its own while it is seen. Raises InputError for what is no film's, and where the tracker is not installed."""
    from zorki.locating import looking
    from zorki.locating.following import Following

    if s.as_ not in (None, "boxes"):
        do = "Leave --as out."
        raise InputError(f"--as={s.as_} is of pictures.", "Of a film comes a film with boxes, and a table (.csv) beside it.", do)
    names, _ = looking.named(net)
    least = looking.usual(net) if s.least is None else s.least
    return Following(lambda photo, low: found(net, photo, names, s, low), names, video, least, s.gap)
