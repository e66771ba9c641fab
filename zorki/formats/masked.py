"""Masks beside pictures: which belong together, in which part, and what lists say of their values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from zorki.formats import texts, values
from zorki.formats.annotated import Annotated, Thing, parted
from zorki.formats.places import SPLITS, Place
from zorki.io import Label
from zorki.io.labelled import labels
from zorki.io.pairs import stem

LISTS = ("class_names.txt", "labels.txt", "classes.txt")
COLOURS = re.compile(r"(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\S.*)")


def from_lists(place: Place, masks: Sequence[Path]) -> dict[str, list[Path]]:
    """The masks of each part as text files of names in ImageSets/ say it; all of them where none do."""
    by_stem = {stem(mask): mask for mask in masks}
    files = [file for file in place.ending(".txt") if "imagesets" in (part.lower() for part in Path(place.inside(file)).parts[:-1])]
    found: dict[str, list[Path]] = {}
    for file in files:
        part = SPLITS.get(re.split(r"[^a-z]+", file.stem.lower())[0], "all")
        some = [
            by_stem[name]
            for line in texts.lines(file)
            if (name := Path(line.split()[0]).name) in by_stem or (name := stem(Path(name))) in by_stem
        ]
        found[part] = list(dict.fromkeys([*found.get(part, ()), *some]))
    parts = {part: some for part, some in found.items() if part != "all" and some}
    listed = {mask for some in parts.values() for mask in some}
    return parts if len(parts) > 1 and {*masks} == listed else {"all": [*masks]}


def annotated(
    place: Place, splits: Mapping[str, Sequence[Path]], things: Mapping[str, tuple[Thing, ...]] = {}
) -> dict[str, tuple[Annotated, ...]]:
    """Of masks whose pictures are called as they are; things: what else is known of a picture, by its name."""
    found = {part: [Annotated("", mask, None, things.get(stem(mask), ()), mask) for mask in some] for part, some in splits.items()}
    return parted(found, lambda one: place.inside(one.source))


def names_in_order(place: Place) -> tuple[tuple[Label, ...], str]:
    """Classes whose number is their line in a list, and that list's name; what counts nowhere is 255."""
    for file in place.called(*LISTS):
        names = texts.lines(file)
        nowhere = [name for name in names[:1] if name.lower() == "__ignore__"]  # LabelMe's lists begin with what is -1
        found = [Label(n, "background" if n == 0 and name == "_background_" else name, "") for n, name in enumerate(names[len(nowhere) :])]
        return (*found, Label(255, "void", "")), file.name
    return (), ""


def coloured(place: Place) -> tuple[tuple[Label, ...], str]:
    """Classes by their colours, or numbers, as a table beside the masks says: label_colors.txt, class_dict.csv, _classes.csv, classes.csv."""
    for file in place.called("label_colors.txt", "label_colours.txt"):
        rows = [row for line in texts.lines(file) if (row := COLOURS.fullmatch(line))]
        return tuple(Label(n, row[4].strip(), values.colour([int(v) for v in row.groups()[:3]])) for n, row in enumerate(rows)), file.name
    for file in place.called("classes.csv"):
        return labels(file), file.name
    for file in place.called("class_dict.csv", "_classes.csv"):
        return tuple(from_rows(texts.lines(file))), file.name
    return (), ""


def from_rows(lines: Sequence[str]) -> Iterable[Label]:
    """name,r,g,b in whatever order; or Pixel Value, Class."""
    titles = [title.strip().lower() for title in lines[0].split(",")] if lines else []
    for n, line in enumerate(lines[1:]):
        row = dict(zip(titles, (cell.strip() for cell in line.split(",")), strict=False))
        number = values.whole(row.get("pixel value", row.get("index", str(n))))
        name = row.get("name") or row.get("class") or row.get("label") or ""
        if name and number is not None:
            yield Label(number, name, values.colour([values.whole(row.get(key)) for key in ("r", "g", "b")]))
