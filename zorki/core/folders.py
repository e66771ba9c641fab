"""The user's own folders, None where there is no home as in a container whose user has no name; and names as a person types them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from zorki.core import events

_told = False


def cache() -> Path | None:
    """Where what was reckoned or fetched once is kept."""
    from platformdirs import user_cache_path

    return found(user_cache_path, "nothing is kept for another time")


def data() -> Path | None:
    """Where the user's own networks lie."""
    from platformdirs import user_data_path

    return found(user_data_path, "networks of your own are not looked for")


def found(place: Callable[[str], Path], lost: str) -> Path | None:
    """The place; a note says once that there is none, and what is lost by it."""
    global _told
    try:
        folder = place("zorki")
    except (RuntimeError, OSError, KeyError):  # nobody can say where the home of a user without a name is
        folder = None
    if folder is not None and folder.is_absolute():
        return folder
    if not _told:
        _told = True
        events.note(f"There is no home folder (HOME is not set): {lost}.")
    return None


def at_home(path: str | os.PathLike[str]) -> Path:
    """A path that a person gave: ~ is their home, unless something here is called so."""
    text = os.fspath(path)
    return Path(os.path.expanduser(text) if text.startswith("~") and not os.path.lexists(text) else text)


def typed(name: str) -> str:
    """A file's name as a command line takes it: one that begins like an option gets its folder."""
    return f"./{name}" if name.startswith("-") else name
