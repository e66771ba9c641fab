"""Other people's annotations: which format lies in a folder, what it says of each picture, as outlines, boxes or masks. A file each in `readers/`."""

from zorki.formats.annotated import Annotated, Annotations, Embedded, Picture, Thing
from zorki.formats.finding import Unknown, labelled, read
from zorki.formats.places import Place
from zorki.formats.rectangles import Rectangles, is_numbers, open_rectangles
from zorki.formats.shapes import Bitmap, Disc, Patch, Polygons, Shape, Stroke

__all__ = [
    "Annotated",
    "Annotations",
    "Bitmap",
    "Disc",
    "Embedded",
    "Patch",
    "Picture",
    "Place",
    "Polygons",
    "Rectangles",
    "Shape",
    "Stroke",
    "Thing",
    "Unknown",
    "is_numbers",
    "labelled",
    "open_rectangles",
    "read",
]
