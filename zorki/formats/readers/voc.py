"""Pascal VOC: SegmentationClass/ with masks in palette colours, whose border of 255 counts nowhere; Annotations/ with boxes in XML.

Source: Everingham et al. 2010; the development kit's VOClabelcolormap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from zorki.core.errors import InputError
from zorki.core.void import VOID
from zorki.formats import masked, texts, values
from zorki.formats.annotated import Annotated, Annotations, Thing, parted
from zorki.formats.places import SPLITS, Place
from zorki.io import Label, open_mask
from zorki.io.pairs import stem
from zorki.io.photosets import is_picture

TITLE = "VOC"
ENDINGS = (".xml",)  # of its files
SIDES = ("xmin", "ymin", "xmax", "ymax")
Things = dict[str, tuple[Thing, ...]]  # by the name of an XML file
Wanted = tuple[Path, str, tuple[int, int] | None]  # that file, its picture's name and size
FOLDERS = ("segmentationclasspng", "segmentationclass")  # the first is where LabelMe's export has arrays in the other
NAMES = (
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog", "horse", "motorbike",
    "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip


def palette(count: int = 256) -> list[tuple[int, int, int]]:
    """VOC's colours: of a number's bits every third belongs to red, green and blue in turn, the lowest to the highest bits of these."""
    out = []
    for n in range(count):
        parts = [sum((n >> 3 * k + shift & 1) << 7 - k for k in range(8)) for shift in range(3)]
        out.append((parts[0], parts[1], parts[2]))
    return out


def found(place: Place) -> str:
    if place.called("labelmap.txt"):
        return ""  # CVAT's
    masks = masks_of(place)
    if masks:
        return place.inside(masks[0].parent) if masks[0].parent != place.root else f"{len(masks)} masks in its colours"
    tables = [file for file in place.ending(".xml") if is_table(file)]
    return "" if not tables else place.inside(tables[0]) + (f" and {len(tables) - 1} more" if len(tables) > 1 else "")


def masks_of(place: Place) -> list[Path]:
    """The PNGs in SegmentationClass/; else those of a folder that holds nothing but masks in VOC's colours."""
    for name in FOLDERS:
        masks = [file for file in place.ending(".png") if file.parent.name.lower() == name]
        if masks:
            return masks
    loose = [file for file in place.files if is_picture(file.name) and file.parent == place.root]
    return loose if loose and all(file.suffix.lower() == ".png" for file in loose) and in_its_colours(loose[0]) else []


def in_its_colours(file: Path) -> bool:
    """Whether a mask has VOC's palette; for its border, 255, tools have several colours."""
    try:
        mask = open_mask(file)
    except InputError:
        return False
    if mask.numbers is None or mask.palette is None:
        return False
    used = [n for n in np.unique(mask.numbers).tolist() if n != VOID]
    ours = np.array(palette(), np.uint8)
    return bool(used and max(used) < len(NAMES) and max(used) < len(mask.palette) and (mask.palette[used] == ours[used]).all())


def is_table(file: Path) -> bool:
    head = texts.begins(file)
    return "<annotation" in head and "<annotations" not in head


def read(place: Place) -> Annotations:
    """Damaged XML goes to `place.failed`. Raises InputError where there are neither masks nor boxes."""
    masks = masks_of(place)
    things, wanted, wrong = tables(place)
    if masks:
        classes, said = named(place, masks, {t.label for some in things.values() for t in some})
        splits = masked.from_lists(place, masks)
        return Annotations(TITLE, masked.annotated(place, splits, things), classes, said=said, masked=True)
    return with_boxes(place, things, wanted, wrong)


def boxes(place: Place) -> Annotations:
    """The boxes alone, of all pictures that have some, where few have masks too. Raises InputError where there are none."""
    return with_boxes(place, *tables(place)) if any(map(is_table, place.ending(".xml"))) else read(place)


def with_boxes(place: Place, things: Things, wanted: Mapping[str, Wanted], wrong: Sequence[InputError]) -> Annotations:
    """Parts by ImageSets/Main, where it has train and val, else by other lists, else by the folders of the XML."""
    if not things:
        raise (
            wrong[0] if wrong else InputError(f"{place.name} holds no masks of VOC's.", "They lie in SegmentationClass/.", "Name another.")
        )
    rows = {file: Annotated(one, file, hw, things[key]) for key, (file, one, hw) in wanted.items()}
    splits, said = main(place, [*rows])
    if {*splits} == {"all"}:
        splits = {}
        for file in rows:
            splits.setdefault(place.split(file), []).append(file)
    parts = {part: [rows[file] for file in files] for part, files in splits.items()}
    classes = values.listed(sorted({t.label for some in things.values() for t in some}, key=str.casefold))
    return Annotations(TITLE, parted(parts, lambda one: place.inside(one.source)), classes, said=said, written="corners")


def main(place: Place, files: Sequence[Path]) -> tuple[dict[str, list[Path]], tuple[str, ...]]:
    """The XML files of each part, and what is to be said of that."""
    by_stem = {stem(file): file for file in files}
    found: dict[str, list[Path]] = {}
    for table in place.ending(".txt"):
        if table.parent.name.lower() == "main" and (part := SPLITS.get(table.stem.lower())) is not None:
            names = [Path(line.split()[0]).name for line in texts.lines(table)]
            found[part] = [by_stem[one] for name in names if (one := name) in by_stem or (one := stem(Path(name))) in by_stem]
    if not found.get("train") or not found.get("val"):
        return masked.from_lists(place, files), ()
    rest = len({*files} - {file for some in found.values() for file in some})
    return {part: some for part, some in found.items() if some}, (f"{rest:,} XML files stand in no list of ImageSets/Main, and are left out.",) * bool(rest)  # fmt: skip


def named(place: Place, masks: Sequence[Path], spoken: set[str]) -> tuple[tuple[Label, ...], tuple[str, ...]]:
    """What the masks' numbers mean: by a list beside them; else VOC's own classes, where nothing speaks against them."""
    classes, file = masked.names_in_order(place)
    if classes:
        return classes, (f"The classes stand in the order of {file}.",)
    other = sorted(spoken - {*NAMES, "potted plant", "tv/monitor"})
    if other:
        said = f"Its XML speaks of {', '.join(other[:4])}, which are no classes of VOC's, and no list says which number is which."
        return (), (f"{said} A class_names.txt with a name a line would.",)
    if not in_its_colours(masks[0]):
        return (), ()
    rows = tuple(Label(n, name, "#" + "".join(f"{v:02x}" for v in palette()[n])) for n, name in enumerate(NAMES))
    return (*rows, Label(255, "void", "")), ("No list of names is there, and the colours are VOC's: its 20 classes are taken.",)


def tables(place: Place) -> tuple[Things, dict[str, Wanted], list[InputError]]:
    """By the name of each XML file its things; its path, its picture's name and size; and what is wrong with others."""
    things: Things = {}
    wanted: dict[str, Wanted] = {}
    wrong: list[InputError] = []
    for file in place.ending(".xml"):
        if not is_table(file):
            continue
        try:
            tree = texts.xml_of(file)
        except InputError as e:
            place.failed[place.inside(file)] = e.got
            wrong.append(e)
            continue
        key = stem(file) if stem(file) not in things else place.inside(file)
        things[key] = tuple(thing(one, k) for k, one in enumerate(tree.iter("object"), 1))
        hw = values.size(values.whole(tree.findtext("size/width", "")), values.whole(tree.findtext("size/height", "")))
        wanted[key] = file, (tree.findtext("filename") or "").strip(), hw
    return things, wanted, wrong


def thing(one: ElementTree.Element, k: int) -> Thing:
    """By the names of its parts, in whatever order they stand. A polygon x1, y1 … has a box too."""
    label, number = (one.findtext("name") or "").strip(), f"object {k}"
    sides = places(one.find("bndbox"), SIDES)
    corners = one.find("polygon")
    box = None if sides is None else values.box((sides[0], sides[1], sides[2] - sides[0], sides[3] - sides[1]))
    if not label:
        return Thing("void", None, box, flaw="has no name", number=number)
    if corners is None:
        return Thing(label, None, box, flaw="" if box is not None else lacking(one.find("bndbox")), number=number)
    count = sum(part.tag.startswith("x") for part in corners)
    flat = places(corners, [f"{axis}{n}" for n in range(1, count + 1) for axis in "xy"])
    outline = values.NO_NUMBER if flat is None else values.polygons([flat])
    if isinstance(outline, str):
        return Thing(label, None, box, flaw=outline, number=number)
    left, top, right, bottom = outline.reach
    if box is None:
        box = left, top, right - left, bottom - top
    return Thing(label, outline, box, number=number)


def lacking(parts: ElementTree.Element | None) -> str:
    """Why a thing has no box: which number is missing, or is none, or lies where nothing can be."""
    if parts is None:
        return "has no box"
    for name in SIDES:
        if places(parts, [name]) is None:
            said = parts.findtext(name)
            return f"has no {name}" if said is None else f"has {values.shown(said)} where {name}, a place in the picture, is"
    return "has no box"


def places(parts: ElementTree.Element | None, names: Sequence[str]) -> list[float] | None:
    """The numbers in these parts; None where one is missing or none."""
    try:
        return None if parts is None else values.numbers([float(parts.findtext(name) or "") for name in names])
    except ValueError:
        return None
