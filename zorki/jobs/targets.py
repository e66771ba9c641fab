"""Where results go: checked before anything is drawn, numbered where a name is taken."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zorki import io
from zorki.core import settings
from zorki.core.errors import InputError
from zorki.core.spelling import flag, own
from zorki.jobs import filing
from zorki.jobs.job import Job
from zorki.jobs.request import Request


def verify(r: Request) -> None:
    """Raises InputError where two things would be written to one place, or the result cannot be written."""
    check_apart(r)
    if r.worded:
        check_pictured(r)
        return
    check_among(r)
    if r.moving is not None:
        check_film(r)
        return
    if r.several is not None:
        check_many(r)
        return
    if r.out == "-" and r.method.gives in ("trained", "written"):
        raise InputError("--out=- is one stream.", f"{r.method.spoken} leaves files.", "Name a file or a folder for them.")
    if r.method.paged:
        check_page(r)
    elif r.method.gives == "trained" or (r.method.gives == "written" and not r.method.ending):
        check_folder(r)
    elif r.out is None:
        io.check_writable(Path())
    elif is_folder(r.out):
        made(Path(r.out), "It ends like a folder.")
        io.check_writable(Path(r.out))
    elif r.method.gives == "written" and r.method.ending not in io.MUXERS:
        check_ending(r, r.out)
        io.check_target(Path(r.out), r.force)
    elif (
        (r.method.files and r.out != "-")
        or r.method.gives == "written"
        or (r.method.page is not None and Path(r.out).suffix.lower() in (".html", ".htm"))
    ):
        io.check_target(Path(r.out), r.force)
    elif r.out != "-":
        check_picture(r, Path(r.out))
        io.check_picture_target(Path(r.out), r.force or r.goes_on)
    if r.film is not None:
        io.check_target(Path(r.film), r.force)
    for leaf in filter(None, map(filing.leaf_path, r.files.values() if r.method.gives == "written" else ())):
        check_leaf(leaf, r.force)


@contextmanager
def checked(r: Request) -> Iterator[None]:
    """`verify`; what was made for the result goes again where nothing came of it."""
    folder = Path(r.out or "")
    if r.method.paged and r.out is not None and not is_folder(r.out):
        folder = folder.with_suffix("")
    there = r.out is None or folder.exists()
    verify(r)
    try:
        yield
    except BaseException:
        if not there and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        raise


def check_apart(r: Request, told: Sequence[tuple[str, str | Path | None]] = ()) -> None:
    """Raises InputError where two things would be written to one place. told: what the surface writes beside, by option."""
    files = {"--out": r.out, "--film": r.film, **dict(told)} | {f"--{name}": file for name, file in r.files.items()}
    seen: dict[Path, str] = {}
    for option, name in files.items():
        if name is None or name == "-":
            continue
        first = seen.setdefault(Path(name).absolute(), option)
        if first != option:
            raise InputError(f"{first} and {option} are both {name}.", "Each is a file of its own.", "Give them different names.")


def check_many(r: Request) -> None:
    """Whether many results can be written."""
    assert r.several is not None
    given, out = r.pictures[r.several], r.out
    many = f"{given} is many" if isinstance(given, str) else f"{len(given)} are given"
    if r.method.gives == "trained":
        raise InputError(f"{r.method.spoken} takes one picture, {many}.", "It leaves one run.", "Name one picture.")
    for name in r.resumes:
        raise InputError(
            f"--{name} is of one picture, {many}.", "The same command goes on without it, picture by picture.", "Leave it out."
        )
    if r.film is not None:
        raise InputError(f"--film is of one picture, {many}.", "A film shows one climb.", "Leave it out, or name one picture.")
    if out == "-" or (out is not None and not is_folder(out) and Path(out).suffix):
        raise InputError(
            f"--out={out} is one file, {many}{' pictures' * isinstance(given, str)}.",
            "Each has a result of its own.",
            "Name a folder for the results.",
        )
    folders = [name for name in ([given] if isinstance(given, str) else given) if os.path.isdir(name)]
    for name, to in {"out": out, **r.files}.items():
        if to is not None and os.path.realpath(to) in map(os.path.realpath, folders):
            why = "The results would be worked on the next time."
            raise InputError(f"--{name}={to} is the folder of the pictures.", why, "Name another.")


def check_film(r: Request) -> None:
    """Whether a film can be written, frame by frame."""
    for name in r.resumes:
        raise InputError(f"--{name} is of one picture, a film is many.", "The same command goes on without it.", "Leave it out.")
    if r.film is not None:
        raise InputError(
            "--film shows one climb, and a film is given.", "Its frames are a film anyway.", "Leave --film out: name it with --out."
        )
    if r.out == "-":
        raise InputError("--out=- is one stream.", "A film is written to a file.", "Name one, as painted.mp4.")
    if r.out is None or is_folder(r.out):
        io.check_writable(made(Path(r.out or ""), "It ends like a folder."))
        return
    io.check_film_target(Path(r.out), r.force or io.is_unfinished(Path(r.out)))


def check_folder(r: Request) -> None:
    """A folder that is written into: one that is not there or is empty; of a training also its own, which is gone on with."""
    folder = Path(r.out or "")
    check_sources(r)
    if r.out is None:
        io.check_writable(Path())
    elif folder.exists() and not folder.is_dir():
        raise InputError(f"--out={r.out} is a file.", f"{r.method.spoken} leaves a folder.", "Name another.")
    elif folder.is_dir() and any(folder.iterdir()) and not r.force and not (r.method.gives == "trained" and io.is_run(folder)):
        raise InputError(
            f"--out={r.out} is there and not empty.", "What exists is never replaced unasked.", "Name another, or add --force=True."
        )
    else:
        made(folder, "It is the folder of what comes out.")
        io.check_writable(folder)


def check_sources(r: Request) -> None:
    """Raises InputError where what is read would be written over: the folder is that of the data or holds it, or lies in it with something inside. A run
    that began there is gone on with."""
    folder = Path(r.out or "")
    if r.out is None or not folder.is_dir() or not any(folder.iterdir()) or (r.method.gives == "trained" and io.is_run(folder)):
        return
    to = Path(os.path.realpath(folder))
    for given in sets(r):
        source = Path(os.path.realpath(given))
        for where, so in (
            ("is the folder of the data", to == source),
            ("holds the data", to in source.parents),
            ("lies in the folder of the data", source in to.parents),
        ):
            if so:
                raise InputError(f"--out={r.out} {where}, and is not empty.", "What is read would be written over.", "Name another folder.")


def check_pictured(r: Request) -> None:
    """Raises InputError for an option that changes nothing but a picture, where none is asked for."""
    changed = settings.changed(r.settings)
    for o in settings.options(r.method.settings):
        if o.pictured and o.name in changed:
            got = f"{flag(o.name)} is of the {'page' if r.method.page is not None else 'picture'}."
            do = f"Name one with --out={'page.html' if r.method.page is not None else 'seen.png'}, say, or leave it out."
            raise InputError(got, "None is asked for: the answer is only printed.", do)


def check_among(r: Request) -> None:
    """Raises InputError where a picture would lie among those of a set that is read: the next time it would be one of them."""
    if r.out in (None, "-") or r.method.gives in ("trained", "written"):
        return
    out = Path(str(r.out))
    if not is_folder(str(r.out)) and not io.is_picture(out.name):
        return  # a page, say, which is read as no picture
    to = Path(os.path.realpath(out if is_folder(str(r.out)) else out.parent))
    for given in sets(r):
        source = Path(os.path.realpath(given))
        source = source if source.is_dir() else source.parent
        beside = to == source and (source / "images").is_dir()  # of such a set only what lies in there is a picture
        if (to == source or source in to.parents) and not beside and to.is_dir() and any(io.is_picture(one.name) for one in to.iterdir()):
            got = f"--out={r.out} would lie among the pictures of the data."
            raise InputError(got, "The next time it would be taken for one of them.", "Name a place outside.")


def sets(r: Request) -> list[str | os.PathLike[str]]:
    """The sets of pictures with masks or boxes that are read."""
    names = [name for name, its in r.method.inputs.items() if its.kind in ("annotated", "labelled")]
    return [given for given in map(r.pictures.get, names) if isinstance(given, str | os.PathLike) and os.path.exists(given)]


def check_leaf(page: Path, force: bool) -> None:
    """A page beside what is written; its folder is made with it."""
    there = next(folder for folder in page.parents if os.path.lexists(folder))
    if not there.is_dir():
        raise InputError(f"{own(there)} is a file.", f"{own(page.name)} needs a folder to be written to.", "Name another.")
    if there == page.parent:
        io.check_target(page, force)
    io.check_writable(there, page.name)


def check_ending(r: Request, out: str) -> None:
    """Raises InputError for a file of another ending than the method's."""
    if Path(out).suffix.lower() != r.method.ending:
        do = f"Write --out={Path(out).stem}{r.method.ending}, say."
        raise InputError(f"--out={out} does not end in {r.method.ending}.", f"{r.method.spoken} writes such a file.", do)


def check_picture(r: Request, path: Path) -> None:
    """Raises InputError for an ending of neither a picture nor a page, where both may be written."""
    if r.method.page is not None and path.suffix.lower() not in io.PICTURES:
        known = f"Known are .html for a page, and {', '.join(io.PICTURES)}."
        raise InputError(f"{own(path.name)} has no ending of a page or a picture.", known, "Choose one of them.")


def check_page(r: Request) -> None:
    """A page whose work is kept in a folder beside it: neither is there, or the folder is a run, which is gone on with and whose page is written anew."""
    if r.out is None or is_folder(r.out):
        io.check_writable(Path() if r.out is None else made(Path(r.out), "It ends like a folder."))
        return
    check_ending(r, r.out)
    page, folder = Path(r.out), Path(r.out).with_suffix("")
    if folder.exists() and not io.is_run(folder) and (not folder.is_dir() or any(folder.iterdir())):
        got = f"{folder} is there, and no run."
        raise InputError(got, f"The work for {page.name} is kept in a folder of that name beside it.", "Give --out another name.")
    io.check_target(page, r.force or io.is_run(folder))
    io.check_writable(page.parent)


def made(folder: Path, why: str) -> Path:
    """Makes the folder. Raises InputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise InputError(f"--out={folder} cannot be made: {e.strerror}.", why, "Choose another.") from e
    return folder


def written_to(r: Request, job: Job) -> Path | None:
    """Where a training or what is written goes; its folder is there. None for what is saved as a whole at the end."""
    if r.method.gives not in ("trained", "written"):
        return None
    one_file = bool(r.method.ending)
    named = r.out is not None and not (one_file and is_folder(r.out))
    path = Path(str(r.out)) if named else free(r, Path(r.out or "") / job.default_name())
    if r.method.paged:
        made(path.with_suffix(""), "It is the folder of what comes out.")
    if one_file:
        return path
    if io.is_run(path):
        io.tidy_run(path)
    return made(path, "It is the folder of what comes out.")


def free(r: Request, path: Path) -> Path:
    """The path, or the first free one like it; of a page one without a folder beside it."""

    def taken(one: Path) -> bool:
        return os.path.lexists(one) or (r.method.paged and os.path.lexists(one.with_suffix("")))

    return next(one for one in io.numbered(path) if not taken(one))


def is_folder(out: str) -> bool:
    return out.endswith("/") or os.path.isdir(out)


def save_numbered(job: Job, result: Any, folder: Path) -> str:
    """Saves under the first free name, also when another process takes one at the same moment."""
    for _ in range(99):
        path = io.free_path(folder / job.default_name())
        try:
            return str(result.save(path))
        except InputError:
            if not path.exists():
                raise
    raise InputError(f"No free name like {path.name} was found in {folder}.", "Ninety-nine are taken.", "Give one with --out.")
