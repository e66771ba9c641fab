"""Which number or colour of a mask is which class: found once, said aloud, kept with the model."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from zorki import io
from zorki.core.errors import InputError
from zorki.core.void import VOID

if TYPE_CHECKING:
    from zorki.io import LabelledFolder

MOST = 254  # classes
GREY = 0x010101  # times a number: its grey, as a colour in one number

Numbers = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Table:
    """What masks of one set mean. Class number n is `names[n]`, stored as `values[n]`, shown as `colours[n]` (#rrggbb).

    by: whether `values` are numbers or colours (0xrrggbb). void: the stored values that count nowhere. pixels: of each class in all masks;
    void_pixels of void. named: whether classes.csv gave the names. pictures: how the pictures beside the masks are read. said: sentences about what was found, for the person.
    """

    names: tuple[str, ...]
    colours: tuple[str, ...]
    values: tuple[int, ...]
    by: Literal["number", "colour"] = "number"
    void: tuple[int, ...] = ()
    pixels: tuple[int, ...] = ()
    void_pixels: int = 0
    named: bool = False
    pictures: io.Pictures = field(default_factory=io.Pictures)
    said: tuple[str, ...] = ()

    def numbers(self, mask: io.Mask) -> Numbers:
        """(h, w) class numbers 0 … k − 1, and 255 for void. Raises InputError for values that the table does not hold."""
        stored, palette = as_stored(mask, self.by)
        if stored.dtype == np.uint8 or palette is not None:
            values = np.arange(256) if palette is None else palette
            classes = self._classes(values)
            out: Numbers = classes[stored].astype(np.uint8)
            wrong = (classes == -1)[stored]
        else:
            found = self._classes(stored)
            out, wrong = found.astype(np.uint8), found == -1
        if wrong.any():
            strange = np.unique(stored[wrong] if palette is None else palette[stored[wrong]])
            got = f"{mask.name} holds {spelled(strange, self.by)}."
            raise InputError(got, f"Known are {spelled((*self.values, *self.void), self.by)}.", "Take masks of the same kind.")
        return out

    def _classes(self, stored: npt.NDArray[Any]) -> npt.NDArray[np.int16]:
        """Class numbers of stored values of any shape; −1 for what is not known."""
        known = np.array([*self.values, *self.void], np.int64)
        classes = np.array([*range(len(self.values)), *(VOID for _ in self.void)], np.int16)
        order = np.argsort(known)
        at = np.minimum(np.searchsorted(known[order], stored), len(known) - 1)
        return np.where(known[order][at] == stored, classes[order][at], np.int16(-1))

    @property
    def palette(self) -> Numbers:
        """(256, 3): the colours of the classes, and of void at 255, for index PNGs."""
        out = np.zeros((256, 3), np.uint8)
        out[: len(self.colours)] = [rgb(c) for c in self.colours]
        out[VOID] = 224, 224, 192
        return out

    @property
    def shares(self) -> tuple[float, ...]:
        """Of the pixels that are not void, class by class; 0..1."""
        total = sum(self.pixels) or 1
        return tuple(n / total for n in self.pixels)

    @property
    def void_share(self) -> float:
        """Of all pixels; 0..1."""
        return self.void_pixels / ((sum(self.pixels) + self.void_pixels) or 1)

    def rows(self) -> list[tuple[str, str, str, str, str]]:
        """(stored value, class number, name, colour, share of the pixels that are not void) for people; void last, with its share of all."""
        out = [
            (spelled([v], self.by), str(n), name, colour, percent(share))
            for n, (v, name, colour, share) in enumerate(zip(self.values, self.names, self.colours, self.shares, strict=True))
        ]
        return out + ([(spelled(self.void, self.by), "", "void", "", percent(self.void_share))] if self.void else [])

    def lines(self) -> list[str]:
        """The table aloud, a line for each class, after the sentences about how it was found."""
        rows = self.rows()
        wide = [max(len(row[k]) for row in rows) for k in range(4)]
        said = [*self.said]
        for value, n, name, colour, share in rows:
            what = f"{n:>{wide[1]}} {name:{wide[2]}} {colour:{wide[3]}} {share} of the pixels" if n else f"void, counts nowhere: {share}"
            said.append(f"{'value' if self.by == 'number' else 'colour'} {value:>{wide[0]}} → {what}")
        return said

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as TOML holds it."""
        kept = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items() if k not in ("pictures", "said")}
        return kept | {"pictures": self.pictures.to_dict()}

    @staticmethod
    def of(data: Mapping[str, Any]) -> Table:
        """What `to_dict` gave."""
        lists = {k: tuple(v) for k, v in data.items() if isinstance(v, list | tuple)}
        return Table(**{**data, **lists, "pictures": io.Pictures.of(data["pictures"])})


def as_stored(mask: io.Mask, by: Literal["number", "colour"]) -> tuple[npt.NDArray[Any], npt.NDArray[np.int32] | None]:
    """(h, w) values, and what they stand for where that is something else: the colours of a palette, each 0xrrggbb.

    Raises InputError for colours where numbers are needed; red, green and blue alike are a number.
    """
    if mask.numbers is None:
        assert mask.colours is not None
        if by == "colour":
            return packed(mask.colours), None
        if (mask.colours != mask.colours[..., :1]).any():
            raise InputError(f"{mask.name} has colours.", "The others hold class numbers.", "Save it as they are.")
        return mask.colours[..., 0], None
    if by == "number":
        return mask.numbers, None
    if mask.palette is None:
        return mask.numbers.astype(np.int64) * GREY, None
    return mask.numbers, np.concatenate([packed(mask.palette), np.full(256 - len(mask.palette), -1, np.int32)])


def packed(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """(…, 3) to 0xrrggbb."""
    red, green, blue = (colours[..., k].astype(np.int32) for k in range(3))
    return red << 16 | green << 8 | blue


def rgb(colour: str) -> tuple[int, int, int]:
    """#rrggbb as three numbers."""
    n = int(colour[1:], 16)
    return n >> 16, n >> 8 & 255, n & 255


def wheel_colour(n: int) -> str:
    """#rrggbb for the n-th of many classes: each hue far from the ones before."""
    parts = colorsys.hsv_to_rgb(n * 0.381966 % 1, 0.75, (0.95, 0.7)[n // 8 % 2])
    return "#" + "".join(f"{round(255 * p):02x}" for p in parts)


def spelled(values: Any, by: Literal["number", "colour"], most: int = 12) -> str:
    """Stored values as a person reads them: 0, 3, 255; #804080; runs of neighbours as 0 to 33."""
    whole = sorted({int(v) for v in values})
    if by == "colour":
        said = [f"#{v:06x}" for v in whole]
    else:
        said, at = [], 0
        while at < len(whole):
            end = at
            while end + 1 < len(whole) and whole[end + 1] == whole[end] + 1:
                end += 1
            said += [f"{whole[at]} to {whole[end]}"] if end - at > 1 else [str(v) for v in whole[at : end + 1]]
            at = end + 1
    return ", ".join(said[:most]) + (f" … ({len(whole)} in all)" if len(said) > most else "")


def percent(share: float) -> str:
    """61.3 %, 0.42 %, 0.004 %."""
    hundred = 100 * share
    return f"{hundred:.1f} %" if hundred >= 1 or not hundred else f"{hundred:.2g} %"


def discovered(folder: LabelledFolder) -> Table:
    """Looks at every picture and mask and says what the masks mean, by classes.csv where there is one; see `zorki.segmenting.discovering`."""
    from zorki.segmenting.discovering import apart, table_of
    from zorki.segmenting.looking import look_at

    looks = look_at(folder)
    table = table_of(looks, folder.classes)
    rest, parts = iter(looks), {}
    for part, examples in folder.splits.items():
        parts[part] = [next(rest) for one in examples if one.mask is not None]
    return replace(table, said=(*table.said, *apart(parts, table.by, dict(zip(table.values, table.names, strict=True)))))
