"""Where a tensor keeps the picture's rows and columns, through views, permutations and reductions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Atom(NamedTuple):
    """A piece of a dimension: rows ("h"), columns ("w"), or anything else ("")."""

    what: str
    size: int


Layout = tuple[tuple[Atom, ...], ...]  # for each dimension of a tensor the atoms that it holds, slowest first


def of_picture(shape: Sequence[int]) -> Layout:
    """(b, c, h, w)."""
    b, c, h, w = shape
    return ((Atom("", b),), (Atom("", c),), (Atom("h", h),), (Atom("w", w),))


def spatial(dim: tuple[Atom, ...]) -> bool:
    """Whether a dimension holds rows or columns."""
    return any(atom.what for atom in dim)


def where(layout: Layout) -> tuple[int, int] | None:
    """The dimensions of rows and of columns; None where they are merged with others."""
    found = {dim[0].what: d for d, dim in enumerate(layout) if len(dim) == 1 and dim[0].what}
    return (found["h"], found["w"]) if len(found) == 2 else None


def is_picture(layout: Layout) -> bool:
    """Whether it is laid out as (b, c, h, w)."""
    return len(layout) == 4 and where(layout) == (2, 3)


def fitted(layout: Layout, shape: Sequence[int]) -> Layout | None:
    """The layout of a tensor of `shape` whose dimensions match from the right; None where rows or columns change."""
    if len(layout) > len(shape):
        return None
    padded: Layout = ((),) * (len(shape) - len(layout)) + layout
    out = []
    for dim, n in zip(padded, shape, strict=True):
        if math.prod(atom.size for atom in dim) == n:
            out.append(dim)
        elif spatial(dim):
            return None
        else:
            out.append((Atom("", n),))
    return tuple(out)


def viewed(layout: Layout, shape: Sequence[int]) -> Layout | None:
    """The layout after `view(shape)`; None where rows or columns would be cut apart."""
    atoms = [atom for dim in layout for atom in dim if atom.size > 1 or atom.what]
    if any(atom.what and atom.size == 1 for atom in atoms):
        return None  # a single row could be any of the dimensions of size 1
    out = []
    for n in shape:
        dim: list[Atom] = []
        while n > 1:
            if not atoms:
                return None
            atom = atoms.pop(0)
            if n % atom.size == 0:
                dim.append(atom)
                n //= atom.size
            elif not atom.what and atom.size % n == 0:
                dim.append(Atom("", n))
                atoms.insert(0, Atom("", atom.size // n))
                n = 1
            else:
                return None
        out.append(tuple(dim))
    return tuple(out)


def reduced(layout: Layout, dims: Sequence[int], keep: bool) -> Layout | None:
    """The layout after a reduction over `dims` (all when empty); None where rows or columns are reduced away."""
    gone = {d % len(layout) for d in dims} if dims else set(range(len(layout)))
    if any(spatial(layout[d]) for d in gone):
        return None
    return tuple(() if d in gone else dim for d, dim in enumerate(layout) if keep or d not in gone)
