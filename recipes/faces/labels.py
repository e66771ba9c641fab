"""Labels pictures by the teacher: `python -m recipes.faces.labels --data FOLDER --work FOLDER`.

WORK/labels.jsonl gets a line for each picture: its name, and of each face left, top, width, height, how sure the teacher is, and its five points, in the picture's
pixels. What is labelled already is left, so that it goes on where it was broken off.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from recipes.faces import pictures
from recipes.faces.teacher import NONE, POINTS, Faces, YuNet

LEAST = 0.3  # what the teacher is less sure of is nothing
TIMES = {
    "photos": 2.0,
    pictures.TINY: 3.0,
    "emotions": 1.5,
    "emotions2": 3.0,
}  # how much larger the teacher sees them, which finds more that is small
BORDER = 0.25  # of its side, round a face that is cut out: the teacher knows faces with something about them
LONGEST = 1024  # pixels of the longer side that the teacher sees


def labelled(teacher: YuNet, data: Path, name: str) -> Faces:
    """The faces of one picture, in its own pixels."""
    which = name.partition("/")[0]
    picture = pictures.opened(pictures.data_of(data, name))
    times = min(TIMES.get(which, 1.0), LONGEST / max(picture.size))
    larger = picture.resize([round(side * times) for side in picture.size], Image.Resampling.BICUBIC) if times != 1 else picture  # type: ignore[arg-type]
    border = round(BORDER * larger.width) if which in pictures.CUT else 0
    seen = np.pad(np.asarray(larger), ((border, border), (border, border), (0, 0)), mode="edge")
    found = teacher.found(seen, LEAST)
    shift = np.array([border, border])
    boxes = np.concatenate([found.boxes[:, :2] - shift, found.boxes[:, 2:]], 1)
    return Faces(boxes / times, found.scores, (found.points - shift) / times)


def line(name: str, found: Faces) -> str:
    rows = np.concatenate([found.boxes, found.scores[:, None], found.points.reshape(-1, 2 * POINTS)], 1)
    return json.dumps({"name": name, "faces": [[round(float(v), 3) for v in row] for row in rows]})


def read(file: Path) -> dict[str, Faces]:
    """What is labelled by now, by name."""
    out = {}
    for text in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        one = json.loads(text)
        rows = np.array(one["faces"], float).reshape(-1, 5 + 2 * POINTS)
        out[one["name"]] = Faces(rows[:, :4], rows[:, 4], rows[:, 5:].reshape(-1, POINTS, 2)) if len(rows) else NONE
    return out


def wanted(data: Path) -> Iterator[str]:
    """Every picture that is to have labels, whole photographs first."""
    for which in (*pictures.PHOTOS, *pictures.CUT, pictures.TINY):
        if (data / which).exists():
            yield from pictures.names(data, which)


def label(data: Path, work: Path, names: Iterable[str] | None = None) -> dict[str, Faces]:
    """Labels what is not labelled yet, and gives all."""
    work.mkdir(parents=True, exist_ok=True)
    file = work / "labels.jsonl"
    known = read(file)
    missing = [name for name in (wanted(data) if names is None else names) if name not in known]
    teacher = YuNet(data / "weights") if missing else None
    with file.open("a", encoding="utf-8") as f:
        for k, name in enumerate(missing, 1):
            assert teacher is not None
            known[name] = labelled(teacher, data, name)
            f.write(line(name, known[name]) + "\n")
            if k % 200 == 0 or k == len(missing):
                f.flush()
                print(f"labelled {k:,} of {len(missing):,}", flush=True)
    return known


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--work", type=Path, required=True, help="outside the checkout")
    a = p.parse_args()
    label(a.data, a.work)


if __name__ == "__main__":
    main()
