"""Which format lies in a place, found by what is there; and its annotations, with the picture of each."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from zorki.core import shelf
from zorki.core.errors import InputError, UnknownName
from zorki.core.folders import at_home
from zorki.core.spelling import own
from zorki.formats import texts
from zorki.formats.annotated import Annotated, Annotations, Picture
from zorki.formats.places import Finder, Lost, Place
from zorki.io import LabelledFolder, open_labelled
from zorki.io.pairs import stem

READERS = "zorki.formats.readers"
MASKS = ("folder", "pairs", "cityscapes", "cvat", "labelme_export")  # of which no thing has a box
KNOWN = "COCO, LabelMe, VOC, YOLO, CVAT, Cityscapes, GeoJSON, tables of boxes and pictures with masks are known"


class Unknown(InputError):
    """There are no annotations in a place, or none that any reader knows."""


def readers(place: Place) -> dict[str, tuple[ModuleType, str]]:
    """The formats that lie there, by name, each with the file or folder that shows it. Those that take what no other does (`LAST`) where no other does."""
    known = {name: shelf.take(READERS, name, "format") for name in shelf.names(READERS)}
    found: dict[str, tuple[ModuleType, str]] = {}
    for last in (False, True):
        for name, module in known.items():
            if getattr(module, "LAST", False) == last and (seen := module.found(place)):
                found[name] = module, seen
        if found:
            break
    return found


def reader(place: Place, named: str | None, boxes: bool = False) -> tuple[ModuleType, str]:
    """The one format that lies there, or the one that a person named. boxes: these are wanted, so that Zorki's own table of them goes before all else, and
    what has masks alone behind. Raises UnknownName; InputError for none, and for several."""
    if named is not None:
        if named not in shelf.names(READERS):
            raise UnknownName.among("format", named, shelf.names(READERS))
        module = shelf.take(READERS, named, "format")
        return module, module.found(place) or ""
    if boxes:
        table = shelf.take(READERS, "boxes", "format")
        if table.own(place):
            return table, table.found(place)
    found = readers(place)
    if boxes and len(found) > 1:
        found = {name: one for name, one in found.items() if name not in MASKS} or found
    if not found:
        for file in place.ending(".json", ".geojson")[:20]:
            texts.json_of(file)  # a damaged one says so
        raise Unknown(f"{own(place.name)} holds no annotations that are known.", f"{KNOWN}.", "Name their folder or file.")
    if len(found) > 1:
        both = " and ".join(f"{module.TITLE} ({seen})" for module, seen in found.values())
        do = f"Name one of their folders or files, or give --from={next(iter(found))}, say."
        raise InputError(f"{own(place.name)} holds {both}.", "One format is read at a time.", do)
    return next(iter(found.values()))


def read(place: Place, named: str | None = None, pictures: str | None = None, boxes: bool = False) -> Annotations:
    """What lies there, each picture with where it is. named: the format, where it is not to be found out. pictures: the folder of the pictures, where
    they are not beside; then only there. boxes: whether these are what is wanted of it.

    Pictures that are not found go to `place.failed`. Raises InputError: for what is no annotations, or several, for damaged files, which it
    names, and where no picture is found at all.
    """
    folder = None if pictures is None else at_home(pictures)
    if folder is not None and not folder.is_dir():
        raise InputError(f"--pictures={own(folder)} is no folder.", "The pictures lie in it.", "Name their folder.")
    module, seen = reader(place, named, boxes)
    found: Annotations = module.boxes(place) if boxes and hasattr(module, "boxes") else module.read(place)
    damaged(place, module)
    what = "" if not seen or seen == place.name else f" ({seen})"
    things = sum(len(one.things) for some in found.splits.values() for one in some)
    rest = number(len(found), "mask") if found.masked else f"{number(things, 'thing')} in {number(len(found), 'picture')}"
    masks = {one.mask for some in found.splits.values() for one in some if one.mask is not None}
    finder = Finder(place, folder, masks)
    splits = {name: tuple(located(finder, one, name) for one in some) for name, some in found.splits.items()}
    said = (f"{place.name} is {found.title}{what}: {rest}.", *found.said, *where_found(finder), *beside(place, module, named, boxes))
    used = replace(found, splits=kept(place, found, splits), said=said)
    place.count = len(used) + len(place.failed)
    return used


def damaged(place: Place, module: ModuleType) -> None:
    """Notes files of the format's ending that are of no format at all, since they are cut off early, or empty."""
    for file in place.ending(*getattr(module, "ENDINGS", ())):
        try:
            if file.suffix.lower() == ".xml":
                if "<annotation" not in texts.begins(file):  # else the reader has parsed it
                    texts.xml_of(file)
            elif not place.jsons[file]:
                texts.json_of(file)
        except InputError as e:
            place.failed.setdefault(place.inside(file), e.got)


def number(count: int, what: str) -> str:
    """1 picture, 2,000 pictures."""
    return f"{count:,} {what}{'s' * (count != 1)}"


def located(finder: Finder, one: Annotated, split: str) -> Annotated:
    """With its picture: the file that is meant; where that is not there the one that the annotations hold."""
    if one.lost or (one.picture is not None and isinstance(one.picture.where, Path)):
        return one
    try:
        return replace(one, picture=Picture(finder.find(one.wanted, one.source.parent, stem(one.source), split)))
    except Lost as e:
        return one if one.picture is not None else replace(one, lost=str(e))


def beside(place: Place, read: ModuleType, named: str | None, boxes: bool) -> Iterable[str]:
    """What else lies there, where Zorki's own table went before it."""
    if boxes and named is None and read.__name__ == f"{READERS}.boxes":
        for name, (module, seen) in readers(place).items():
            if name not in (*MASKS, "boxes"):
                yield f"{module.TITLE} ({seen}) lies there too, and is not read."


def where_found(finder: Finder) -> Iterable[str]:
    for folder, count in finder.beside.items():
        yield f"{number(count, 'picture')} found in {folder.name}/, beside {finder.place.root.resolve().name}/."


def kept(place: Place, found: Annotations, splits: dict[str, tuple[Annotated, ...]]) -> dict[str, tuple[Annotated, ...]]:
    """Those with a picture; the others are noted. Raises InputError where there is none."""
    out = {}
    for name, some in splits.items():
        for one in some:
            if one.lost:
                place.fail(name, one.wanted or one.name, one.lost)
        out[name] = tuple(one for one in some if not one.lost)
    if not any(out.values()):
        first = next((one for some in splits.values() for one in some), None)
        if first is None:
            raise InputError(f"{own(place.name)} is {found.title} of no picture.", "At least one is needed.", "Take another.")
        got = f"None of the {len(found):,} pictures of {own(place.name)} is used: {first.lost}."
        raise InputError(got, "They are looked for in its folder, those inside and beside it.", "Name their folder with --pictures.")
    return {name: some for name, some in out.items() if some}


def labelled(given: str | Path | LabelledFolder) -> LabelledFolder:
    """`io.open_labelled`; of another format the error says how it becomes such a folder. Raises InputError."""
    try:
        return open_labelled(given)
    except InputError as error:
        if not isinstance(given, str | Path):
            raise
        try:
            module, seen = reader(Place(given), None)
        except InputError:
            raise error from None
        if getattr(module, "TRAINS", False):  # it is what is asked for, and something in it is wrong
            raise error
        raise InputError(
            f"{own(Path(given).name)} is {module.TITLE}{'' if seen in ('', Path(given).name) else f' ({seen})'}.",
            "Masks are learnt from and judged by, and what becomes of overlaps, crowds and names is to be looked at once.",
            f"Convert it first: `zorki segment convert {shlex.quote(str(given))} --out=FOLDER`.",
        ) from None
