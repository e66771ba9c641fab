"""Turn other people's annotations into pictures with masks, and masks into annotations.

Source: Lin et al. 2014 (COCO); Wada, LabelMe; Everingham et al. 2010 (VOC); Cordts et al. 2016 (Cityscapes); RFC 7946 (GeoJSON).
Differs: which format it is, is found by what lies there; outlines cover the pixels whose middle lies inside, whatever the format.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from zorki.core import events
from zorki.core.method import File, Input
from zorki.core.settings import Among

if TYPE_CHECKING:
    from zorki import formats
    from zorki.segmenting.converting import Conversion

INPUTS = {
    "data": Input(
        "a folder or a file of annotations: COCO, LabelMe, VOC, YOLO, CVAT, Cityscapes, GeoJSON, images/ with masks/", kind="annotated"
    )
}
NETS: tuple[str, ...] = ()
GIVES = "written"


@dataclass(frozen=True)
class Settings:
    to: Annotated[str, Among("zorki.segmenting.writers")] = "folder"
    "what is written; folder: images/ with masks/, classes.csv and a preview, as `zorki segment train` takes it"
    from_: Annotated[str, Among("zorki.formats.readers")] | None = None
    "the format that is read; not given: the one that lies there"
    pictures: str | None = None
    "the folder of the pictures; not given: looked for where the annotations say, in their folder, and beside it"
    overlap: Literal["later", "smaller", "void"] | None = None
    "of two things in one place which is on top, or that neither counts; not given: of LabelMe, CVAT and GeoJSON the later, else the smaller"
    crowds: Literal["class", "void", "none"] = "class"
    "what COCO's crowds, many things outlined as one, are filled as: their class under all else, void, or not at all"
    rle: bool = False
    "of COCO and LabelMe: each class of a picture as one bitmap, not each region as a polygon"


PRESETS: dict[str, Settings] = {}


def run(data: formats.Place, s: Settings = Settings()) -> Iterator[File]:
    """Pictures and what is known of them, file by file.

    Raises InputError for what is no annotations, or of several formats, for damaged files, and where no picture is found; UnknownName for another
    format. Pictures that cannot be used are left out and named.
    """
    from zorki import formats
    from zorki.core import shelf
    from zorki.segmenting.converting import conversion

    found = formats.read(data, s.from_, s.pictures)
    for sentence in found.said:
        events.note(sentence)
    made = conversion(data, found, s.overlap, s.crowds)
    writer: Any = shelf.take("zorki.segmenting.writers", s.to, "format to write")
    held: File | None = None
    for file in writer.files(made, s.rle):  # the last one says what came of all
        if held is not None:
            yield held
        held = file
    for sentence in made.said():
        events.note(sentence)
    if held is not None:
        yield replace(held, said=answer(found.title, made))


def answer(title: str, made: Conversion) -> dict[str, Any]:
    """What --json gives."""
    known = made.table
    rows = zip(known.values, known.names, known.pixels, strict=True)
    return {
        "format": title,
        "pictures": len(made.shown),
        "splits": {split: sum(key[0] == split for key in made.shown) for split in made.splits},
        "classes": [{"index": value, "name": name, "pixels": pixels} for value, name, pixels in rows],
        "void_pixels": known.void_pixels,
    }
