"""YOLO: a text file for each picture with a line for each thing, in shares of the picture's width and height; data.yaml says names and parts.

Source: Ultralytics, "Instance Segmentation Datasets Overview". A line is a class number and x, y of each corner, or of a box its middle, width and height.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PureWindowsPath
from typing import Any

from zorki.core import events
from zorki.core.errors import InputError
from zorki.formats import texts, values
from zorki.formats.annotated import Annotated, Annotations, Picture, Thing, parted
from zorki.formats.places import Place, is_there, walked
from zorki.io import Label
from zorki.io.photosets import is_picture

TITLE = "YOLO"
NAMES = ("classes.txt", "obj.names", "_darknet.labels", "classes.names")  # lists without a data.yaml
KEYS = {"train": "train", "val": "val", "valid": "val", "test": "test"}
ROW = re.compile(r"\d+(\s+[-+.\deE]+){4,}")
SHARES = 2.0  # places beyond are pixels


def found(place: Place) -> str:
    table = yaml_of(place)
    if table is not None:
        return place.inside(table)
    rows = [file for file in place.ending(".txt") if file.name.lower() not in NAMES and is_there(file) and file.stat().st_size < 1 << 22][
        :50
    ]
    seen = next((file for file in rows if (some := texts.read(file)[:400].decode("utf-8", "replace").strip()) and ROW.match(some)), None)
    return "" if seen is None else place.inside(seen)


def yaml_of(place: Place) -> Path | None:
    """The file that names the classes: of several data.yaml before others."""
    files = [file for file in place.ending(".yaml", ".yml") if re.search(rb"^['\"]?names['\"]?\s*:", texts.read(file), re.MULTILINE)]
    return min(files, key=lambda file: (not file.stem.lower().startswith(("data", "dataset")), len(file.parts)), default=None)


def read(place: Place) -> Annotations:
    """Pictures with damaged lines go to `place.failed`. Raises InputError for a data.yaml that is none, and where no picture has whole lines."""
    table = yaml_of(place)
    said: list[str] = []
    listed, parts = ({}, {}) if table is None else document(table)
    splits = {part: some for part, given in parts.items() if (some := pictures(place, table, given))} if table is not None else {}
    if not splits:
        for file in place.files:
            if is_picture(file.name):
                splits.setdefault(place.split(file), []).append(file)
    wrong: list[InputError] = []
    rows: dict[str, list[Annotated]] = {name: [] for name in splits}
    every = [(name, picture) for name, some in splits.items() for picture in some]
    for k, (name, picture) in enumerate(every, 1):
        events.tell("annotations", k, len(every))
        try:
            rows[name].append(annotated(place, picture))
        except InputError as e:
            wrong.append(e)
            place.failed[place.inside(picture)] = e.got
    if not any(rows.values()):
        raise wrong[0] if wrong else InputError(f"{place.name} holds no pictures of YOLO's.", "They lie in images/.", "Name another.")
    bare = sum(one.source == one.picture.where for some in rows.values() for one in some if one.picture is not None)
    if bare:
        said.append(
            f"{bare:,} pictures have no text file: nothing is in them." if bare > 1 else "1 picture has no text file: nothing is in it."
        )
    used = {int(t.label) for some in rows.values() for one in some for t in one.things}
    names = {n: str(name).strip() for n, name in (listed or names_beside(place)).items()}
    strange = sorted(n for n in used if n not in names)
    if names and strange:
        raise InputError(
            f"The class {strange[0]} has no name.", f"Named are {', '.join(map(str, names))}.", "Mend the list of names, or that line."
        )
    names = names or {n: f"class {n}" for n in sorted(used)}
    out = {
        part: [replace(one, things=tuple(replace(t, label=names[int(t.label)]) for t in one.things)) for one in some]
        for part, some in rows.items()
    }
    return Annotations(
        TITLE,
        parted(out, lambda one: one.wanted),
        values.apart(Label(n, name, "") for n, name in sorted(names.items())),
        "smaller",
        tuple(said),
        written="middle",
    )


def document(table: Path) -> tuple[dict[int, str], dict[str, list[str]]]:
    """Names by number, and for each part the folders or lists of its pictures. Raises InputError."""
    import yaml

    try:
        doc = yaml.safe_load(texts.read(table))
    except yaml.YAMLError as e:
        raise InputError(f"{table.name} is no whole YAML: {str(e).splitlines()[0]}.", "It names classes and folders.", "Mend it.") from e
    except RecursionError as e:
        raise InputError(f"{table.name} is nested too deep.", "It names classes and folders.", "Take another file.") from e
    except ValueError as e:  # a date that the calendar lacks, a number of thousands of digits
        raise InputError(f"{table.name} holds what YAML cannot read: {str(e)!r:.90}.", "It names classes and folders.", "Mend it.") from e
    given = doc.get("names") if isinstance(doc, dict) else None
    pairs: Iterable[tuple[Any, Any]] = given.items() if isinstance(given, Mapping) else enumerate(given) if isinstance(given, list) else ()
    names: dict[int, str] = {}
    for key, name in pairs:
        if isinstance(name, bool) or not isinstance(name, str | int | float):  # of a list inside a list text could be made without end
            raise InputError(
                f"{table.name} calls class {values.shown(key)} by what is no name.", "A name is a word or a number.", "Mend `names`."
            )
        if (n := values.whole(key)) is not None:
            names[n] = str(name)
    if not names:
        raise InputError(f"{table.name} has no list of names.", "`names` says what each class number is called.", "Add it.")
    base = str(doc.get("path") or "")
    parts: dict[str, list[str]] = {}
    for key, part in KEYS.items():
        folders = doc.get(key)
        folders = [folders] if isinstance(folders, str) else folders if isinstance(folders, list) else []
        parts.setdefault(part, []).extend(f"{base}/{one}" if base else str(one) for one in folders)
    return names, parts


def pictures(place: Place, table: Path, given: Sequence[str]) -> list[Path]:
    """The pictures of a part. The folders are looked for as they are written, and, since they often name another machine's, by their last names here."""
    out: list[Path] = []
    for one in given:
        parts = [part for part in PureWindowsPath(one).as_posix().split("/") if part not in ("", ".", "..")]
        tried = [
            table.parent / one,
            *(table.parent.joinpath(*parts[k:]) for k in range(len(parts))),
        ]  # the first is `one`, where that begins at /
        where = next((path for path in tried if exists(path) and path.resolve() not in place.root.resolve().parents), None)
        if where is not None and where.is_dir():
            out += [file for file in walked(where) if is_picture(file.name)]
        elif where is not None and where.suffix == ".txt":  # a list of them
            known = {file.name: file for file in walked(place.root) if is_picture(file.name)}
            out += [known[name] for line in texts.lines(where) if (name := PureWindowsPath(line).name) in known]
    return list(dict.fromkeys(out))


def exists(path: Path) -> bool:
    """A path that is too long is none."""
    try:
        return path.exists()
    except OSError:
        return False


def names_beside(place: Place) -> dict[int, str]:
    return next((dict(enumerate(texts.lines(file))) for file in place.called(*NAMES)), {})


def rows_of(picture: Path) -> Path | None:
    """The text file of a picture: in labels/ where that lies in images/, or beside it."""
    parts = list(picture.with_suffix(".txt").parts)
    tried = [picture.with_suffix(".txt")]
    for k in reversed(range(len(parts) - 1)):
        if parts[k].lower() == "images":
            tried.insert(0, Path(*parts[:k], "labels", *parts[k + 1 :]))
            break
    return next((path for path in tried if path.is_file()), None)


def annotated(place: Place, picture: Path) -> Annotated:
    file = rows_of(picture)
    lines = [] if file is None else texts.lines(file)
    things = tuple(thing(line, file, k) for k, line in enumerate(lines, 1) if file is not None)
    return Annotated(place.inside(picture), file or picture, None, things, relative=True, picture=Picture(picture))


def thing(line: str, file: Path, k: int) -> Thing:
    """Of a line. Raises InputError for one that is none."""
    try:
        label, *places = [float(word) for word in line.replace(",", " ").split()]
    except ValueError:
        label, places = -1.0, []
    kind = values.whole(label)
    if values.numbers(places) is None or kind is None or kind < 0 or len(places) < 4 or (len(places) % 2 and len(places) != 5):
        do = "A class number is followed by x, y of each corner, or by a box."
        raise InputError(f"{file.name}, line {k}: {line[:60]!r}.", do, "Mend that line, or take the file away.")
    if max(places) > SHARES:
        got = f"{file.name}, line {k}: {max(places):g}. Are these pixels?"
        raise InputError(
            got, "Places are shares of the picture's width and height, from 0 to 1.", "Divide x by the width, y by the height."
        )
    name = str(kind)
    if len(places) > 5:
        outline = values.polygons([places])
        return Thing(name, None, flaw=outline, number=f"line {k}") if isinstance(outline, str) else Thing(name, outline, number=f"line {k}")
    x, y, w, h = places[:4]  # a fifth number is how sure a net was
    return Thing(name, None, values.box((x - w / 2, y - h / 2, w, h)), number=f"line {k}")
