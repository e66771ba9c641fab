"""What a segmenter said of one photo: a class for each pixel, how much there is of each, and files of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from zorki import io
from zorki.blocks import Tile
from zorki.core.errors import InputError
from zorki.pixels import palette
from zorki.segmenting import outlines, overlay

As = Literal["index", "overlay", "cutout", "probabilities", "coco", "geojson"]
SMALL = 4096  # pixels of the longer side of an overlay of what is too large to be opened
LEAST = 5e-4  # of all pixels: a smaller class is not in the legend
MANY = 12  # classes: with more of them the legend of a film's frame holds those that are there


@dataclass(frozen=True, eq=False, repr=False)
class Prediction:
    """labels: (h, w) class numbers, in the photo's own size. names, colours: of all classes the net knows. photo: an io.Photo, or io.Large.

    chosen: the classes that are shown, cut out or outlined. cover: of a colour over the photo, 0..1. probabilities: (k, h, w) float16 where they were asked for.
    inside: (h, w), how surely a pixel is of the chosen classes, where they are to be cut out. rle: of COCO's files.
    """

    labels: npt.NDArray[Any]
    names: tuple[str, ...]
    colours: tuple[str, ...]
    photo: Any
    chosen: tuple[int, ...]
    cover: float = 0.5
    rle: bool = False
    probabilities: npt.NDArray[np.float16] | None = None
    inside: npt.NDArray[np.float32] | None = None

    @cached_property
    def pixels(self) -> tuple[int, ...]:
        """How many of each class."""
        rows = max(1, (1 << 22) // self.labels.shape[1])  # at a time: counting makes eight bytes of each
        some = (self.labels[top : top + rows].ravel() for top in range(0, len(self.labels), rows))
        return tuple(sum(np.bincount(part, minlength=len(self.names)) for part in some).tolist())  # type: ignore[union-attr]

    @property
    def shares(self) -> dict[str, float]:
        """Of all pixels, by class, 0..1."""
        return dict(zip(self.names, (n / self.labels.size for n in self.pixels), strict=True))

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """The area by class, the largest first: share, pixels, number, name; classes of which there is nothing are left out."""
        order = sorted((n for n, count in enumerate(self.pixels) if count), key=lambda n: -self.pixels[n])
        wide = len(f"{max(self.pixels):,}")
        return [f"{self.pixels[n] / self.labels.size:6.1%}  {self.pixels[n]:{wide},}  {n:3d}  {self.names[n]}" for n in order]

    def answer(self) -> dict[str, Any]:
        """What --json gives."""
        areas = [
            {"class": n, "name": name, "share": round(count / self.labels.size, 6), "pixels": count}
            for n, (name, count) in enumerate(zip(self.names, self.pixels, strict=True))
        ]
        return {"size": [self.labels.shape[1], self.labels.shape[0]], "areas": areas}

    def tiles(self) -> list[Tile]:
        """The overlay, as a board would show it."""
        return [Tile(pixels=self.picture(), caption=self.photo.name, alt=f"A photo with the classes {', '.join(self._present())} over it")]

    def picture(self, kind: As = "overlay", legend: Literal["there", "all"] = "there") -> npt.NDArray[np.uint8]:
        """(h, w, 3): the overlay; as index the colours of the classes alone; as cutout the chosen ones on white. Of an io.Large a small one.

        legend: of the classes that are there, or, where they are not too many, of all, so that a film's does not jump.
        """
        if kind == "cutout":
            inside = self._inside()[..., None]
            cut: npt.NDArray[np.uint8] = np.rint(255 * (self._pixels() * inside + 1 - inside)).astype(np.uint8)
            return cut
        colours = palette.table(self.colours)
        photo, labels = (self._pixels(), self.labels) if isinstance(self.photo, io.Photo) else self._brought_down()
        if kind == "index":
            flat: npt.NDArray[np.uint8] = colours[labels & 255]
            return flat
        laid = overlay.overlaid(photo, labels, colours, self.chosen, self.cover)
        often = [self.pixels[n] / self.labels.size for n in range(len(self.names))]
        told = [n for n in self.chosen if (legend == "all" and len(self.chosen) <= MANY) or often[n] >= LEAST]
        more = "" if legend == "all" else "{:.1%}"
        return overlay.with_legend(laid, [overlay.Entry(self.names[n], self.colours[n], more.format(often[n])) for n in told])

    def _present(self) -> list[str]:
        return [self.names[n] for n in self.chosen if self.pixels[n]]

    def _pixels(self) -> npt.NDArray[np.float32]:
        assert isinstance(self.photo, io.Photo)
        return self.photo.pixels

    def _brought_down(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[Any]]:
        small = self.photo.small(SMALL)
        y, x = (((np.arange(n) + 0.5) * full / n).astype(int) for n, full in zip(small.shape[:2], self.labels.shape, strict=True))
        return small, self.labels[y][:, x]

    def _inside(self) -> npt.NDArray[np.float32]:
        """(h, w) 0..1, how much of each pixel the cutout holds: by the probability, so that its edge is soft."""
        found = np.isin(self.labels, self.chosen) if self.inside is None else np.clip(2 * self.inside - 0.5, 0, 1)
        out: npt.NDArray[np.float32] = found.astype(np.float32, copy=False)
        return out

    def save(self, path: Path, kind: As, record: dict[str, Any], force: bool) -> None:
        """One file of this kind, whole or not at all; its ending says which format. Raises InputError for what was not kept, or cannot be made of so
        large a picture, and what `io.atomic` raises."""
        large = not isinstance(self.photo, io.Photo)
        if kind == "overlay":
            io.save_photo(path, self.picture(), like=None if large else replace(self.photo, grey=False), settings=record, force=force)
        elif kind == "cutout":
            if large:
                raise InputError(f"{self.photo.name} is too large to be cut out.", "A mask can be written.", "Leave out --as=cutout.")
            alpha = self._inside() if self.photo.alpha is None else self._inside() * self.photo.alpha
            io.save_photo(path, self.photo.pixels, like=replace(self.photo, alpha=alpha), settings=record, force=force)
        else:
            with io.atomic(path, force) as temporary:
                self._write(temporary, kind, record)

    def _write(self, path: Path, kind: As, record: dict[str, Any]) -> None:
        if kind == "index":
            io.write_index(path, self.labels, palette.table(self.colours), record)
        elif kind == "probabilities":
            self._write_probabilities(path, record)
        else:
            text = json.dumps(self.outlined(kind, record), ensure_ascii=False, separators=(",", ":"))  # type: ignore[arg-type]
            path.write_text(text, encoding="utf-8", errors="backslashreplace")  # a byte of a name that is no letter as \udce9

    def outlined(self, kind: Literal["coco", "geojson"], record: Mapping[str, Any]) -> dict[str, Any]:
        """The chosen classes as polygons."""
        if kind == "coco":
            return outlines.coco(self.labels, self.chosen, self.names, self.photo.name, self.rle, record)
        return outlines.geojson(self.labels, self.chosen, self.names, self.colours, record)

    def _write_probabilities(self, path: Path, record: dict[str, Any]) -> None:
        if self.probabilities is None:
            got = "The probabilities were not kept."
            raise InputError(got, "They are where they are asked for from the start.", "Add --as=probabilities.")
        if path.suffix.lower() == ".npy":
            np.save(path, self.probabilities, allow_pickle=False)
        else:
            np.savez_compressed(path, probabilities=self.probabilities, classes=np.array(self.names), zorki=np.array(json.dumps(record)))
