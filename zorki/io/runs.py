"""A run folder: what a training leaves, and goes on from."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zorki.core.errors import InputError
from zorki.core.folders import at_home
from zorki.io.files import a_path

CONFIG, FIGURES = "config.toml", "metrics.jsonl"  # what was asked; a line of numbers now and then


@dataclass(frozen=True)
class RunFolder:
    """config: how it was trained, as its file says."""

    folder: Path
    config: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def mark(self) -> str:
        """By what it is known again: when its files were written."""
        return " ".join(f"{p.name} {p.stat().st_mtime_ns}" for p in sorted(self.folder.iterdir()) if p.is_file())

    def figures(self) -> list[dict[str, Any]]:
        return figures(self.folder)


def is_run(folder: Path) -> bool:
    return (folder / CONFIG).is_file()


def figures(folder: Path) -> list[dict[str, Any]]:
    """What was measured on the way, in its order; a line that was cut off in the middle of writing is none."""
    path = folder / FIGURES
    out = []
    for line in path.read_bytes().splitlines() if path.is_file() else []:
        try:
            out.append(json.loads(line))
        except ValueError:
            break
    return out


def tidy_run(folder: Path) -> None:
    """Takes away a line of figures that was cut off in the middle of writing, before more are written behind it."""
    path = folder / FIGURES
    if path.is_file() and (text := path.read_bytes()) and not text.endswith(b"\n"):
        os.truncate(path, text.rfind(b"\n") + 1)


def open_run(source: str | Path | RunFolder) -> RunFolder:
    """Raises InputError for a folder that no training left."""
    if isinstance(source, RunFolder):
        return source
    folder = at_home(a_path(source, "a run folder"))
    try:
        return RunFolder(folder, tomllib.loads((folder / CONFIG).read_text(encoding="utf-8")))
    except FileNotFoundError as e:
        raise InputError(
            f"{folder} is no run folder.", f"A training leaves one, with {CONFIG} in it.", "Name the --out of a training."
        ) from e
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        raise InputError(f"{folder / CONFIG} cannot be read: {e}.", "It says how the run was trained.", "Name another run.") from e
