"""Give every pixel of a photo, a film or a huge scan its class: masks, overlays, cutouts, outlines.

Source: Long, Shelhamer, Darrell 2015 (a class for each pixel); Isensee et al. 2021 (nnU-Net's tiles for what is large).
Differs: logits are enlarged to the photo's own size, not labels; a TIFF too large to be opened is read, worked on and written in rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from zorki.core.classes import numbered
from zorki.core.errors import InputError
from zorki.core.method import Input
from zorki.core.settings import Least

if TYPE_CHECKING:
    from zorki import io, lens
    from zorki.segmenting.prediction import Prediction

INPUTS = {"photo": Input("the photo, film or large TIFF whose pixels get classes", kind="photo", large=True)}
NETS = ("people", "road")
TASK = "segment"
FILES = {
    "index": (".png", ".tif", ".tiff"),
    "overlay": (".jpg", ".jpeg", ".webp", ".avif", ".png", ".tif", ".tiff"),
    "cutout": (".png", ".webp", ".avif", ".tif", ".tiff"),
    "probabilities": (".npz", ".npy"),
    "coco": (".json",),
    "geojson": (".geojson",),
}


@dataclass(frozen=True)
class Settings:
    as_: Literal["index", "overlay", "cutout", "probabilities", "coco", "geojson"] | None = None
    "what is written; not given: as the ending of --out says, without one an index PNG, of a film an overlay"
    only: str | None = None
    "the classes that are shown, cut out or outlined, as person or person,car; not given: all but the background"
    opacity: Annotated[float, Least(0, 100)] = 50.0
    "of an overlay: how strongly the colours cover the photo"
    rle: bool = False
    "of COCO's JSON: each class as run lengths, not each region as a polygon"
    size: Annotated[int, Least(1)] | None = None
    "longest side that the network looks at; not given: as it was trained, mostly every pixel"
    tile: Annotated[int, Least(16)] | None = None
    "side of the tiles that a larger photo is cut into; not given: 512 where it is too large to be looked at at once"
    mirror: Literal["none", "sideways", "any"] = "none"
    "also ask the photo mirrored left to right, or also upside down, and take the mean: slower, a little better"


PRESETS: dict[str, Settings] = {}


def run(net: lens.Net, photo: io.Photo | io.Large, s: Settings = Settings()) -> Prediction:
    """A class for each pixel, at the photo's own size. Raises UnknownName for --only of a class that the net lacks; InputError for a net that is no segmenter,
    for a cutout of everything, and for probabilities that memory has no room for."""
    from zorki.segmenting import regions
    from zorki.segmenting.predicting import predicted
    from zorki.segmenting.prediction import Prediction

    picture, shown, hw = looked_at(net, photo, s.size)
    count = counted(net, picture)
    names, colours = regions.classes_of(net, count)
    chosen = regions.things(names) if s.only is None else numbered(names, s.only)
    if s.as_ == "cutout" and len(chosen) == count:
        do = f"Add --only={names[0]}, say."
        raise InputError("--as=cutout of all classes is the photo.", f"There are {', '.join(names)}.", do)
    found = predicted(
        net, picture, hw, tile=s.tile, mirror=s.mirror, probabilities=s.as_ == "probabilities", inside=chosen if s.as_ == "cutout" else ()
    )
    kept, inside = (None if one is None else one.numpy() for one in (found.probabilities, found.inside))
    return Prediction(found.labels.numpy(), names, colours, shown, chosen, s.opacity / 100, s.rle, kept, inside)


def looked_at(net: lens.Net, photo: io.Photo | io.Large, size: int | None) -> tuple[Any, io.Photo | io.Large, tuple[int, int]]:
    """What the net is shown, (c, h, w) or rows; the photo as it is shown to a person; and its own size."""
    import numpy as np
    import torch

    from zorki import io, pixels, weights
    from zorki.segmenting import regions

    wanted = size if size is not None else regions.longest(photo.hw, net.resize)
    if isinstance(photo, io.Large):
        if wanted is None:
            return photo, photo, photo.hw
        return torch.from_numpy(np.ascontiguousarray(photo.small(wanted).transpose(2, 0, 1))), photo, photo.hw
    card = weights.card_of(net)
    photo = io.spread(photo, None if card is None else card.pictures.get("range"))
    x = torch.from_numpy(np.ascontiguousarray(photo.seen.transpose(2, 0, 1)))
    return pixels.sizes.within(x[None], wanted)[0], photo, photo.hw


def counted(net: lens.Net, picture: Any) -> int:
    """How many classes it has, by its names, else by looking at a corner."""
    from zorki.pixels import pieces
    from zorki.segmenting import tiles

    corner = pieces.strip(pieces.Held(picture) if hasattr(picture, "shape") else picture, 0, 32)[..., :32]
    return int(tiles.once(net, corner).shape[1])
