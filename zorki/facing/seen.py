"""The faces of one photo with their expressions, as a list for programs, lines for a person, and files.

All places are pixels of the upright photo, as it is shown: left, top, width, height.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from zorki import io
from zorki.blocks import Tile
from zorki.facing import crops, drawing
from zorki.facing.faces import EMOTIONS, Face
from zorki.io.exif import unmade
from zorki.locating.drawing import levels
from zorki.locating.located import counted, table, written

As = Literal["faces", "json", "csv"]
COLUMNS = ("file", "left", "top", "width", "height", *EMOTIONS)
SMALL = 4096  # pixels of the longer side at which what is too large to be opened is drawn on
SHOWN = 30  # faces that a person is told of one by one
KEPT = 400  # faces that a picture's own record holds
NAMED, WORTH = 3, 0.05  # expressions of a face that a person is told: at most so many, and only with such a share


@dataclass(frozen=True, eq=False, repr=False)
class Seen:
    """faces: with their shares, the largest first. photo: an io.Photo, or io.Large. changed: (h, w, 3) as the photo's pixels are, where the faces are hidden or
    painted: shown and saved in place of the photo with boxes. crop: a folder that gets each face as a picture of its own; side: theirs, in pixels; doubted: how many places more
    are hidden, since they may be faces; cropped: the files of the folder, once they are written."""

    faces: tuple[Face, ...]
    photo: Any
    changed: Any = None
    crop: str | None = None
    side: int | None = None
    doubted: int = 0
    cropped: list[Path] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.faces)

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """One for each face: left, top, width, height, and what people would call its expression."""
        hidden = f"{self.doubted:,} {'place that may be a face is' if self.doubted == 1 else 'places that may be faces are'} hidden"
        if not self.faces:
            return [f"nothing sure; {hidden}" if self.doubted else "no face was found"]
        wide = len(f"{max(self.photo.hw):d}")
        places = [" ".join(f"{v:{wide}d}" for v in face.rectangle.values()) for face in self.faces[:SHOWN]]
        out = [f"{place}  {likely(face.scores)}" for place, face in zip(places, self.faces, strict=False)]
        if len(self.faces) > SHOWN:
            out.append(f"and {len(self.faces) - SHOWN:,} smaller ones")
        if len(self.faces) > 1:
            out.append(told([face.scores for face in self.faces]))
        return [*out, f"and {hidden}"] if self.doubted else out

    def answer(self) -> list[Mapping[str, Any]]:
        """What --json gives: the list of the Emotion API."""
        return [face.answer() for face in self.faces]

    def rows(self) -> list[list[Any]]:
        """A table's row for each face, as COLUMNS say, but for the file."""
        return [[*face.rectangle.values(), *face.scores.values()] for face in self.faces]

    def tiles(self) -> list[Tile]:
        """The photo with its faces, as a board would show it."""
        alt = f"A photo with {told([f.scores for f in self.faces])}" if self.faces else "A photo in which no face was found"
        return [Tile(pixels=self.picture(), caption=self.photo.name, alt=alt)]

    def picture(self, **_: Any) -> npt.NDArray[np.uint8]:
        """(h, w, 3): the photo with a box about each face and its eight scores as bars; where faces are hidden or painted the photo so. Of an io.Large a small one."""
        if self.changed is not None:
            return levels(self.changed)
        large = not isinstance(self.photo, io.Photo)
        pixels = self.photo.small(SMALL) if large else self.photo.pixels
        return drawing.drawn(pixels, self.faces, (pixels.shape[1] / self.photo.hw[1], pixels.shape[0] / self.photo.hw[0]))

    def save(self, path: Path, kind: As, record: dict[str, Any], force: bool) -> None:
        """One file of this kind, whole or not at all. Raises what `io.save_photo` and `io.atomic` raise."""
        if not self.cropped:
            self.beside(force)
        if kind == "faces":
            self._save_picture(path, record | ({"rows": self.rows()} if len(self) <= KEPT else {}), force)
            return
        with io.atomic(path, force) as temporary:
            if kind == "csv":
                written(temporary, table(COLUMNS, ([self.photo.name, *row] for row in self.rows())))
            else:
                written(temporary, json.dumps(self.answer(), ensure_ascii=False) + "\n")

    def beside(self, force: bool, taken: Collection[Path] = ()) -> list[Path]:
        """The faces as files of their own, where they are asked for; the paths. taken: those of other photos of the same work. Raises what `crops.saved` raises."""
        if self.crop is not None:
            self.cropped[:] = crops.saved(Path(self.crop), self.photo, self.faces, self.side, force, taken)
        return self.cropped

    def _save_picture(self, path: Path, record: dict[str, Any], force: bool) -> None:
        if self.changed is not None:
            like = replace(self.photo, exif=None if self.photo.exif is None else unmade(self.photo.exif))
            io.save_photo(path, self.changed, like=like, settings=record, force=force)
            return
        shown = self.picture()
        if not isinstance(self.photo, io.Photo):
            io.save_photo(path, shown, settings=record, force=force)
            return
        alpha = self.photo.alpha
        if alpha is not None:  # bars and boxes are seen on what is transparent too
            alpha = np.where((shown != levels(self.photo.pixels)).any(2), np.float32(1), alpha)
        io.save_photo(path, shown, like=replace(self.photo, grey=False, alpha=alpha), settings=record, force=force)


def likely(scores: Mapping[str, float]) -> str:
    """happiness 93%, surprise 6%."""
    order = sorted(scores, key=lambda name: -scores[name])
    return ", ".join(f"{name} {100 * scores[name]:.0f}%" for k, name in enumerate(order[:NAMED]) if not k or scores[name] >= WORTH)


def told(scores: Sequence[Mapping[str, float]]) -> str:
    """5 faces: 3 happiness, 2 neutral."""
    if not scores:
        return "no face"
    counts = counted(max(one, key=one.__getitem__) for one in scores)
    said = ", ".join(f"{n:,} {name}" for name, n in counts.items())
    return f"{len(scores):,} face{'s' * (len(scores) > 1)}: {said}"
