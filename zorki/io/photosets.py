"""Many photographs as one sequence: of folders, zips, files, patterns, arrays; opened when they are wanted, ahead of who reads them."""

from __future__ import annotations

import copy
import glob
import hashlib
import io
import os
import re
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar, overload

import numpy as np

from zorki.core.errors import InputError, ZorkiError
from zorki.core.folders import at_home
from zorki.io.files import existing_file, natural
from zorki.io.kinds import ENDINGS, HEAD, sniff
from zorki.io.opening import LIMIT, open_handle, open_photo
from zorki.io.photo import Photo
from zorki.io.values import Span, span_of
from zorki.io.vectors import Vector

T = TypeVar("T")
AT_ONCE = 8  # photographs that a thread opens in one go
AHEAD = 4  # of such goes for each thread, before somebody takes them
LARGEST = 1 << 30  # bytes of one file in a zip, unpacked


@dataclass(frozen=True)
class Entry:
    """One photograph. where: its file, or what was given in its place; inside: its name in that file, which is a zip. mark: what changes with it."""

    name: str
    where: Any = field(repr=False)
    inside: str = ""
    mark: str = ""
    wrong: InputError | None = field(default=None, repr=False)  # why nothing can be read there


class PhotoSet(Sequence[Photo]):
    """The photographs of folders (not what lies deeper; where there are zips alone, of these), zips (all of it), files and patterns, each once (or `twice`), and pictures at hand.

    given: one of these or a list; in its order, inside each in natural order. limit, range: as `open_photo` takes them. name: of the first. [i] opens one and raises what
    `open_photo` raises; `read` opens many in threads. failed: number → why, of those that whoever looked through them could not read. memo: what somebody found out and may ask again. May be sent to other processes. Raises InputError where nothing is found.
    """

    def __init__(self, given: Any, limit: int | None = None, *, twice: bool = False, range: str | Sequence[float] | None = None) -> None:
        self.limit, self.span = LIMIT if limit is None else limit, span_of(range)
        parts = list(given) if isinstance(given, list | tuple) else [given]
        if not parts:
            raise InputError("No photographs are given.", "A folder, a zip, a picture or a pattern is needed.", "Name at least one.")
        self.sources = tuple(source_name(p) for p in parts)
        found: dict[Any, Entry] = {}
        for k, part in enumerate(parts):
            for n, entry in enumerate(entries(part, k, self.span)):
                once = isinstance(entry.where, Path) and not twice
                found.setdefault((os.path.realpath(entry.where), entry.inside) if once else (k, n), entry)
        self._entries = tuple(found.values())
        self.failed: dict[int, str] = {}
        self.memo: dict[str, Any] = {}
        self._zips: dict[Any, zipfile.ZipFile] = {}

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What there is, in order."""
        return self._entries

    def without(self, folder: Path) -> PhotoSet:
        """Another set, of the same photographs but for those that lie in a folder, however deep."""
        there, fewer = folder.resolve(), copy.copy(self)
        fewer._entries = tuple(e for e in self._entries if not (isinstance(e.where, Path) and there in e.where.resolve().parents))
        fewer.failed, fewer.memo, fewer._zips = {}, {}, {}
        return fewer

    @property
    def name(self) -> str:
        return self.sources[0]

    @property
    def names(self) -> str | list[str]:
        """Of what was given, without folders: one, or a list."""
        return self.name if len(self.sources) == 1 else list(self.sources)

    @property
    def on_disk(self) -> bool:
        """Whether all of them are files, to be found again another day."""
        return all(isinstance(e.where, Path) for e in self.entries)

    @property
    def signature(self) -> str:
        """Of names, sizes and times: another one when a photograph came, went or was changed."""
        digest = hashlib.blake2b(str(self.span or "").encode(), digest_size=16)
        for e in self.entries:
            digest.update(f"{e.name}\0{e.mark}\0".encode(errors="surrogatepass"))
        return digest.hexdigest()

    @property
    def content(self) -> str:
        """Of the files as they are, whatever they are called and however old; for a few."""
        digest = hashlib.blake2b(str(self.span or "").encode(), digest_size=16)
        for e in self.entries:
            said = e.mark.encode(errors="surrogatepass")
            if isinstance(e.where, Path) and not e.inside:
                with suppress(OSError):  # it is gone meanwhile: no reason to lose what was made of it
                    said = hashlib.blake2b(e.where.read_bytes()).digest()
            digest.update(said)
        return digest.hexdigest()

    @property
    def missing(self) -> list[tuple[str, str]]:
        """(name, why) of those in `failed`."""
        named = [(self.entries[n].name, why) for n, why in sorted(self.failed.items())]
        return [(name, why.removeprefix(f"{name} ").removeprefix(f"{name}: ")) for name, why in named]

    def __len__(self) -> int:
        return len(self.entries)

    @overload
    def __getitem__(self, i: int) -> Photo: ...
    @overload
    def __getitem__(self, i: slice) -> list[Photo]: ...
    def __getitem__(self, i: int | slice) -> Photo | list[Photo]:
        return [self.open(e) for e in self.entries[i]] if isinstance(i, slice) else self.open(self.entries[i])

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_zips": {}, "memo": {}}

    def open(self, entry: Entry) -> Photo:
        """Raises InputError, Stopped."""
        if entry.wrong is not None:
            raise entry.wrong
        if not entry.inside:
            return open_photo(entry.where, self.limit, self.span)
        key = entry.where, os.getpid()  # a forked process must not share a place in a file
        try:
            if key not in self._zips:
                self._zips[key] = zipfile.ZipFile(entry.where)
            if self._zips[key].getinfo(entry.inside).file_size > LARGEST:
                raise InputError(
                    f"{entry.name} unpacks to more than a gigabyte.",
                    "A picture in a zip is smaller.",
                    "Unpack it, and give the file itself.",
                )
            data = self._zips[key].read(entry.inside)
        except ZorkiError:
            raise
        except Exception as error:  # a password, a wrong checksum, an unknown way of packing
            raise InputError(
                f"{entry.name} cannot be unpacked: {' '.join(str(error).split())[:120]!r}.",
                "It is damaged, locked, or packed in a rare way.",
                "Pack it again.",
            ) from error
        return open_handle(io.BytesIO(data), entry.name, self.limit, self.span)

    def read(self, change: Callable[[Photo], T], numbers: Iterable[int] | None = None) -> Iterator[tuple[int, T | InputError]]:
        """(number, change(photograph)) in order, for all or those `numbers`; in place of a broken one the InputError that says why.

        Threads work ahead of whoever takes them, by a bounded number, and end when nobody takes any more.
        """
        wanted = iter(range(len(self)) if numbers is None else numbers)
        threads = max(1, min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))

        def opened(some: list[int]) -> list[tuple[int, T | InputError]]:
            out: list[tuple[int, T | InputError]] = []
            for i in some:
                try:
                    out.append((i, change(self.open(self.entries[i]))))
                except InputError as error:
                    out.append((i, error.with_traceback(None)))
            return out

        pool = ThreadPoolExecutor(threads, thread_name_prefix="photographs")
        waiting: deque[Future[list[tuple[int, T | InputError]]]] = deque()
        try:
            while True:
                while len(waiting) < threads * AHEAD and (some := list(islice(wanted, AT_ONCE))):
                    waiting.append(pool.submit(opened, some))
                if not waiting:
                    return
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def entries(given: Any, number: int = 0, span: Span | None = None) -> list[Entry]:
    """What one thing given holds. Raises InputError where that is nothing."""
    if not isinstance(given, str | Path):
        return [Entry(f"picture {number + 1}", given, "", marked(open_photo(given, range=span)))]
    path = at_home(given)
    if os.path.isdir(path):
        return of_folder(path)
    if not os.path.exists(path) and glob.has_magic(str(path)):
        some = [p for p in map(Path, glob.glob(str(path), recursive=True)) if p.suffix.lower() in (*ENDINGS, ".zip") and p.is_file()]
        if not some:
            raise InputError(f"No picture and no zip matches {path}.", f"Pictures end in {known()}.", "Check the pattern and the folder.")
        zips = of_zips([p for p in some if p.suffix.lower() == ".zip"])
        return [e for p in sorted(some, key=natural) for e in zips.get(p) or [of_file(p)]]
    path = existing_file(path)
    with path.open("rb") as handle:
        picture = sniff(handle.read(HEAD))[0] is not None
    return of_zip(path) if not picture and (path.suffix.lower() == ".zip" or zipfile.is_zipfile(path)) else [of_file(path)]


def source_name(given: Any) -> str:
    """Without folders."""
    if isinstance(given, Photo):
        return given.name
    return Path(given).name or Path(given).resolve().name if isinstance(given, str | Path) else "picture"


def known() -> str:
    """The endings of pictures, as a person reads them."""
    return " ".join(ENDINGS)


def is_picture(name: str) -> bool:
    """By its ending; hidden files and what a Mac puts into zips are none."""
    last = name.rpartition("/")[2]
    return os.path.splitext(last)[1].lower() in ENDINGS and not last.startswith(".") and not name.startswith("__MACOSX/")


def of_file(path: Path) -> Entry:
    found = path.stat()
    return Entry(path.name, path, "", f"{found.st_size} {found.st_mtime_ns}")


def of_folder(path: Path) -> list[Entry]:
    """Its pictures, or if there are none those of its zips. Raises InputError for neither, with the endings looked for and how many lie deeper."""
    try:
        with os.scandir(path) as inside:
            found = [Path(e.path) for e in inside if is_picture(e.name) and os.path.isfile(e.path)]  # a link that goes round is none
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "It is a folder.", "Check who may read it.") from error
    if found:
        return [of_file(p) for p in sorted(found, key=natural)]
    zips = sorted((p for p in path.iterdir() if p.suffix.lower() == ".zip" and os.path.isfile(p)), key=natural)
    if zips:
        found_in = [e for some in of_zips(zips).values() for e in some]
        if (wrong := found_in[0].wrong) and all(e.wrong for e in found_in):
            raise wrong
        return found_in
    deeper = sum(is_picture(name) for folder, _, names in os.walk(path) for name in names if Path(folder) != path)
    hint = f"Name one of its sub-folders, or all with a pattern: '{path / '**'}'." if deeper else "Name another folder."
    raise InputError(
        f"{path} holds no pictures.",
        f"Looked for {known()}; {deeper:,} lie in its sub-folders.",
        hint,
    )


def of_zip(path: Path) -> list[Entry]:
    """Its pictures, in all of its folders. Raises InputError for none, and for a damaged zip."""
    try:
        with zipfile.ZipFile(path) as z:
            inside = [i for i in z.infolist() if not i.is_dir() and is_picture(i.filename)]
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise InputError(
            f"{path.name} is no whole zip: {str(error)!r}.", "Pictures are read from whole ones.", "Copy or download it again."
        ) from error
    if not inside:
        raise InputError(f"{path.name} holds no pictures.", f"Looked for {known()}.", "Name another zip.")
    inside.sort(key=in_folders)
    return [Entry(i.filename, path, i.filename, f"{i.file_size} {i.CRC} {i.date_time}") for i in inside]


def of_zips(paths: Sequence[Path]) -> dict[Path, list[Entry]]:
    """Of each its pictures; one that holds none, or is damaged, counts as a broken picture."""
    out = {}
    for path in paths:
        try:
            out[path] = of_zip(path)
        except InputError as error:
            out[path] = [Entry(path.name, path, wrong=error)]
    return out


def in_folders(info: zipfile.ZipInfo) -> tuple[list[list[tuple[int, str]]], str]:
    """A sort key: folder by folder, in each 2.jpg before 10.jpg."""
    parts = [re.findall(r"[0-9]+|[^0-9]+", part) for part in info.filename.casefold().split("/")]
    return [[(int(p), "") if p.isdecimal() and p.isascii() else (1 << 62, p) for p in part] for part in parts], info.filename


def marked(given: Any) -> str:
    """What tells a picture (or a vector) at hand from another: its size and its numbers."""
    if isinstance(given, Vector):
        return f"{len(given.values)} {hashlib.blake2b(given.values.data, digest_size=16).hexdigest()}"
    photo = open_photo(given)
    return f"{photo.hw} {hashlib.blake2b(np.ascontiguousarray(photo.pixels).data, digest_size=16).hexdigest()}"
