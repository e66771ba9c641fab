"""A folder or a file in which annotations lie, and where the pictures are that they speak of."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from pathlib import Path, PureWindowsPath

from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.folders import at_home
from zorki.core.spelling import own
from zorki.formats import texts
from zorki.formats.naming import parts_of
from zorki.io.files import a_path, as_it_lies, existing_file, natural
from zorki.io.pairs import stem
from zorki.io.photosets import is_picture

SPLITS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test", "testing": "test"}
MANY = 100_000  # files in a folder, from which on it is said how many there are
MASKS = re.compile(r"segmentationclass|segmentationobject|visualization|masks?$|labels?$|^gt|annotations?$|truth", re.IGNORECASE)


class Place:
    """root: the folder, of one file the one in which it lies. files: all in it however deep, or that one file, in natural order. failed: picture → why,
    of those that whoever read the annotations could not use."""

    def __init__(self, given: object) -> None:
        path = as_it_lies(at_home(a_path(given, "a folder or a file of annotations")))
        if not path.is_dir():
            path = existing_file(path)
        if path.suffix.lower() == ".zip":
            raise InputError(f"{own(path.name)} is packed.", "A folder or a file of annotations is read.", "Unpack it and name its folder.")
        self.path = path
        self.root = path if path.is_dir() else path.parent
        if path.is_dir() and path.resolve() == Path(path.resolve().anchor):
            raise InputError(f"{own(path)} is the whole disk.", "A folder or a file of annotations is read.", "Name their folder.")
        self.files = tuple(walked(path)) if path.is_dir() else (path,)
        self.failed: dict[str, str] = {}
        self.count = 0

    @property
    def name(self) -> str:
        return self.path.resolve().name

    def fail(self, split: str, name: str, why: str) -> None:
        """Notes a picture of that part that cannot be used; in another part there may be one of its name."""
        self.failed[name if split == "all" else f"{split}/{name}"] = why

    @property
    def missing(self) -> list[tuple[str, str]]:
        """(picture, why) of `failed`."""
        return [(name, why.removeprefix(f"{name.rpartition('/')[2]} ")) for name, why in self.failed.items()]

    def __len__(self) -> int:
        """How many pictures the annotations speak of."""
        return self.count

    @property
    def mark(self) -> str:
        """Of all files' names, sizes and times."""
        digest = hashlib.blake2b(digest_size=16)
        for file in filter(is_there, self.files):  # a link that leads nowhere is listed too
            found = file.stat()
            digest.update(f"{file} {found.st_size} {found.st_mtime_ns}\0".encode(errors="surrogatepass"))
        return digest.hexdigest()

    def ending(self, *endings: str) -> list[Path]:
        """Its files with one of these endings."""
        return [file for file in self.files if file.suffix.lower() in endings]

    def called(self, *names: str) -> list[Path]:
        """Its files with one of these names, case aside; of one file also those beside it."""
        files = self.files if self.path.is_dir() else tuple(p for p in self.root.iterdir() if p.is_file())
        return [file for file in files if file.name.lower() in names]

    @cached_property
    def jsons(self) -> dict[Path, str]:
        """Its JSON files, and what each is: see `texts.kind_of`."""
        return {file: texts.kind_of(file) for file in self.ending(".json", ".geojson")}

    def of_kind(self, kind: str) -> list[Path]:
        return [file for file, found in self.jsons.items() if found == kind]

    def inside(self, file: Path) -> str:
        """Its name with the folders between."""
        return file.relative_to(self.root).as_posix() if self.root in file.parents else file.name

    def split(self, file: Path, table: bool = False) -> str:
        """train, val or test where a folder on the way to it says so; else "all". table: its own name counts too, since it is no picture's."""
        *folders, name = Path(self.inside(file)).with_suffix("").parts
        for part in reversed([*folders, name] if table else folders):
            for word in re.split(r"[^a-z]+", part.lower()):
                if word in SPLITS:
                    return SPLITS[word]
        return "all"


def walked(folder: Path) -> list[Path]:
    """All files however deep, but for hidden ones and what Macs put into archives."""
    out: list[Path] = []
    said = 0
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__MACOSX"))]
        out += [Path(here, name) for name in names if not name.startswith(".")]
        if len(out) >= (said + 1) * MANY:
            said = len(out) // MANY
            events.note(f"{folder.resolve().name} holds {len(out):,} files so far; all of them are looked through. Is it the right folder?")
    return sorted(out, key=lambda p: [natural(Path(part))[0] for part in p.relative_to(folder).parts])


class Lost(Exception):
    """A picture that is not found, or is found twice: the sentence that says so."""


class Finder:
    """Finds pictures by what annotations call them.

    place: where the annotations lie. pictures: the folder that a person named; then only there. masks: files that are none. `beside`: folders beside the
    place where some were, and how many.
    """

    def __init__(self, place: Place, pictures: Path | None = None, masks: Collection[Path] = ()) -> None:
        self.place, self.pictures, self.masks = place, pictures, masks
        self.beside: dict[Path, int] = {}

    @cached_property
    def _known(self) -> dict[str, list[Path]]:
        """Every picture there by its name and by its stem, case aside; masks are none."""
        if self.pictures is not None:
            root, files = self.pictures, walked(self.pictures)
        elif self.place.path.is_dir():
            root, files = self.place.root, list(self.place.files)
        else:  # of one file not all that may lie around it
            root, files = self.place.root, [file for folder in (self.place.root, *subfolders(self.place.root)) for file in inside(folder)]
        return self._sorted(file for file in files if not any(MASKS.search(part) for part in file.relative_to(root).parts[:-1]))

    @cached_property
    def _neighbours(self) -> dict[str, list[Path]]:
        """The same of the folders beside the place."""
        if self.pictures is not None:
            return {}
        here = self.place.root.resolve()
        folders = [folder for folder in subfolders(here.parent) if folder != here and not MASKS.search(folder.name)]
        return self._sorted(file for folder in folders for file in inside(folder))

    def _sorted(self, files: Iterable[Path]) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = {}
        for file in files:
            if is_picture(file.name) and file not in self.masks:
                for key in (file.name.strip().casefold(), f"{stem(file).strip().casefold()}/"):
                    found.setdefault(key, []).append(file)
        return found

    def find(self, wanted: str, base: Path, alone: str = "", split: str = "all") -> Path:
        """The picture that `wanted` means, written in a file of the folder `base`. alone: its name without ending, where that is all that is known. split: of
        several that fit, those of that part go before.

        Raises Lost.
        """
        named = PureWindowsPath(wanted).as_posix() if wanted else ""
        parts = [*base.parts, *(parts_of(wanted) or [alone])]
        for folder in (self.pictures,) if self.pictures is not None else (base, self.place.root):
            if named and is_picture(named) and is_there(folder / named):
                return folder / named
        name = named.rpartition("/")[2]
        keys = [name.casefold(), f"{stem(Path(name)).casefold()}/"] if name else [f"{alone.casefold()}/"]
        found = next((some for key in keys if (some := nearest(self._known.get(key, ()), parts))), [])
        if not found:
            found = next((some for key in keys if (some := self._neighbours.get(key, []))), [])
            if len(found) == 1:
                self.beside[found[0].parent] = self.beside.get(found[0].parent, 0) + 1
        if len(found) > 1:
            found = [file for file in found if self.place.split(file) == split] or found
        if len(found) > 1:
            raise Lost(f"{name or alone} fits {shown(self.place, found[0])} and {shown(self.place, found[1])}")
        if not found:
            raise Lost(f"{name or alone} is not there")
        return found[0]


def is_there(path: Path) -> bool:
    """Whether it is a file; a path that is too long is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def shown(place: Place, file: Path) -> str:
    return os.path.relpath(file, place.root)


def nearest(files: Iterable[Path], parts: Sequence[str]) -> list[Path]:
    """Of files of one name those whose folders fit best to the path that is wanted, from the last one on."""

    def fits(file: Path) -> int:
        same = [a.casefold() == b.casefold() for a, b in zip(reversed(file.parts[:-1]), reversed(parts[:-1]), strict=False)]
        return same.index(False) if False in same else len(same)

    best: dict[int, list[Path]] = {}
    for file in files:
        best.setdefault(fits(file), []).append(file)
    return best[max(best)] if best else []


def inside(folder: Path) -> list[Path]:
    """The files of a folder, not what lies deeper."""
    try:
        return sorted((p for p in folder.iterdir() if p.is_file()), key=natural)
    except OSError:
        return []


def subfolders(folder: Path) -> list[Path]:
    try:
        return sorted((p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")), key=natural)
    except OSError:
        return []
