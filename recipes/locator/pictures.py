"""Tiny-ImageNet with its boxes: pixels as `recipes/eye` reads them, a box for each."""

from __future__ import annotations

import csv
import gzip
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from recipes.eye import data
from zorki import io
from zorki.locating.sets import Classes, Set


@dataclass(frozen=True)
class Pictures(data.Pictures):
    """As `recipes/eye` has them; boxes (n, 4) float32: left, top, width, height in pixels."""

    boxes: np.ndarray


def read(folder: Path, work: Path) -> Pictures:
    """folder: the zips, classes.csv and boxes.csv.gz. work: where the decoded array is kept."""
    seen = data.load(folder, work)
    with gzip.open(folder / "boxes.csv.gz", "rt", newline="") as f:
        known = {row["file"]: [float(row[k]) for k in "xywh"] for row in csv.DictReader(f)}
    return Pictures(
        seen.pixels, seen.labels, seen.train, seen.val, seen.names, np.array([known[name] for name in names(folder)], np.float32)
    )


def names(folder: Path) -> list[str]:
    """Of the files, in the order of the pixels."""
    wnids = [wnid for wnid, _ in data.classes(folder)]
    found = sorted(name for part in sorted(folder.glob("part_*.zip")) for name in zipfile.ZipFile(part).namelist())
    return sorted(found, key=lambda name: wnids.index(name.split("/")[0]))


@dataclass(frozen=True)
class Boxes:
    """Those of the pictures whose numbers are given, as a `Stock` takes them."""

    seen: Pictures
    numbers: np.ndarray

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        n = int(self.numbers[i])
        return (
            self.seen.pixels[n].transpose(2, 0, 1).astype(np.float32) / 255,
            self.seen.boxes[n : n + 1],
            self.seen.labels[n : n + 1].astype(np.int64),
        )


@dataclass(frozen=True)
class Held(Set):
    """The same to be judged: pictures out of an array, each under its number."""

    of: Boxes

    def example(self, one: io.Example) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        picture, boxes, labels = self.of[int(one.picture.stem)]
        return torch.from_numpy(picture), torch.from_numpy(boxes), torch.from_numpy(labels)


def held_set(some: Boxes) -> Held:
    names_ = some.seen.names
    examples = tuple(
        io.Example(Path(f"{i}.png"), boxes=(io.Box(names_[int(some.seen.labels[n])], *map(float, some.seen.boxes[n])),))
        for i, n in enumerate(some.numbers)
    )
    return Held(examples, Classes(tuple(names_)), some)
