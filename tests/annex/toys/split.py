"""Write each picture of a labelled folder, and a list of them, to another one.

Source: nobody; it proves that many files may come out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from zorki import io
from zorki.core.method import File, Input

INPUTS = {"data": Input("pictures with masks or boxes", kind="labelled")}
NETS: tuple[str, ...] = ()
GIVES = "written"


@dataclass(frozen=True)
class Settings:
    listed: bool = True
    "whether a list stands beside them"


PRESETS: dict[str, Settings] = {}


def run(data: io.LabelledFolder, s: Settings = Settings()) -> Iterator[File]:
    """Pictures as PNG, then the list."""
    names = []
    for examples in data.splits.values():
        for one in examples:
            names.append(f"{one.picture.stem}.png")
            yield File(names[-1], partial(io.save_photo, pixels=io.open_photo(one.picture).pixels, force=True))
    if s.listed:

        def write(path: Path) -> None:
            path.write_text("\n".join(names), encoding="utf-8")

        yield File("list.txt", write)
