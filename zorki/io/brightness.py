"""How the pictures of one set become numbers for a network: their channels, and one rule for black and white."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from zorki.core.errors import InputError
from zorki.io.bands import Facts, open_bands
from zorki.io.opening import open_photo
from zorki.io.photo import Photo

if TYPE_CHECKING:
    import torch

_LUMA = np.array([[0.299], [0.587], [0.114]], np.float32)  # of a colour photo for a net of one channel


@dataclass(frozen=True)
class Pictures:
    """channels: 1 (all are grey), 3, or as many bands as each has. range: the stored numbers that are black and white; None: what their kind
    of number says, 0 to 255 or to 65,535. bands: they are no photos, but channels that a file stores side by side."""

    channels: int = 3
    range: tuple[float, float] | None = None
    bands: bool = False

    def read(self, path: str | Path) -> torch.Tensor:
        """(channels, h, w) float32 0..1, upright; photos in sRGB. Raises what `open_photo` raises, and InputError for other bands."""
        import torch

        data = self._scaled(open_bands(path), Path(path).name) if self.bands else self._seen(open_photo(path, range=self.range))
        return torch.from_numpy(np.ascontiguousarray(np.moveaxis(data, 2, 0), np.float32))

    def _seen(self, photo: Photo) -> npt.NDArray[Any]:
        seen = photo.seen
        if self.channels == 3:
            return seen
        return seen[..., :1] if photo.grey else seen @ _LUMA

    def _scaled(self, data: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
        if data.shape[2] != self.channels:
            raise InputError(f"{name} has {data.shape[2]} channels.", f"{self.channels} are needed, as the others have.", "Take it away.")
        low, high = self.range or (0, np.iinfo(data.dtype).max if data.dtype.kind in "ui" else 1)
        scaled: npt.NDArray[Any] = np.clip((data.astype(np.float64) - low) / ((high - low) or 1), 0, 1)
        return scaled

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as TOML holds it."""
        return {"channels": self.channels, "bands": self.bands} | ({} if self.range is None else {"range": list(self.range)})

    @staticmethod
    def of(data: Mapping[str, Any]) -> Pictures:
        """What `to_dict` gave."""
        span = data.get("range")
        return Pictures(int(data["channels"]), None if span is None else (float(span[0]), float(span[1])), bool(data.get("bands")))


def pictures_of(facts: Sequence[Facts]) -> Pictures:
    """One rule for all: whole numbers end where the bits end that hold the largest of the set (12-bit values in 16 bits: 4,095).

    Raises InputError where one rule cannot serve: other numbers of bands, or 8 bits beside others that are none of 16 full bits.
    """
    bands = any(f.bands for f in facts)
    counts = {f.channels: f for f in reversed(facts)}
    if bands and len(counts) > 1:
        one, other = list(counts.values())[:2]
        got = f"{one.name} has {one.channels} channels, {other.name} {other.channels}."
        raise InputError(got, "All pictures of a set have the same.", "Sort them, or save them alike.")
    return Pictures(max(counts), _range(facts), bands)


def _range(facts: Sequence[Facts]) -> tuple[float, float] | None:
    deep = [f for f in facts if f.kind != "uint8"]
    if not deep:
        return None
    low, high = min(f.low for f in deep), max(f.high for f in deep)
    if all(f.kind.startswith("float") for f in deep):
        span = None if low >= 0 and high <= 1 else (low, high)
    elif low < 0:
        span = (low, high)
    else:
        bits = next(b for b in (8, 10, 12, 14, 16, 20, 24, 32, 64) if high < 2**b)
        span = None if bits == 16 and all(f.kind == "uint16" for f in deep) else (0.0, float(2**bits - 1))
    if span is not None and len(deep) < len(facts):
        flat = next(f for f in facts if f.kind == "uint8")
        got = f"{flat.name} has 8 bits, {deep[0].name} values from {deep[0].low:,g} to {deep[0].high:,g}."
        raise InputError(got, "Black and white are the same numbers in all pictures of a set.", "Save them alike.")
    return span


def spread(photo: Photo, span: Sequence[float] | None) -> Photo:
    """A photo of 16 bits with those of its stored numbers as black and white that were so where a network was trained; any other as it is."""
    if span is None or photo.depth != 16:
        return photo
    low, high = (np.float32(v) for v in span)
    return replace(photo, pixels=np.clip((photo.pixels * np.float32(65535) - low) / (high - low), 0, 1), depth=8)
