"""Which mask belongs to which picture, by their names: the same name first, then names that differ by a known word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

from zorki.core.errors import InputError
from zorki.io.files import natural

MASK_WORDS = (
    "mask", "masks", "gt", "groundtruth", "ground_truth", "truth", "label", "labels", "lbl", "labelIds", "labelTrainIds",
    "gtFine_labelIds", "gtFine_labelTrainIds", "gtCoarse_labelIds", "gtCoarse_labelTrainIds",
    "seg", "segmentation", "annotation", "annotations", "anno", "annot", "target", "matte", "L", "P",
)  # fmt: skip
PICTURE_WORDS = ("image", "img", "photo", "picture", "sat", "leftImg8bit", "rgb")
_LOSSY = (".jpg", ".jpeg", ".jpe", ".jfif", ".heic", ".heif", ".hif", ".avif", ".webp")


def without(stem: str, words: Iterable[str]) -> str:
    """The name without the longest of the words at its end (1_mask, 1-mask, 1.mask, "1 mask"), or else at its start (mask_1)."""
    known = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    for pattern in (rf"[ _.-]+(?:{known})$", rf"^(?:{known})[ _.-]+"):
        bare = re.sub(pattern, "", stem, count=1, flags=re.IGNORECASE)
        if bare and bare != stem:
            return bare
    return stem


def stem(path: Path) -> str:
    """The name without its last ending, letters composed: é is one sign, however a disk writes it."""
    return unicodedata.normalize("NFC", path.stem)


def paired(pictures: Mapping[str, Path], masks: Mapping[str, Path]) -> dict[Path, Path]:
    """Picture → mask, of files by their stems. 1 is no partner of 10, and whoever has the very name goes before a known word.

    Raises InputError where two masks, or two pictures, have an equal claim.
    """
    found = {picture: masks[name] for name, picture in pictures.items() if name in masks}
    left = {name: mask for name, mask in masks.items() if name not in pictures}
    wanting = {name: picture for name, picture in pictures.items() if name not in masks}
    by_claim: dict[str, Path] = {}
    for claims in ({p.name: p for p in wanting.values()}, wanting, {without(n, PICTURE_WORDS): p for n, p in wanting.items()}):
        for claim, picture in claims.items():
            by_claim.setdefault(unicodedata.normalize("NFC", claim), picture)
    for name, mask in left.items():
        partner = by_claim.get(name) or by_claim.get(without(name, MASK_WORDS))
        if partner is None:
            continue
        if partner in found:
            got = f"{found[partner].name} and {mask.name} are both masks of {partner.name}, by their names."
            raise InputError(got, "A picture has one mask.", "Take one of them away.")
        found[partner] = mask
    return {picture: found[picture] for picture in pictures.values() if picture in found}


def side_by_side(files: Iterable[Path]) -> dict[Path, Path]:
    """Picture → mask in one folder: 1.png beside 1_mask.png, or 1.jpg beside 1.png, where the JPEG is the photograph. Nothing where none are."""
    together: dict[str, list[Path]] = {}
    for path in sorted(files, key=natural):
        together.setdefault(stem(path), []).append(path)
    pictures: dict[str, Path] = {}
    masks: dict[str, Path] = {}
    for name, some in together.items():
        photographs = [p for p in some if p.suffix.lower() in _LOSSY]
        if len(some) == 2 and len(photographs) == 1:
            pictures[name] = photographs[0]
            masks[name] = next(p for p in some if p not in photographs)
        elif len(some) == 1:
            base = without(name, MASK_WORDS)
            (masks if base != name and base in together else pictures)[name] = some[0]
    return paired(pictures, masks)
