"""Every picture and mask of a set is opened once, in threads, before anything is learnt: what they hold, and which cannot be read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from zorki import io
from zorki.core import events
from zorki.core.errors import InputError
from zorki.segmenting.table import packed

Store = Literal["number", "palette", "colour"]
NAMED = 4  # files in a sentence


@dataclass(frozen=True, eq=False)
class Look:
    """At one example. values: what its mask holds, as numbers or as colours 0xrrggbb; pixels: of each; solid: those of them that are part of
    a 2 × 2 block of one value. shown: the colours of its values in its palette, and
    palette all of that. grey: red, green and blue are alike."""

    name: str
    hw: tuple[int, int]
    picture: io.Facts
    store: Store
    values: npt.NDArray[np.int64]
    pixels: npt.NDArray[np.int64]
    solid: npt.NDArray[np.int64]
    shown: npt.NDArray[np.int32] | None = None
    palette: bytes = b""
    grey: bool = True


def look_at(folder: io.LabelledFolder) -> list[Look]:
    """One Look for each example that has a mask. Raises InputError that names the files for what cannot be read, for masks in a format that
    changes values, and for masks of another size than their picture; Stopped when memory runs out."""
    examples = [e for some in folder.splits.values() for e in some if e.mask is not None]
    if not examples:
        raise InputError(
            f"{folder.name} has no masks.", "For each picture a mask says which class each pixel has.", f"Add {folder.name}/masks."
        )
    every = looks(examples)
    found = [one for one in every if isinstance(one, Look)]
    wrong = [one for one in every if isinstance(one, Wrong)]
    if wrong:
        first, some = wrong[0].why, [one.file for one in wrong]
        if len(wrong) > 1:
            got = f"{len(wrong)} files cannot be learnt from: {listed(some)}. {first.got}"
            raise InputError(got, first.expected, first.do)
        raise first
    _sizes(found)
    return found


class Wrong(NamedTuple):
    """A file that cannot be used, and why."""

    file: str
    why: InputError


def looks(examples: Sequence[io.Example]) -> list[Look | Wrong]:
    """At each example, in threads, in their order. Raises Stopped when memory runs out."""
    threads = max(1, min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))
    found: list[Look | Wrong] = []
    pool = ThreadPoolExecutor(threads, thread_name_prefix="masks")
    try:
        for i, one in enumerate(pool.map(_looked, examples)):
            found.append(one)
            events.tell("masks", i + 1, len(examples))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return found


def _looked(example: io.Example) -> Look | Wrong:
    assert example.mask is not None
    file = example.picture.name
    try:
        facts = io.facts(example.picture)
        file = example.mask.name
        return look(facts, io.open_mask(example.mask))
    except InputError as error:
        return Wrong(file, error.with_traceback(None))


def listed(names: Sequence[str]) -> str:
    """The first few."""
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def look(facts: io.Facts, mask: io.Mask) -> Look:
    """Raises InputError for a mask in a format that changes values."""
    if mask.lossy:
        raise InputError(
            f"{mask.name} is stored with loss, as JPEG: the values of a mask do not survive that.",
            "PNG, TIFF, BMP and GIF keep them.",
            "Export it anew from where it was drawn; saving this one as PNG brings nothing back.",
        )
    data: npt.NDArray[Any] = packed(mask.colours) if mask.numbers is None else mask.numbers  # type: ignore[arg-type]
    values, pixels = counted(data)
    inside = data[1:, 1:][(data[1:, 1:] == data[:-1, 1:]) & (data[1:, 1:] == data[1:, :-1]) & (data[1:, 1:] == data[:-1, :-1])]
    at, blocks = counted(inside)
    solid = np.zeros_like(pixels)
    solid[np.searchsorted(values, at)] = blocks
    shown, palette, grey = None, b"", True
    if mask.numbers is None:
        store: Store = "colour"
        grey = bool(((values >> 16 == values & 255) & (values >> 8 & 255 == values & 255)).all())
    elif mask.palette is not None and len(mask.palette) > values.max():
        store, shown, palette = "palette", packed(mask.palette)[values], mask.palette.tobytes()
    else:
        store = "number"
    return Look(mask.name, mask.hw, facts, store, values, pixels, solid, shown, palette, grey)


def counted(data: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The values, rising, and how often each stands there. Equal neighbours are taken together first, since masks are made of areas."""
    flat = np.ravel(data)
    if flat.dtype == np.uint8:
        often = np.bincount(flat, minlength=1)
        values = np.flatnonzero(often)
        return values.astype(np.int64), often[values].astype(np.int64)
    if not flat.size:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    starts = np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1]]))
    lengths = np.diff(np.append(starts, flat.size))
    values, which = np.unique(flat[starts].astype(np.int64), return_inverse=True)
    return values, np.bincount(which, lengths, len(values)).astype(np.int64)


def _sizes(found: list[Look]) -> None:
    other = [one for one in found if one.hw != one.picture.hw]
    if not other:
        return
    some = listed([f"{o.name} is {o.hw[1]} × {o.hw[0]} and {o.picture.name} {o.picture.hw[1]} × {o.picture.hw[0]}" for o in other])
    raise InputError(
        f"{len(other)} of {len(found)} masks {'has' if len(other) == 1 else 'have'} another size than the picture: {some}.",
        "A mask says the class of each pixel of its picture.",
        "Bring masks to their picture's size by nearest neighbour, which makes up no values, or take those pairs away.",
    )
