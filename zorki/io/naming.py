"""What somebody calls pictures: by the folder in which each lies, or by a table beside them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath

from zorki.core import events
from zorki.core.errors import InputError
from zorki.io.labelled import rows
from zorki.io.photosets import Entry, PhotoSet

TABLE, FILE = "labels.csv", "file"
COLUMNS = ("emotion", "expression", "label", "class", "name")  # that say what a picture is called, the first that is there


def called(photos: PhotoSet, among: Collection[str]) -> tuple[str, ...]:
    """Of each photograph which of these names it bears, "" of one that bears none: that of the folder in which it lies, on the disk or in a zip; else what
    `labels.csv` says of its file, which lies beside the picture or its zip or in the folder above. Nothing is guessed from a file's own name.
    """
    known = {name.casefold(): name for name in among}
    tables: dict[Path, Mapping[str, str]] = {}

    def name(entry: Entry) -> str:
        if not isinstance(entry.where, Path):
            return ""
        folder = PurePosixPath(entry.inside).parent.name or entry.where.stem if entry.inside else entry.where.parent.name
        if folder.casefold() in known:
            return known[folder.casefold()]
        for place in (entry.where.parent, entry.where.parent.parent):
            if place not in tables:
                tables[place] = read(place / TABLE)
            own = entry.inside or entry.where.name
            said = tables[place].get(own) or tables[place].get(PurePosixPath(own).name)
            if said:
                return known.get(said.strip().casefold(), "")
        return ""

    return tuple(map(name, photos.entries))


def read(table: Path) -> Mapping[str, str]:
    """File → what it is called; of a table that is not there, or says nothing of the kind, nothing."""
    if not table.is_file():
        return {}
    try:
        found = rows(table, [FILE])
    except InputError as error:
        events.note(f"Nothing is taken from {TABLE}: {error.got}")
        return {}
    column = next((one for one in COLUMNS if found and one in found[0]), None)
    return {} if column is None else {row[FILE]: row[column] for row in found}
