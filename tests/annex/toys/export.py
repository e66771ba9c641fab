"""Write down a network's layers.

Source: nobody; it proves that one file may come out, and that a network may be asked for a task.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zorki.core.method import File

if TYPE_CHECKING:
    from zorki import lens
    from zorki.core.method import Input

INPUTS: dict[str, Input] = {}
NETS = ("eye",)
TASK = "classify"
GIVES = "written"
ENDING = ".txt"


@dataclass(frozen=True)
class Settings:
    kinds: bool = False
    "what they are as well"


PRESETS: dict[str, Settings] = {}


def run(net: lens.Net, s: Settings = Settings()) -> Iterator[File]:
    """One file."""

    def write(path: Path) -> None:
        path.write_text("".join(f"{x.name} {x.kind}\n" if s.kinds else f"{x.name}\n" for x in net.layers()), encoding="utf-8")

    yield File("layers.txt", write)
