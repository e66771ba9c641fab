"""COCO's run lengths: how many pixels in turn are outside and inside, column by column; as a list, or packed into letters.

Source: Lin et al. 2014; the packing is that of pycocotools: five bits and a sign of what follows to a letter from "0" on, the third length and those after it
as differences to the one two before.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zorki.formats.shapes import Bits

FIRST, MORE, SIGN = 48, 0x20, 0x10  # the letter that is 0; a further letter belongs to this number; it is below 0


def inside(counts: Sequence[int], hw: tuple[int, int]) -> Bits:
    """(h, w). Raises ValueError where the lengths are not as many as there are pixels."""
    lengths = np.asarray(counts, np.int64)
    if lengths.ndim != 1 or (lengths < 0).any() or int(lengths.sum()) != hw[0] * hw[1]:
        raise ValueError(f"the run lengths are {int(lengths.sum()):,} pixels, of {hw[0] * hw[1]:,}")
    flat = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)
    return flat.reshape(hw[1], hw[0]).T


def unpacked(text: str) -> list[int]:
    """The lengths. Raises ValueError for what is no packing."""
    counts: list[int] = []
    number = shift = 0
    for letter in text.encode("ascii"):
        bits = letter - FIRST
        if not 0 <= bits < 64:
            raise ValueError(f"{chr(letter)!r} is no letter of run lengths")
        number |= (bits & 0x1F) << shift
        shift += 5
        if bits & MORE:
            continue
        if bits & SIGN:
            number -= 1 << shift
        counts.append(number + (counts[-2] if len(counts) > 2 else 0))
        number = shift = 0
    if shift:
        raise ValueError("the run lengths are cut off")
    return counts
