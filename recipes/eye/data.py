"""Tiny-ImageNet as one array: read once from its zips, kept beside the checkpoints."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 64
HELD_BACK = 20  # every 20th file of each class, in name order, is judged and never trained on


@dataclass(frozen=True)
class Pictures:
    """pixels (n, 64, 64, 3) uint8; labels (n,) int64; train and val: index arrays; names of the classes."""

    pixels: np.ndarray
    labels: np.ndarray
    train: np.ndarray
    val: np.ndarray
    names: list[str]


def classes(folder: Path) -> list[tuple[str, str]]:
    """(wnid, name) of each class, by index."""
    with (folder / "classes.csv").open(newline="") as f:
        return [(row["wnid"], row["name"]) for row in csv.DictReader(f)]


def load(folder: Path, work: Path) -> Pictures:
    """folder: the zips and classes.csv. work: where the decoded array is kept (860 MB)."""
    wnids = [wnid for wnid, _ in classes(folder)]
    archives = [zipfile.ZipFile(p) for p in sorted(folder.glob("part_*.zip"))]
    if not archives:
        raise SystemExit(f"No part_*.zip in {folder}. Give the folder of Tiny-ImageNet's zips with --data.")
    entries = sorted((name, i) for i, archive in enumerate(archives) for name in archive.namelist())
    entries.sort(key=lambda e: wnids.index(e[0].split("/")[0]))  # stable: by class, then by name
    labels = np.array([wnids.index(name.split("/")[0]) for name, _ in entries])
    cache = work / "pixels.npy"
    if not cache.exists():
        pixels = np.empty((len(entries), SIDE, SIDE, 3), np.uint8)
        for k, (name, i) in enumerate(entries):
            pixels[k] = np.asarray(Image.open(io.BytesIO(archives[i].read(name))).convert("RGB"))
        with cache.with_suffix(".part").open("wb") as f:
            np.save(f, pixels)
        cache.with_suffix(".part").rename(cache)
    place = np.concatenate([np.arange(n) for n in np.bincount(labels)])
    val = place % HELD_BACK == 0
    return Pictures(np.load(cache, mmap_mode="r"), labels, np.flatnonzero(~val), np.flatnonzero(val), [n for _, n in classes(folder)])
