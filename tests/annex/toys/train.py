"""Learn the mean colour of each class from a folder of pictures with boxes.

Source: nobody; it proves what a training needs of the house.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from zorki import blocks, io
from zorki.core import events
from zorki.core.method import Input
from zorki.core.settings import Least

INPUTS = {"data": Input("pictures with boxes", kind="labelled")}
NETS: tuple[str, ...] = ()
GIVES = "trained"


@dataclass(frozen=True)
class Settings:
    epochs: Annotated[int, Least(1)] = 3
    "times that all pictures are looked at"
    seed: int = 0
    "the same number gives the same run"


PRESETS: dict[str, Settings] = {}


@dataclass(frozen=True)
class Run:
    """What was learnt."""

    folder: Path
    card: Mapping[str, Any]
    epochs: int

    def answer(self) -> dict[str, object]:
        return {"epochs": self.epochs}


def run(data: io.LabelledFolder, out: Path, s: Settings = Settings()) -> Run:
    """Goes on where the figures in `out` end."""
    io.atomic_write(out / "config.toml", f"epochs = {s.epochs}\nseed = {s.seed}\n")
    done = len(io.open_run(out).figures())
    for epoch in range(done, s.epochs):
        red = sum(float(io.open_photo(e.picture).pixels[..., 0].mean()) for e in data.splits["all"]) / len(data)
        with (out / "metrics.jsonl").open("a", encoding="utf-8") as f:
            f.write(json.dumps({"epoch": epoch, "red": red}) + "\n")
        events.tell("training", epoch + 1, s.epochs)
    return Run(out, {"title": "a toy", "task": "locate", "data": data.name}, s.epochs)


def report(run: io.RunFolder, finished: bool, data: io.LabelledFolder) -> blocks.Page:
    """How red the pictures were found, epoch by epoch; in the end of how many."""
    curve = blocks.Curve({"red": [f["red"] for f in run.figures()]}, "epoch", "red", "The same each time.")
    section = blocks.Section("curve", "Redness", "", (curve,))
    return blocks.Page(f"What {run.name} learnt", f"From {len(data)} pictures." if finished else "It learns.", (section,))
