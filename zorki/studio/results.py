"""What comes back: a Picture, a Board or a Page. All show themselves in a notebook and remember how they were made."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from zorki import blocks, io, pixels, report
from zorki.core.folders import at_home

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image


class Shown(ABC):
    """What both have in common: the pixels decide everything else."""

    record: Mapping[str, Any]

    @abstractmethod
    def numpy(self) -> npt.NDArray[np.uint8]:
        """(h, w, 3) uint8."""

    def tensor(self) -> torch.Tensor:
        """(3, h, w) float32 in 0..1."""
        import torch

        return torch.from_numpy(self.numpy()).permute(2, 0, 1).float() / 255

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        """For numpy and matplotlib: as `numpy`."""
        return self.numpy() if dtype is None else self.numpy().astype(dtype)

    def pil(self) -> Image:
        """A Pillow image."""
        return io.pil(self.numpy())

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Writes the file whose ending says the format; what exists stays unless force. Raises InputError, Stopped."""
        return io.save_photo(at_home(path), self.numpy(), settings=dict(self.record), force=force)

    @cached_property
    def shown(self) -> str:
        """As a notebook shows it: made for a screen, once."""
        like = getattr(self, "like", None)
        alt = " ".join(self.record.get("command", ["picture"]))
        return report.inline(self.numpy(), alt, None if like is None else like.alpha, sheet=hasattr(self, "tiles"))

    def _repr_html_(self) -> str:
        return self.shown


@dataclass(frozen=True)
class Picture(Shown):
    """One picture. like: the photo that it was made from, whose profile, alpha, EXIF and depth it keeps on writing."""

    picture: torch.Tensor = field(repr=False)
    like: io.Photo | None = field(default=None, repr=False)
    record: Mapping[str, Any] = field(default_factory=dict)
    raw: Any = field(default=None, repr=False)

    def numpy(self) -> npt.NDArray[np.uint8]:
        return pixels.ink.levels(self.picture)

    def tensor(self) -> torch.Tensor:
        return self.picture.reshape(self.picture.shape[-3:])

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        array = self.tensor().permute(1, 2, 0).numpy()
        return io.save_photo(at_home(path), array, like=self.like, settings=dict(self.record), force=force)


@dataclass(frozen=True)
class Board(Shown):
    """Several pictures with captions on one sheet. raw: what the method itself returned, with its unscaled numbers. columns: of the sheet."""

    tiles: tuple[blocks.Tile, ...] = field(repr=False)
    record: Mapping[str, Any] = field(default_factory=dict)
    raw: Any = field(default=None, repr=False)
    columns: int | None = None

    def numpy(self) -> npt.NDArray[np.uint8]:
        return io.sheet([t.pixels for t in self.tiles], [t.caption for t in self.tiles], self.columns)

    def __len__(self) -> int:
        return len(self.tiles)


@dataclass(frozen=True)
class Page(Shown):
    """One HTML file with all in it. blocks: what it holds; raw: the pictures on it (n, 3, h, w) in 0..1."""

    blocks: blocks.Page = field(repr=False)
    record: Mapping[str, Any] = field(default_factory=dict)
    raw: Any = field(default=None, repr=False)

    def numpy(self) -> npt.NDArray[np.uint8]:
        """Its pictures on one sheet."""
        shown = [block for section in self.blocks.sections for block in section.blocks if isinstance(block, blocks.Gallery)]
        entries = [entry for gallery in shown for entry in gallery.entries]
        drawn = [(tile.pixels, entry.title if tile is entry.tile else "") for entry in entries for tile in (entry.tile, *entry.beside)]
        high = max(len(picture) for picture, _ in drawn)
        columns = len(drawn) // len(entries) * io.fitting(len(entries)) if len(drawn) > len(entries) else None
        return io.sheet([pixels.ink.enlarged(picture, high // 2 + 1) for picture, _ in drawn], [title for _, title in drawn], columns)

    def html(self) -> str:
        return report.render(self.blocks)

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Writes the page where the name ends in .html, else its pictures as one sheet. Raises InputError, Stopped."""
        if at_home(path).suffix.lower() not in (".html", ".htm"):
            return super().save(path, force=force)
        io.atomic_write(at_home(path), self.html(), force)
        return at_home(path)

    @cached_property
    def shown(self) -> str:
        return report.notebook_html(self.blocks)
