"""What is learnt from and what is held back, of pictures that the teacher has labelled and eyes have seen.

The teacher takes dogs for faces, and statues, and fruit, the more so as it is shown all pictures enlarged. So in photographs of animals only those faces count of which
a person is known to be there (`PEOPLED`), and what else was seen to be none is taken away (`seen.csv`); and animals of Tiny-ImageNet, which it is not asked about, show what is none. `faceless.txt` lists the 300 photographs on which false alarms
are counted: of 450 drawn at random those that hold no face, by eye, whatever the teacher says of them.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from PIL import Image

from recipes.faces import pictures
from recipes.faces.scenes import SURE, Shot, sizes
from recipes.faces.teacher import NONE, Faces
from zorki.scores.average_precision import iou

HERE = Path(__file__).parent
ANIMALS = "inet_n02643566"  # photos of ImageNet up to that name are of animals
PEOPLED = frozenset(
    f"photos/inet_n{n}.jpg"
    for n in (
        "01494475", "02066245", "02087046", "02093859", "02098286", "02098413", "02102040", "02105641", "02107908", "02108422", "02111129",
        "02111500", "02113712", "02398521", "02437312", "02514041", "02536864", "02640242", "02641379",
    )
)  # fmt: skip
DOUBT = 0.5  # from which on nothing is learnt where the teacher is not sure; below it, there is nothing
HELD = 8  # of so many photographs one is judged on the way
LEAST = 12.0  # pixels of a face that is worth learning from


@dataclass(frozen=True)
class Stock:
    """faced: photographs with faces; faceless: without; cut: faces cut out; tiny, tiny_faceless, furred: of 64 pixels, the last of animals; held: what is judged
    on the way; lures: pictures that a network found faces in which are none (`lures.py`)."""

    faced: tuple[Shot, ...]
    faceless: tuple[Shot, ...]
    cut: tuple[Shot, ...]
    tiny: tuple[Shot, ...]
    tiny_faceless: tuple[Shot, ...]
    furred: tuple[Shot, ...]
    held: tuple[Shot, ...]
    lures: tuple[Shot, ...] = ()

    def __str__(self) -> str:
        return ", ".join(f"{name.replace('_', ' ')} {len(some):,}" for name, some in vars(self).items())


def faceless() -> list[str]:
    """Of the photographs that are held back to count false alarms on."""
    return [f"photos/{name}" for name in (HERE / "faceless.txt").read_text(encoding="utf-8").split()]


def corrected(name: str, found: Faces, seen: Mapping[str, list[tuple[np.ndarray, str]]]) -> Faces:
    """As eyes have it; what is only doubted a little is left out."""
    scores = found.scores.copy()
    for box, what in seen.get(name, ()):
        alike = iou(found.boxes, box[None])[:, 0] > 0.5
        scores[alike] = 0 if what == "nothing" else np.minimum(scores[alike], (DOUBT + SURE) / 2)
    which, _, file = name.partition("/")
    if which == "photos" and file.startswith("inet_") and Path(file).stem <= ANIMALS:
        if name not in PEOPLED:
            scores[:] = 0
        scores[scores < 0.85] *= DOUBT / SURE  # beside a person's the animal's
    return Faces(found.boxes, scores, found.points).at(scores >= DOUBT)


def eyes() -> dict[str, list[tuple[np.ndarray, str]]]:
    """What was seen of single boxes: by picture, the box and what it is."""
    out: dict[str, list[tuple[np.ndarray, str]]] = {}
    with (HERE / "seen.csv").open(newline="") as f:
        for row in csv.DictReader(f):
            out.setdefault(row["file"], []).append((np.array([float(row[k]) for k in "xywh"]), row["is"]))
    return out


def stock(data: Path, labels: Mapping[str, Faces], never: Iterable[str] = ()) -> Stock:
    """never: names of pictures that neither teach nor are judged on the way. Pictures stay in memory once they were read, in all half a gigabyte."""
    seen, never = eyes(), set(never)
    parts: dict[str, list[Shot]] = {name: [] for name in (*Stock.__dataclass_fields__, "left")}
    for name, found in labels.items():
        if name in never:
            continue
        shot = Shot(cache(partial(opened, data, name)), corrected(name, found, seen))
        parts[part_of(name, shot.faces)].append(shot)
    parts["furred"] = [Shot(cache(partial(opened, data, name)), NONE) for name in pictures.furred(data)]
    return Stock(**{k: tuple(v) for k, v in parts.items() if k != "left"})


def part_of(name: str, faces: Faces) -> str:
    """Where in the stock a picture belongs."""
    which = name.partition("/")[0]
    sure = bool(((faces.scores >= SURE) & (sizes(faces.boxes) >= (LEAST if which != pictures.TINY else 8))).any())
    if which in pictures.CUT:
        return "cut" if sure and len(faces.scores) == 1 else "left"
    if which == pictures.TINY:
        return "tiny" if sure else "tiny_faceless" if len(faces.scores) == 0 else "left"
    if which in ("photos", "people") and zlib.crc32(name.encode()) % HELD == 0:
        return "held"
    return "faced" if sure else "faceless" if len(faces.scores) == 0 else "left"


def opened(data: Path, name: str) -> Image.Image:
    """A picture, in grey where it is stored so."""
    picture = pictures.opened(pictures.data_of(data, name))
    return picture.convert("L") if name.partition("/")[0] in pictures.CUT else picture
