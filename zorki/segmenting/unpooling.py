"""A map pooled and brought back, number by number: by copies, by switches, by a transposed convolution.

Source: Zeiler and Fergus 2014 (switches); Zeiler, Krishnan, Taylor, Fergus 2010 (transposed convolution); Odena, Dumoulin, Olah 2016 (why patches that
overlap unevenly draw a checkerboard, and enlarging before a convolution does not).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Map = npt.NDArray[np.float64]
STRIDE = 2  # of pooling, and of what undoes it


@dataclass(frozen=True, eq=False)
class Pooled:
    """The largest of each 2×2 square. values: (h / 2, w / 2); switches: (h / 2, w / 2, 2), row and column in the map of where each stood, of equals the first;
    hw: the map's size."""

    values: Map
    switches: npt.NDArray[np.intp]
    hw: tuple[int, int]


@dataclass(frozen=True)
class Term:
    """What an input paints onto an output: its `value`, at (row, column) `at` of the map, times the `weight` at (row, column) `by` of the kernel."""

    value: float
    weight: float
    at: tuple[int, int]
    by: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Transposed:
    """values: (2 h, 2 w); terms: of each output what it is the sum of, in the order of the map's numbers."""

    values: Map
    terms: tuple[tuple[tuple[Term, ...], ...], ...]

    @property
    def overlaps(self) -> npt.NDArray[np.intp]:
        """(2 h, 2 w): how many patches lie on each output."""
        return np.array([[len(of_one) for of_one in row] for row in self.terms], np.intp)

    def patch(self, at: tuple[int, int]) -> Map:
        """(2 h, 2 w): what one number of the map paints, nan where it paints nothing."""
        found = [[[t.value * t.weight for t in of_one if t.at == at] for of_one in row] for row in self.terms]
        return np.array([[one[0] if one else np.nan for one in row] for row in found], np.float64)


def pooled(x: Map) -> Pooled:
    """x: (h, w), both even. As torch's F.max_pool2d(x, 2, return_indices=True)."""
    h, w = x.shape
    squares = x.reshape(h // 2, 2, w // 2, 2).transpose(0, 2, 1, 3).reshape(h // 2, w // 2, 4)
    place = squares.argmax(2)
    rows, columns = np.indices(place.shape)
    return Pooled(squares.max(2), np.stack([2 * rows + place // 2, 2 * columns + place % 2], 2), (h, w))


def copied(x: Map) -> Map:
    """(2 h, 2 w): each number four times. As F.interpolate(x, scale_factor=2, mode="nearest")."""
    return x.repeat(STRIDE, 0).repeat(STRIDE, 1)


def switched(found: Pooled) -> Map:
    """Of the map's size: each number where it came from, zeros around it. As F.max_unpool2d."""
    out = np.zeros(found.hw, np.float64)
    out[found.switches[..., 0], found.switches[..., 1]] = found.values
    return out


def padding(kernel: int) -> tuple[int, int]:
    """padding and output_padding, in torch's words, with which a kernel of that side doubles a map."""
    return (kernel - 1) // 2, kernel % 2


def transposed(x: Map, kernel: Map) -> Transposed:
    """Each number of x (h, w) times the kernel (k, k), laid down two apart; where patches overlap they are added.

    As F.conv_transpose2d(x, kernel, stride=2) with that `padding`: input a meets output i at the kernel's place u = i - 2 a + padding.
    """
    (h, w), k = x.shape, len(kernel)
    start = padding(k)[0]

    def of_one(i: int, j: int) -> tuple[Term, ...]:
        met = [(a, b, i - STRIDE * a + start, j - STRIDE * b + start) for a in range(h) for b in range(w)]
        return tuple(
            Term(float(x[a, b]), float(kernel[u, v]), (a, b), (u, v)) for a, b, u, v in met if 0 <= u < k and 0 <= v < k
        )  # fmt: skip

    terms = tuple(tuple(of_one(i, j) for j in range(STRIDE * w)) for i in range(STRIDE * h))
    return Transposed(np.array([[sum(t.value * t.weight for t in one) for one in row] for row in terms], np.float64), terms)


def resized(x: Map, kernel: Map) -> Map:
    """(2 h, 2 w): each number four times, then a convolution with zeros around. As F.conv2d(copied(x), kernel) padded to keep the size."""
    k, large = len(kernel), copied(x)
    seen = np.pad(large, ((k - 1) // 2, k // 2))
    windows = np.lib.stride_tricks.sliding_window_view(seen, kernel.shape)
    out: Map = np.einsum("ijuv,uv->ij", windows, kernel)
    return out


def on_flat(kernel: Map) -> Map:
    """(2, 2): what a transposed convolution makes of a map of ones, away from the rim: outputs in even rows and columns, in odd ones.

    A checkerboard is drawn on what is flat, unless all four are equal.
    """
    start = padding(len(kernel))[0]
    return np.array([[kernel[(i + start) % 2 :: 2, (j + start) % 2 :: 2].sum() for j in range(2)] for i in range(2)], np.float64)


def even(kernel: Map) -> bool:
    """Whether a transposed convolution with it leaves what is flat flat, but for rounding."""
    return bool(np.ptp(on_flat(kernel)) <= 1e-9 * np.abs(kernel).sum())


def enlarged(x: Map, kernel: Map, times: int, transpose: bool) -> Map:
    """x (h, w) doubled so many times, by a transposed convolution or by copies and a convolution; the kernel scaled so that the mean of what is flat stays.

    Beyond its rim the map goes on as it ends there, so that no rim is seen. The kernel's sum is not 0.
    """
    rim = len(kernel)
    scaled = kernel / kernel.sum() * (STRIDE**2 if transpose else 1)
    for _ in range(times):
        wide = np.pad(x, rim, mode="edge")
        large = by_convolution(wide, scaled) if transpose else resized(wide, scaled)
        x = large[STRIDE * rim : -STRIDE * rim, STRIDE * rim : -STRIDE * rim]
    return x


def by_convolution(x: Map, kernel: Map) -> Map:
    """The values of `transposed`, for larger maps: zeros put between the numbers, and a convolution with the kernel turned around."""
    k = len(kernel)
    start = padding(k)[0]
    between = np.zeros((STRIDE * x.shape[0], STRIDE * x.shape[1]), np.float64)
    between[::STRIDE, ::STRIDE] = x
    seen = np.pad(between, (k - 1 - start, start))
    windows = np.lib.stride_tricks.sliding_window_view(seen, kernel.shape)
    out: Map = np.einsum("ijuv,uv->ij", windows, kernel[::-1, ::-1])
    return out
