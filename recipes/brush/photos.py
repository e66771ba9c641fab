"""Photographs to learn from and photographs held back, read from stored zips once and kept in memory as they are."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from zorki.wings.style._crops import Photos

HELD_BACK, LEAST = 40, 224  # as many are judged and never trained on; of a shorter short side a photo is no use


def names(folder: Path) -> list[tuple[str, Path]]:
    """Every photo's name with its zip, in an order that nothing but the names decides and in which neighbours are unrelated."""
    archives = sorted(folder.glob("*.zip"))
    if not archives:
        raise SystemExit(f"No zips of photographs in {folder}. Give their folder with --photos.")
    found = [(name, path) for path in archives for name in zipfile.ZipFile(path).namelist() if name.lower().endswith((".jpg", ".png"))]
    return sorted(found, key=lambda pair: hashlib.sha256(pair[0].encode()).hexdigest())


def read(chosen: list[tuple[str, Path]]) -> list[np.ndarray]:
    """Each (h, w, 3) uint8; what is too small is left out."""
    archives = {path: zipfile.ZipFile(path) for path in {path for _, path in chosen}}
    pictures = (np.asarray(Image.open(io.BytesIO(archives[path].read(name))).convert("RGB")) for name, path in chosen)
    return [p for p in pictures if min(p.shape[:2]) >= LEAST]


def held_back(folder: Path) -> list[tuple[str, Path]]:
    """The first of them that are large enough."""
    out = []
    for name, path in names(folder):
        if min(Image.open(io.BytesIO(zipfile.ZipFile(path).read(name))).size) >= LEAST:
            out.append((name, path))
        if len(out) == HELD_BACK:
            break
    return out


def learnt_from(folder: Path) -> Photos:
    """All but those held back."""
    apart = {name for name, _ in held_back(folder)}
    return Photos(read([pair for pair in names(folder) if pair[0] not in apart]))
