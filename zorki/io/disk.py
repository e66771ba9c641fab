"""Files written whole or not at all: a temporary name beside the target, fsync, rename."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from zorki.core.errors import InputError, Stopped, ZorkiError
from zorki.core.spelling import own

UNFINISHED = ".zorki-"  # how the names of files begin that are being written
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def trouble(error: OSError, path: Path) -> ZorkiError:
    """The one sentence a person needs for an OSError met while writing `path`. Stopped when the disk is full, else InputError."""
    folder = own(path.parent)
    if error.errno in _FULL:
        return Stopped(
            f"The disk is full: {own(path.name)} was not written.", "What stood there before is unharmed.", "Free some space and repeat."
        )
    if error.errno in (errno.ENOENT, errno.ENOTDIR) and os.path.isdir(path.parent):  # /proc, say
        return InputError(f"The folder {folder} takes no files.", f"{own(path.name)} was not written.", "Choose another place.")
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return InputError(
            f"The folder {folder} does not exist.",
            f"{own(path.name)} needs a folder to be written to.",
            "Make the folder or choose another.",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return InputError(f"The folder {folder} may not be written to.", f"{own(path.name)} was not written.", "Choose another place.")
    if error.errno == errno.ENAMETOOLONG:
        return InputError(f"The file name {path.name[:40]}… is too long.", "Most disks take 255 bytes.", "Choose a shorter one.")
    return InputError(
        f"{own(path.name)} could not be written: {error.strerror or error}.",
        "What stood there before is unharmed.",
        "Choose another place.",
    )


def check_target(path: Path, force: bool) -> None:
    """Before work is spent on it: may `path` be written? Raises InputError when it exists (without `force`), is a folder, or has none."""
    try:
        if path.is_dir():
            raise InputError(f"{own(path)} is a folder.", "A file name is needed here.", "Name a file in it.")
        if not force and os.path.lexists(path):
            raise InputError(
                f"{own(path)} exists already.",
                "What exists is never replaced unasked.",
                "Choose another name, or add --force=True.",
            )
        if not path.parent.is_dir():
            raise trouble(OSError(errno.ENOENT, ""), path)
    except (OSError, ValueError) as error:
        raise trouble(error if isinstance(error, OSError) else OSError(errno.EINVAL, str(error)), path) from error


def temporary_name(path: Path) -> Path:
    """A name beside `path` with the same ending, that nobody else uses."""
    return path.with_name(f"{UNFINISHED}{secrets.token_hex(6)}{path.suffix}")


def check_writable(folder: Path, name: str = "the result") -> None:
    """Before work is spent on it: may a file called `name` be made in `folder`? Raises InputError."""
    if not os.access(folder, os.W_OK | os.X_OK):
        raise trouble(OSError(errno.EACCES, ""), folder / name)


def publish(temporary: Path, path: Path, force: bool = True) -> None:
    """Brings the finished `temporary` to the disk for good, then renames it to `path` in one step.

    Without `force` a file that came there meanwhile is not replaced. Raises InputError.
    """
    with open(temporary, "rb+") as handle:
        os.fsync(handle.fileno())
    if path.exists():
        shutil.copymode(path, temporary)
    if not force and hasattr(os, "link"):
        try:
            os.link(temporary, path)  # unlike a rename it fails where something is
            return
        except FileExistsError:
            raise InputError(
                f"{own(path)} exists already.",
                "What exists is never replaced unasked.",
                "Choose another name, or add --force=True.",
            ) from None
        except OSError:  # a disk without links: check and rename
            check_target(path, force)
    os.replace(temporary, path)


@contextlib.contextmanager
def atomic(path: str | Path, force: bool = True) -> Iterator[Path]:
    """Yields a temporary path beside `path`; renamed on success, removed on any failure, Ctrl-C included.

    A link is followed, so that it stays a link. Raises InputError (exists without `force`, no folder, not allowed), Stopped (disk full).
    """
    shown, target = Path(path), Path(os.path.realpath(path))
    check_target(target if force else shown, force)
    temporary = temporary_name(target)
    try:
        temporary.touch()
        mode = temporary.stat().st_mode  # as the user's files are made; some libraries make theirs unreadable for others
        temporary.unlink()
        yield temporary
        temporary.chmod(mode)
        publish(temporary, target, force)
    except OSError as error:
        raise trouble(error, shown) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def atomic_write(path: str | Path, data: bytes | str, force: bool = True) -> None:
    """Writes `data` (text as UTF-8; a byte of a file's name that is no text as \\udce9) whole or not at all. Raises as `atomic`."""
    with atomic(path, force) as temporary:
        temporary.write_bytes(data.encode(errors="backslashreplace") if isinstance(data, str) else data)


def numbered(path: str | Path) -> Iterator[Path]:
    """`path`, cat-2.jpg, cat-3.jpg …"""
    path = Path(path)
    yield path
    yield from (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))


def free_path(path: str | Path) -> Path:
    """`path`, or when it is taken the first free of cat-2.jpg, cat-3.jpg …"""
    return next(free for free in numbered(path) if not os.path.lexists(free))
