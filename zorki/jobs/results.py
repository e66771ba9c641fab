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
from zorki.jobs import filing
from zorki.jobs.methods import Method

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image


class Shown(ABC):
    """What both have in common: the pixels decide everything else."""

    record: Mapping[str, Any]
    blocks: blocks.Page | None = None

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
        """Writes the file whose ending says the format, .html for a page; what exists stays unless force. Raises InputError, Stopped."""
        target = at_home(path)
        if self.blocks is None or target.suffix.lower() not in (".html", ".htm"):
            return io.save_photo(target, self.numpy(), settings=dict(self.record), force=force)
        io.atomic_write(target, report.render(self.blocks), force)
        return target

    @cached_property
    def shown(self) -> str:
        """As a notebook shows it: made for a screen, once."""
        if self.blocks is not None:
            return report.notebook_html(self.blocks)
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
        return pixels.display.levels(self.picture)

    def tensor(self) -> torch.Tensor:
        return self.picture.reshape(self.picture.shape[-3:])

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        array = self.tensor().permute(1, 2, 0).numpy()
        return io.save_photo(at_home(path), array, like=self.like, settings=dict(self.record), force=force)


@dataclass(frozen=True)
class Board(Shown):
    """Several pictures with captions on one sheet. raw: what the method itself returned, with its unscaled numbers.

    columns: pictures in a row; not given: as make it roughly square. blocks: of some the same as a page, and the sheet shows what is on it.
    """

    tiles: tuple[blocks.Tile, ...] = field(repr=False)
    record: Mapping[str, Any] = field(default_factory=dict)
    raw: Any = field(default=None, repr=False)
    columns: int = 0
    blocks: blocks.Page | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", self.columns or io.fitting(max(1, len(self.tiles))))

    def numpy(self) -> npt.NDArray[np.uint8]:
        if self.blocks is not None:
            return report.sheet(self.blocks)
        return io.sheet([t.pixels for t in self.tiles], [t.caption for t in self.tiles], self.columns)

    def __len__(self) -> int:
        return len(self.tiles)


@dataclass(frozen=True)
class Found(Shown):
    """What a method found, with all that the method says of it (`raw`): `.labels`, `.shares` … It shows itself as a picture, and may be saved as several kinds of files.

    method, settings: which kind of file an ending means.
    """

    raw: Any = field(repr=False)
    method: Method = field(repr=False)
    settings: Any
    record: Mapping[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "raw":
            raise AttributeError(name)
        return getattr(self.raw, name)

    def __repr__(self) -> str:
        return repr(self.raw)

    def numpy(self) -> npt.NDArray[np.uint8]:
        shown: npt.NDArray[np.uint8] = self.raw.picture()
        return shown

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Writes the kind of file that the ending says, or the option as_. Raises InputError, Stopped."""
        target = at_home(path)
        self.raw.save(target, filing.kind_for(self.method, self.settings, target), dict(self.record), force)
        return target


@dataclass(frozen=True)
class Page(Shown):
    """One HTML file with all in it. blocks: what it holds; raw: the pictures on it (n, 3, h, w) in 0..1."""

    blocks: blocks.Page = field(repr=False)
    record: Mapping[str, Any] = field(default_factory=dict)
    raw: Any = field(default=None, repr=False)

    def numpy(self) -> npt.NDArray[np.uint8]:
        """Its pictures on one sheet."""
        return report.sheet(self.blocks)

    def html(self) -> str:
        return report.render(self.blocks)
