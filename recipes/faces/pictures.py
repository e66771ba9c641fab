"""Where the pictures lie: whole photographs, faces that are cut out already, and what never teaches."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from PIL import Image

PHOTOS = ("photos", "people", "photo-pairs", "raccoon", "paintings", "camvid")
CUT = {"emotions": 4, "emotions2": 8}  # sets of faces cut out of photos, and of how many one is taken
TINY = "tiny-imagenet"
CLASSES = 200
DRESSED = (60, 62, 65, 68, 74, 77, 85, 100, 105, 107, 112, 118, 119, 120, 123, 125, 134, 138, 143, 148, 150, 156, 158, 169, 171)
"""Classes of Tiny-ImageNet that people wear, play or stand beside: gowns, kimonos, sombreros, bow ties, volleyballs …"""
FURRED = (12, *range(24, 36), *range(47, 59), 161)
"""Its classes of animals (and teddies) whose heads are most like faces: dogs, cats, bears, apes …"""
SOME, OTHERS = 4, 4  # of so many pictures of those, and of all other classes, one is taken
CAMVID = 8  # of so many frames of a film one is taken


def names(data: Path, which: str) -> list[str]:
    """Of the pictures of one set, each as FOLDER/FILE."""
    if which == TINY:
        rest = [k for k in range(CLASSES) if k not in (*DRESSED, *FURRED)]
        return [*sorted(of_classes(data, DRESSED)), *sorted(of_classes(data, rest))[::OTHERS]]
    if which in ("photos", *CUT):
        every = sorted(f"{which}/{name}" for file in sorted((data / which).glob("*.zip")) for name in archive(file).namelist())
        return every[:: CUT.get(which, 1)]
    every = sorted(path.relative_to(data).as_posix() for path in (data / which).rglob("*.*") if photo(path))
    return every[:: CAMVID if which == "camvid" else 1]


def photo(path: Path) -> bool:
    """Whether it is one, and no mask."""
    return path.suffix.lower() in (".jpg", ".jpeg", ".png") and not any("mask" in part for part in path.parts)


def furred(data: Path) -> list[str]:
    """Pictures of Tiny-ImageNet's animals; hardly one shows a person too."""
    return sorted(of_classes(data, FURRED))[::SOME] if (data / TINY).exists() else []


def of_classes(data: Path, which: Collection[int]) -> Iterator[str]:
    """Pictures of some classes of Tiny-ImageNet."""
    with (data / TINY / "classes.csv").open(newline="") as f:
        wnids = [row["wnid"] for row in csv.DictReader(f)]
    wanted = {wnids[i] for i in which}
    for file in sorted((data / TINY).glob("part_*.zip")):
        yield from (f"{TINY}/{name}" for name in archive(file).namelist() if name.split("/")[0] in wanted)


def data_of(data: Path, name: str) -> bytes:
    """A picture's file, by its name."""
    which, _, file = name.partition("/")
    if which in ("photos", *CUT, TINY):
        return archive(located(data / which)[file]).read(file)
    return (data / name).read_bytes()


def opened(stored: bytes) -> Image.Image:
    return Image.open(io.BytesIO(stored)).convert("RGB")


@cache
def archive(file: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(file)


@cache
def located(folder: Path) -> dict[str, Path]:
    """Which zip each file lies in."""
    return {name: file for file in sorted(folder.glob("*.zip")) for name in archive(file).namelist()}
