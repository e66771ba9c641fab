"""Which part of the picture a unit sees, in exact fractions.

Source: r += (k'-1) j, j *= s with k' = d (k-1) + 1 (Araujo, Norris and Sim 2019, "Computing receptive fields", eq. 1-4).
Differs: edges in place of centres, so asymmetric paddings are exact; branches are the hull of both; where units read
unevenly (upsampling, uneven adaptive pooling) the field is the smallest affine box that holds every unit's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

Number = int | float
Reads = tuple[Fraction | int, Fraction | int, Fraction | int]  # unit i reads units first + i*step, `width` of them


def plain(x: Fraction) -> Number:
    """An int where whole, else a float: what JSON can hold."""
    return x.numerator if x.denominator == 1 else float(x)


@dataclass(frozen=True)
class ReceptiveField:
    """What the units of a layer see, in input pixels; each pair is (vertical, horizontal).

    offset: top and left edge of unit (0, 0)'s field, negative where it begins in the padding.
    Numbers are ints, and floats only behind upsampling.
    """

    size: tuple[Number, Number]
    stride: tuple[Number, Number]
    offset: tuple[Number, Number]

    def box(self, i: int, j: int) -> tuple[int, int, int, int]:
        """(left, top, width, height) in pixels of what unit (row i, column j) sees; may reach outside the picture."""
        (top, bottom), (left, right) = (self._edges(axis, at) for axis, at in enumerate((i, j)))
        return left, top, right - left, bottom - top

    def clip(self, i: int, j: int, hw: tuple[int, int]) -> tuple[int, int, int, int]:
        """`box`, cut to a picture of `hw` pixels; width or height 0 where the unit sees nothing of it."""
        (top, bottom), (left, right) = (
            tuple(min(max(edge, 0), hw[axis]) for edge in self._edges(axis, at)) for axis, at in enumerate((i, j))
        )
        return left, top, right - left, bottom - top

    def _edges(self, axis: int, at: int) -> tuple[int, int]:
        start = self.offset[axis] + at * self.stride[axis]
        end = start + self.size[axis]
        return math.floor(start + 1e-6), math.ceil(end - 1e-6)


@dataclass(frozen=True)
class Axis:
    """One direction of a field while it is computed: unit i sees pixels [start + i*stride, start + i*stride + size). Behind a mirror the stride is negative."""

    size: Fraction = Fraction(1)
    stride: Fraction = Fraction(1)
    start: Fraction = Fraction(0)

    def read(self, first: Fraction | int, width: Fraction | int, step: Fraction | int) -> Axis:
        """The field behind an operation whose unit i reads `width` units, from first + i*step on."""
        further = (width - 1) * self.stride
        return Axis(self.size + abs(further), self.stride * step, self.start + first * self.stride + min(further, 0 * further))

    def join(self, other: Axis) -> Axis | None:
        """The hull of two branches; None where their strides differ, as no one box moves with both."""
        if self.stride != other.stride:
            return None
        start = min(self.start, other.start)
        return Axis(max(self.start + self.size, other.start + other.size) - start, self.stride, start)


def receptive_field(vertical: Axis, horizontal: Axis) -> ReceptiveField:
    """Both directions, in plain numbers."""
    v, h = vertical, horizontal
    return ReceptiveField((plain(v.size), plain(h.size)), (plain(v.stride), plain(h.stride)), (plain(v.start), plain(h.start)))


def window(kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> Reads:
    """What a convolution's or a pool's units read."""
    return -padding, dilation * (kernel - 1) + 1, stride


def spread(kernel: int, stride: int, padding: int, dilation: int) -> Reads:
    """What a transposed convolution's units read: output o meets input i where o = i*stride - padding + t*dilation."""
    reach = dilation * (kernel - 1)
    return Fraction(padding - reach, stride), Fraction(reach, stride) + 1, Fraction(1, stride)


def shared(before: int, after: int) -> Reads:
    """What adaptive pooling's units read; exact where `after` divides `before`."""
    if before % after == 0:
        return 0, before // after, before // after
    return -1, Fraction(before, after) + 2, Fraction(before, after)


def nearest(before: int, after: int) -> Reads:
    """What nearest-neighbour resizing's units read: floor(i * before / after)."""
    step = Fraction(before, after)
    lag = 1 - Fraction(1, step.denominator)  # the most that floor takes away
    return -lag, 1 + lag, step


def interpolated(before: int, after: int, reach: int, corners: bool, smooth: bool) -> Reads:
    """What (bi)linear (reach 1) and cubic (reach 2) resizing's units read; smooth: the kernel widens when shrinking."""
    if before == after:
        return 0, 1, 1
    step = Fraction(before - 1, max(after - 1, 1)) if corners else Fraction(before, after)
    first = Fraction(0) if corners else (step - 1) / 2
    far = reach * max(step, Fraction(1)) if smooth else Fraction(reach)
    return first - far, 2 * far + 1, step


def joined(axes: Iterable[Axis]) -> Axis | None:
    """The hull of many."""
    hull: Axis | None = None
    for axis in axes:
        hull = axis if hull is None else hull.join(axis)
        if hull is None:
            return None
    return hull
