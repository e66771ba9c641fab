"""What a network located in one photo: boxes with their classes, how many there are of each, and files of them.

All places are pixels of the upright photo, as it is shown: left, top, width, height.
"""

from __future__ import annotations

import csv
import io as streams
import json
import re
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from zorki import io
from zorki.blocks import Tile
from zorki.locating import drawing
from zorki.locating.detections import Detections
from zorki.weights.cards import short

As = Literal["boxes", "json", "csv", "coco", "crops"]
COLUMNS = ("file", "class", "x", "y", "w", "h", "score")
SMALL = 4096  # pixels of the longer side at which what is too large to be opened is drawn on
SHOWN = 12  # boxes that a person is told of one by one
KEPT = 400  # boxes that a picture's own record holds


@dataclass(frozen=True, eq=False, repr=False)
class Located:
    """found: in pixels of the photo, the surest first. names, colours (#rrggbb): of all classes the net knows. photo: an io.Photo, or io.Large."""

    found: Detections
    names: tuple[str, ...]
    colours: tuple[str, ...]
    photo: Any

    @cached_property
    def boxes(self) -> tuple[dict[str, Any], ...]:
        """class, score, x, y, w, h of each, the surest first."""
        places, scores, labels = (part.tolist() for part in (self.found.boxes, self.found.scores, self.found.labels))
        return tuple(
            {"class": self.names[label], "score": round(score, 4)} | {k: round(v, 2) for k, v in zip("xywh", box, strict=True)}
            for box, score, label in zip(places, scores, labels, strict=True)
        )

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each class that is there, most first."""
        return counted(box["class"] for box in self.boxes)

    def __len__(self) -> int:
        return len(self.found)

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """One for each box: score, left, top, width, height, class; of many the surest, and how many of each class."""
        if not self.boxes:
            return ["nothing was found"]
        wide = len(f"{max(self.photo.hw):d}")
        out = [
            f"{100 * b['score']:5.1f}%  {b['x']:{wide}.0f} {b['y']:{wide}.0f} {b['w']:{wide}.0f} {b['h']:{wide}.0f}  {b['class']}"
            for b in self.boxes[:SHOWN]
        ]
        if len(self.boxes) > SHOWN:
            out.append(f"and {len(self.boxes) - SHOWN:,} more that it is less sure of")
        return [*out, told(self.counts)] if len(self.boxes) > 1 else out

    def answer(self) -> dict[str, Any]:
        """What --json gives."""
        h, w = self.photo.hw
        return {"size": [w, h], "boxes": list(self.boxes), "counts": self.counts}

    def rows(self) -> list[list[Any]]:
        """A table's row for each box, as COLUMNS say, but for the file."""
        return [[box[column] for column in COLUMNS[1:]] for box in self.boxes]

    def tiles(self) -> list[Tile]:
        """The photo with its boxes, as a board would show it."""
        alt = f"A photo with boxes about {told(self.counts)}" if self.boxes else "A photo in which nothing was found"
        return [Tile(pixels=self.picture(), caption=self.photo.name, alt=alt)]

    def picture(self, **_: Any) -> npt.NDArray[np.uint8]:
        """(h, w, 3): the photo with its boxes, each with its class and how sure the net is. Of an io.Large a small one."""
        large = not isinstance(self.photo, io.Photo)
        pixels = self.photo.small(SMALL) if large else self.photo.pixels
        k = np.array([pixels.shape[1] / self.photo.hw[1], pixels.shape[0] / self.photo.hw[0]] * 2)
        texts = [f"{short(box['class'])} {100 * box['score']:.0f}%" for box in self.boxes]
        colours = [self.colours[label] for label in self.found.labels.tolist()]
        return drawing.drawn(pixels, self.found.boxes.numpy() * k, texts, colours)

    def save(self, path: Path, kind: As, record: dict[str, Any], force: bool) -> None:
        """One file of this kind, whole or not at all. Raises what `io.save_photo` and `io.atomic` raise."""
        record = record | ({"rows": self.rows()} if len(self) <= KEPT else {})
        if kind == "boxes":
            self._save_drawn(path, record, force)
            return
        with io.atomic(path, force) as temporary:
            if kind == "crops":
                self._write_crops(temporary, record)
            elif kind == "csv":
                written(temporary, table(COLUMNS, ([self.photo.name, *row] for row in self.rows())))
            else:
                made = self.coco(record) if kind == "coco" else {"picture": self.photo.name, **self.answer(), "zorki": record}
                written(temporary, json.dumps(made, ensure_ascii=False, separators=(",", ":")))

    def _save_drawn(self, path: Path, record: dict[str, Any], force: bool) -> None:
        shown = self.picture()
        if not isinstance(self.photo, io.Photo):
            io.save_photo(path, shown, settings=record, force=force)
            return
        alpha = self.photo.alpha
        if alpha is not None:  # lines are seen on what is transparent too
            alpha = np.where((shown != drawing.levels(self.photo.pixels)).any(2), np.float32(1), alpha)
        like = replace(self.photo, grey=False, alpha=alpha)
        io.save_photo(path, shown, like=like, settings=record, force=force)

    def coco(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """A data set of one picture, its boxes with scores. Categories have the class's number as `id`."""
        h, w = self.photo.hw
        places = [[box[side] for side in "xywh"] for box in self.boxes]
        return {
            "info": {"description": "Made by Zorki", "zorki": dict(record)},
            "images": [{"id": 1, "file_name": self.photo.name, "width": w, "height": h}],
            "categories": [{"id": n, "name": name, "supercategory": ""} for n, name in enumerate(self.names)],
            "annotations": [
                {
                    "id": k,
                    "image_id": 1,
                    "category_id": label,
                    "bbox": at,
                    "area": round(at[2] * at[3], 2),
                    "iscrowd": 0,
                    "score": box["score"],
                }
                for k, (label, at, box) in enumerate(zip(self.found.labels.tolist(), places, self.boxes, strict=True), 1)
            ],
        }

    def crops(self) -> list[tuple[int, int, int, int]]:
        """Left, top, right, bottom of the whole pixels of each box, at least one each way."""
        h, w = self.photo.hw
        out = []
        for x, y, wide, high in self.found.boxes.tolist():
            left, top = min(max(int(np.floor(x)), 0), w - 1), min(max(int(np.floor(y)), 0), h - 1)
            out.append((left, top, max(left + 1, min(int(np.ceil(x + wide)), w)), max(top + 1, min(int(np.ceil(y + high)), h))))
        return out

    def _write_crops(self, path: Path, record: dict[str, Any]) -> None:
        """A zip with what is in each box as a picture, in the photo's own format, and boxes.csv, which says where each was."""
        ending = Path(io.output_name(self.photo, "x")).suffix if isinstance(self.photo, io.Photo) else ".png"
        rows, digits = [], len(str(len(self)))
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive,
            tempfile.TemporaryDirectory(dir=path.parent, prefix=".zorki-") as folder,
        ):
            for k, (where, row) in enumerate(zip(self.crops(), self.rows(), strict=True), 1):
                name = f"{k:0{digits}d}-{plain(str(row[0]))}{ending}"
                self._save_crop(Path(folder) / name, where)
                archive.write(Path(folder) / name, name)
                (Path(folder) / name).unlink()
                rows.append([name, *row])
            archive.writestr("boxes.csv", encoded(table(("crop", *COLUMNS), ([name, self.photo.name, *row] for name, *row in rows))))
            said = json.dumps(record).encode()
            archive.comment = said if len(said) < 1 << 16 else b""

    def _save_crop(self, path: Path, where: tuple[int, int, int, int]) -> None:
        left, top, right, bottom = where
        if not isinstance(self.photo, io.Photo):
            io.save_photo(path, self.photo.rows(top, bottom)[:, left:right])
            return
        alpha = self.photo.alpha
        like = replace(self.photo, alpha=None if alpha is None else alpha[top:bottom, left:right])
        io.save_photo(path, self.photo.pixels[top:bottom, left:right], like=like)


def counted(names: Any) -> dict[str, int]:
    """How often each comes, most often first, then by name."""
    out: dict[str, int] = {}
    for name in names:
        out[name] = out.get(name, 0) + 1
    return dict(sorted(out.items(), key=lambda item: (-item[1], item[0])))


def told(counts: Mapping[str, int]) -> str:
    """17 RBC, 1 WBC."""
    return ", ".join(f"{n:,} {short(name)}" for name, n in counts.items())


def table(columns: Sequence[str], rows: Any) -> str:
    """CSV, with a line of titles."""
    out = streams.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def written(path: Path, text: str) -> None:
    path.write_bytes(encoded(text))


def encoded(text: str) -> bytes:
    """UTF-8; a byte of a file's name that is no letter as \\udce9."""
    return text.encode(errors="backslashreplace")


def plain(name: str) -> str:
    """A class's name as a part of a file's."""
    return re.sub(r'[<>:"/\\|?*\s.]+', "-", name).strip("-")[:60] or "thing"
