"""What pictures are called here, of the paths that annotations call them by."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PureWindowsPath

from zorki.core.errors import InputError
from zorki.io.pairs import stem


def parts_of(wanted: str) -> list[str]:
    """The folders and the name of a path as whoever wrote it has it, on whatever machine."""
    return [part for part in PureWindowsPath(wanted).as_posix().split("/") if part not in ("", ".", "..") and not part.endswith(":")]


def names_of(wanted: Sequence[str]) -> list[str]:
    """What each of these files is called without its ending: its stem; where several share one with the folders before it, then with the ending.

    Raises InputError where even these are alike.
    """

    def flat(path: str) -> str:
        *folders, name = parts_of(path) or [""]
        return "_".join([*folders, stem(Path(name))])

    for name in (lambda path: stem(Path((parts_of(path) or ["picture"])[-1])), flat, lambda path: f"{flat(path)}_{Path(path).suffix[1:]}"):
        found = [name(path) for path in wanted]
        if len({one.casefold() for one in found}) == len(found):
            return found
    alike = [one.casefold() for one in found]
    twice = next(one for k, one in enumerate(found) if alike[k] in alike[:k])
    raise InputError(
        f"Two pictures are called {twice}, upper case or lower.", "Each has a name of its own, case aside.", "Rename one of them."
    )
