"""What a result is saved as, where the method offers several kinds of files: its `FILES` name them, its option --as or the ending of --out chooses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from zorki.core.errors import InputError
from zorki.jobs.methods import Method


def settled(method: Method, chosen: Any, out: str | None) -> Any:
    """The settings with --as as the ending of --out says, where nobody gave it. Raises InputError where both are given and do not fit."""
    if not method.files or out is None or not (ending := Path(out).suffix.lower()) or out.endswith("/") or Path(out).is_dir():
        return chosen
    if chosen.as_ is None:
        kind = next((kind for kind, endings in method.files.items() if ending in endings), None)
        if kind is None:
            raise InputError(
                f"--out={out} has an ending that is not known.", f"{method.spoken} writes {offered(method)}.", "Choose another."
            )
        return replace(chosen, as_=kind)
    verify(method, chosen.as_, Path(out))
    return chosen


def verify(method: Method, kind: str, path: Path) -> None:
    """Raises InputError for a file whose ending is none of that kind's."""
    if path.suffix.lower() not in method.files[kind]:
        endings = ", ".join(method.files[kind])
        raise InputError(f"{path.name} is no name for --as={kind}.", f"Such a file ends in {endings}.", "Give it another ending.")


def kind_of(method: Method, chosen: Any) -> str:
    """What is written where it is saved: as the settings say, else the first that the method offers."""
    return chosen.as_ or next(iter(method.files))


def kind_for(method: Method, chosen: Any, path: Path) -> str:
    """What a path of that ending becomes: the settings' kind where it has that ending, else the first that has. Raises InputError."""
    kind = kind_of(method, chosen)
    if path.suffix.lower() in method.files[kind]:
        return kind
    again = settled(method, replace(chosen, as_=None), str(path))
    return kind_of(method, again)


def offered(method: Method) -> str:
    """index (.png, .tif), overlay (.jpg) …"""
    return "; ".join(f"{kind} ({', '.join(endings)})" for kind, endings in method.files.items())


def leaf_path(given: bool | str) -> Path | None:
    """Where a page goes beside what is written, by the value of the option that asked for it: a page, or index.html of a folder. None where it names neither."""
    if isinstance(given, bool):
        return None
    page = Path(given).suffix.lower() in (".html", ".htm") and not given.endswith("/")
    return Path(given) if page else Path(given, "index.html")
