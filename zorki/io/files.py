"""Finding the file that a person named."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from pathlib import Path

from zorki.core.errors import InputError
from zorki.core.folders import at_home
from zorki.core.names import nearest
from zorki.core.spelling import own


def as_it_lies(path: Path) -> Path:
    """The path, also where the letters in it are composed otherwise on the disk; as it is where nothing is there."""
    try:
        return path if path.exists() else _same_letters(path) or path
    except (OSError, ValueError):  # too long a name, say: whoever opens it says so
        return path


def _same_letters(path: Path) -> Path | None:
    """The path as it lies on the disk when only the composition of letters differs: é as one sign, or as e and an accent."""
    found = Path(path.anchor or ".")
    for part in path.parts[1:] if path.anchor else path.parts:
        if not (found / part).exists():
            wanted = unicodedata.normalize("NFC", part)
            try:
                part = next(name for name in os.listdir(found) if unicodedata.normalize("NFC", name) == wanted)
            except (StopIteration, OSError):
                return None
        found = found / part
    return found


def a_path(given: object, wanted: str) -> str | os.PathLike[str]:
    """What was given, if it names a place on the disk. Raises InputError."""
    if not isinstance(given, str | os.PathLike):
        raise InputError(f"A {type(given).__name__} came.", f"The path of {wanted} is needed.", "Give a text or a pathlib.Path.")
    return given


def existing_file(path: str | os.PathLike[str]) -> Path:
    """`path` as it lies on the disk. Raises InputError when it is missing (near names are suggested), a folder or no plain file."""
    path = at_home(path)
    try:
        if not path.exists():
            path = _same_letters(path) or path
        kind = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _missing(path) from error
    except (OSError, ValueError) as error:
        raise InputError(
            f"{str(path)[:80]!r} cannot be opened: {getattr(error, 'strerror', None) or error}.",
            "A file that can be read is needed here.",
            "Check the path and who may read it.",
        ) from error
    if stat.S_ISDIR(kind):
        raise InputError(
            f"{own(path)} is a folder.", "One picture is needed here.", f"Name a file in it, for example {own(path / 'cat.jpg')}."
        )
    if not stat.S_ISREG(kind):
        raise InputError(f"{own(path)} is a device or a pipe.", "A plain file is needed here.", "Save the picture to a file first.")
    return path


def _missing(path: Path) -> InputError:
    if not path.parent.is_dir():
        return InputError(f"There is no folder {own(path.parent)}.", f"{own(path.name)} should lie in it.", "Check the path.")
    try:
        alike = sorted(os.listdir(path.parent), key=lambda name: Path(name).suffix.lower() == path.suffix.lower())
        stems = {Path(name).stem: name for name in alike}  # that two are called .jpg makes them no neighbours
        near = [stems[stem] for stem in nearest(path.stem, stems)]
    except OSError:  # a folder that may be entered but not listed
        near = []
    expected = f"Did you mean {' or '.join(map(own, near))}?" if near else "No name there is near to it."
    return InputError(f"There is no file {own(path)}.", expected, "Check the name and the folder.")


def natural(path: Path) -> tuple[list[tuple[int, int, str]], str]:
    """A sort key: 2.jpg before 10.jpg, case aside."""
    parts = re.split(r"([0-9]+)", path.name.casefold())
    return [(0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part) for part in parts if part], str(path)
