"""Faces with what people called them: FER-2013 with the votes of FER+, and press and film faces of which one person named each.

Both are cut alike: the eyes 32 % of the side from left and right and 39 % from the top, the corners of the mouth 35 % and 76 % (medians, as a detector sees 226 of them).
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from recipes.emotions import twins
from zorki.core.seeds import seed_for
from zorki.nets.expression import CLASSES

SIDE = 48
JUDGING, CHOOSING = "PublicTest", 20  # the usage that is judged on; of the other's faces one in so many chooses and calibrates
PERSONS = 10  # of the named persons one in so many is judged on
SURE, WORTH = (
    0.8,
    0.5,
)  # of a face that one person named: the share of that name, the rest being spread as `doubt` says; its weight beside one of ten votes


@dataclass(frozen=True)
class Faces:
    """pixels (n, 48, 48) uint8; said (n, 8): the share of people who name each expression; weight (n,): how much it counts;
    person (n,): a name, "" where nobody is known; part (n,): "learn", "choose", "judge", "judge persons", or "" of faces left out as twins of others."""

    pixels: np.ndarray
    said: np.ndarray
    weight: np.ndarray
    person: np.ndarray
    part: np.ndarray

    @property
    def top(self) -> np.ndarray:
        """(n,): the expression that most people name."""
        return self.said.argmax(1)

    def of(self, part: str) -> Faces:
        """Those of a part."""
        there = self.part == part
        return Faces(*(x[there] for x in (self.pixels, self.said, self.weight, self.person, self.part)))

    def __len__(self) -> int:
        return len(self.pixels)


def read(votes: Path, named: Path, work: Path) -> Faces:
    """votes, named: folders with labels.csv and its zips. work: where the decoded faces and what are twins are kept."""
    of_votes, of_named = table(votes), table(named)
    counts = np.array([[int(row[f"votes_{name}"]) for name in CLASSES] for row in of_votes], np.float32)
    single = np.array([CLASSES.index(row["emotion"]) for row in of_named])
    weight = counts.sum(1) / 10
    counts[(counts == 1) & (counts.max(1, keepdims=True) > 1)] = 0  # a slip, as the makers of the votes take it
    shares = counts / counts.sum(1, keepdims=True)
    usage = np.array([*(row["usage"] for row in of_votes), *("" for _ in of_named)])
    spread = doubt(shares[usage[: len(shares)] != JUDGING])
    said = np.concatenate([shares, SURE * np.eye(len(CLASSES), dtype=np.float32)[single] + (1 - SURE) * spread[single]])
    weight = np.concatenate([weight, np.full(len(single), WORTH)]).astype(np.float32)
    pixels = np.concatenate([decoded(votes, of_votes, work / "votes.npy"), decoded(named, of_named, work / "named.npy")])
    person = np.array([row["person"] for row in [*of_votes, *of_named]])
    group = kept(work / "twins.npy", pixels)
    return Faces(pixels, said.astype(np.float32), weight, person, parts(usage, person, group))


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def doubt(shares: np.ndarray) -> np.ndarray:
    """(8, 8): what people say, on average, of faces that most of them call by each name; uniform of a name that is nowhere first."""
    top, k = shares.argmax(1), shares.shape[1]
    return np.stack([shares[top == c].mean(0) if (top == c).any() else np.full(k, 1 / k) for c in range(k)])


def decoded(folder: Path, rows: Sequence[dict[str, str]], cache: Path) -> np.ndarray:
    """(n, 48, 48) uint8, made smaller with antialiasing where the files are larger."""
    if not cache.exists():
        with cache.with_suffix(".part").open("wb") as f:
            np.save(f, np.stack(list(each(folder, rows))))
        cache.with_suffix(".part").rename(cache)
    return np.asarray(np.load(cache))


def each(folder: Path, rows: Sequence[dict[str, str]]) -> Iterator[np.ndarray]:
    archives = {name: zipfile.ZipFile(folder / name) for name in {row["zip"] for row in rows}}
    for row in rows:
        face = Image.open(io.BytesIO(archives[row["zip"]].read(row["file"])), formats=["WEBP"]).convert("L")
        yield np.asarray(face if face.size == (SIDE, SIDE) else face.resize((SIDE, SIDE), Image.Resampling.BOX))


def kept(path: Path, pixels: np.ndarray) -> np.ndarray:
    """The groups of twins, found once."""
    if not path.exists():
        np.save(path, twins.groups(pixels))
    found: np.ndarray = np.load(path)
    return found


def parts(usage: np.ndarray, person: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The part of each face. Faces of one group are never in two parts: what is judged on stays, and its twins are learnt from by nobody; a group that chooses
    does so as a whole.
    """
    by_person = np.array([bool(name) and seed_for(0, "person", name) % PERSONS == 0 for name in person])
    out = np.where(usage == JUDGING, "judge", np.where(by_person, "judge persons", "learn")).astype("U13")
    judged = set(group[out != "learn"].tolist())
    out[(out == "learn") & np.isin(group, list(judged))] = ""
    chooses = np.array([seed_for(0, "group", int(g)) % CHOOSING == 0 for g in group]) & (person == "")
    choosing = set(group[chooses & (out == "learn")].tolist())
    out[(out == "learn") & np.isin(group, list(choosing))] = "choose"
    return out
