"""Faces that nobody is to recognise, blurred or in few blocks; everything else in the picture stays to the bit.

Source: Bachmann 1991 and Näsänen 1999 (people need about eight cycles, or fifteen pixels, across a face to tell whose it is); McPherson, Shokri, Shmatikov 2016,
"Defeating image obfuscation with deep learning" (why weaker blurs and finer blocks hide nothing from a network).

How strong. Of what varies f times over a face's height, a Gaussian of sigma·height leaves exp(-2π²·sigma²·f²): with BLUR a fifth at once, a 2,000th at four times, less than
half of one of 256 levels at five; so a picture of 8 bits does not hold what people know a face by, and no sharpening brings it back. What is hidden is rounded to 8 bits in
pictures of 16 too. BLOCKS blocks down the region are seven across the face's height. Neither is a lock: who has a list of ten people can still say who of them it is
like.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

from zorki import io, lens
from zorki.facing import aligning, reading
from zorki.facing.faces import Face, Floats
from zorki.locating import looking

How = Literal["blur", "pixelate"]
Picture = npt.NDArray[Any]
Rect = tuple[slice, slice]
BLUR = 0.2  # of a face's height: the Gaussian's sigma
LEAST = 2.0  # pixels of it at least
COARSE = 5.0  # pixels of it at which a blur is computed; wider ones at less size
BLOCKS = 8  # along the longer side of a region, at most
FINEST = 3  # pixels of a block at least
GROWN = 1.3  # a region is so many times as wide and as high as its face, for hair, ears and chin
WIDE = 0.8  # a face's width as a share of its height
SOFT = 0.06  # of the shorter half axis: how far inside its rim a region is whole; at least a pixel, but never so far that the face itself would show
ROWS = 1 << 19  # pixels that are laid into a picture at a time
CAUTION = 0.6  # of how sure a detector must be elsewhere: to hide a thing too many is better than to miss a face


class Region(NamedTuple):
    """What is hidden of a face. middle: x, y in pixels; half: half axes across and along the face; turn: of the eyes' line, radians, clockwise as it is seen; power: 2 is an
    ellipse, 4 has the corners of a rectangle too."""

    middle: Floats
    half: Floats
    turn: float = 0.0
    power: float = 2.0

    @property
    def height(self) -> float:
        """The face's own, in pixels."""
        return float(2 * self.half.max() / GROWN)

    def reach(self) -> Floats:
        """x, y: how far from its middle it may reach."""
        c, s = abs(math.cos(self.turn)), abs(math.sin(self.turn))
        return np.array([c * self.half[0] + s * self.half[1], s * self.half[0] + c * self.half[1]])

    def bounds(self, hw: tuple[int, int], around: float = 0.0) -> Rect | None:
        """Rows and columns of a picture in which it lies, with so many pixels around it; None where it lies beside the picture."""
        reach = self.reach() + around
        left, top = np.clip(np.floor(self.middle - reach), 0, [hw[1], hw[0]]).astype(int).tolist()
        right, bottom = np.clip(np.ceil(self.middle + reach), 0, [hw[1], hw[0]]).astype(int).tolist()
        return (slice(top, bottom), slice(left, right)) if right > left and bottom > top else None

    def weights(self, where: Rect, soft: float = SOFT) -> npt.NDArray[np.float32]:
        """(h, w) of those rows and columns: 1 where it is whole, 0 from its rim outwards."""
        x, y = ((np.arange(part.start, part.stop) + 0.5 - at).astype(np.float32) for part, at in zip(where[::-1], self.middle, strict=True))
        y = y[:, None]
        c, s = math.cos(self.turn), math.sin(self.turn)
        across, along = np.abs(c * x + s * y) / self.half[0], np.abs(c * y - s * x) / self.half[1]
        r = (across**self.power + along**self.power) ** (1 / self.power)
        short = float(self.half.min())
        edge = max(soft * short, min(1.0, 0.2 * short))
        t = np.clip((1 - r) * short / edge, 0, 1)
        out: npt.NDArray[np.float32] = (t * t * (3 - 2 * t)).astype(np.float32)
        return out


class Patch(NamedTuple):
    """New colours of a part of a picture. where: its rows and columns; colours: (h, w, 3) float32 in 0..1; weights: (h, w), how far they count."""

    where: Rect
    colours: Picture
    weights: npt.NDArray[np.float32]


Maker = Callable[[Picture, Region], Patch | None]
"""What becomes of a region of a picture (h, w, 3), uint8 or float in 0..1; None where it lies beside it."""


def region(face: Face) -> Region:
    """About its box, grown, and turned as its eyes and mouth say; of a box that a person gave all of it."""
    x, y, w, h = face.box
    middle, half = np.array([x + w / 2, y + h / 2]), np.array([max(w, 1.0), max(h, 1.0)]) / 2
    if face.points is None:
        return Region(middle, GROWN * half, power=4.0)
    turn = math.radians(aligning.square(face).turn)
    c, s = math.cos(turn), math.sin(turn)
    own = np.array([[c, s], [-s, c]]) * half / np.array([[WIDE], [1.0]])  # the box's ellipse in units of the turned one
    k = math.sqrt(np.linalg.eigvalsh(own @ own.T)[-1])  # as large as holds it
    return Region(middle, GROWN * k * np.array([WIDE, 1.0]), turn)


def cautious(net: lens.Net, photo: io.Photo, faces: Sequence[Face], size: int | None = None) -> tuple[Face, ...]:
    """These faces, and what the network takes for one less surely; also what lies in colours that nobody sees, under transparent parts, and that the file keeps."""
    least = CAUTION * looking.usual(net)
    found = {face.box: face for face in reading.found(net, photo, least, size)}
    if photo.alpha is not None and float(photo.alpha.min()) < 1:
        found |= {face.box: face for face in reading.found(net, replace(photo, alpha=None), least, size)}
    return tuple((found | {face.box: face for face in faces}).values())


def others(faces: Sequence[Face], hides: Sequence[Face]) -> int:
    """How many places are hidden beside these faces: those whose middle lies in no box that was counted before, so that one which was found twice is one."""
    known = [face.box for face in faces]
    for x, y, w, h in (face.box for face in hides):
        if not any(left <= x + w / 2 <= left + wide and top <= y + h / 2 <= top + high for left, top, wide, high in known):
            known.append((x, y, w, h))
    return len(known) - len(faces)


def hidden(pixels: Picture, faces: Iterable[Face], how: How | Maker, seen: Picture | None = None) -> Picture:
    """A copy in which each face is blurred, in blocks, or what `how` makes of it; outside of the regions nothing changes, to the bit.

    pixels: (h, w, 3) uint8, or float in 0..1. seen: what faces are blurred from, where that is not what is stored: the pixels with colours for their transparent parts.
    """
    make = {"blur": blurred, "pixelate": pixelated}[how] if isinstance(how, str) else how
    out = np.array(pixels)
    for one in sorted(map(region, faces), key=lambda one: one.height):  # the largest last: what is finer hidden does not show in it
        if (patch := make(pixels if seen is None else seen, one)) is not None:
            lay(out, patch)
    return out


def lay(out: Picture, patch: Patch) -> None:
    """A patch into a picture, in its place."""
    here = out[patch.where]
    step = max(1, ROWS // here.shape[1])
    for top in range(0, len(here), step):
        part, weights, colours = (x[top : top + step] for x in (here, patch.weights, patch.colours))
        on = weights > 0
        share = weights[on][:, None]
        mixed = floats(part[on]) * (1 - share) + colours[on] * share
        part[on] = np.rint(255 * mixed) if out.dtype == np.uint8 else mixed


def floats(part: Picture) -> Picture:
    """float32 in 0..1."""
    out: Picture = np.divide(part, 255, dtype=np.float32) if part.dtype == np.uint8 else np.asarray(part, np.float32)
    return out


def rounded(colours: Picture) -> Picture:
    """To 256 levels: a picture of 16 bits would hold more of what is hidden."""
    out: Picture = np.clip(colours, 0, 1, dtype=np.float32)
    out *= 255
    np.rint(out, out=out)
    out /= 255
    return out


def blurred(picture: Picture, where: Region) -> Patch | None:
    """By a Gaussian that leaves nothing by which a face is known."""
    hw = (picture.shape[0], picture.shape[1])
    sigma = max(LEAST, BLUR * where.height)
    inner, outer = where.bounds(hw), where.bounds(hw, 3 * sigma)
    if inner is None or outer is None:
        return None
    x = torch.from_numpy(np.ascontiguousarray(floats(picture[outer]).transpose(2, 0, 1)))[:, None]
    size = (x.shape[-2], x.shape[-1])
    coarse = max(1.0, sigma / COARSE)
    if coarse > 1:
        x = F.interpolate(x, [max(1, round(n / coarse)) for n in size], mode="bilinear", antialias=True, align_corners=False)
    x = smoothed(x, math.sqrt((sigma / coarse) ** 2 - (1 / 3 if coarse > 1 else 0)))  # to make it smaller and larger blurs too, by 1/6 each
    if coarse > 1:
        x = F.interpolate(x, size, mode="bilinear", align_corners=False)
    cut = tuple(slice(i.start - o.start, i.stop - o.start) for i, o in zip(inner, outer, strict=True))
    colours = x[:, 0].permute(1, 2, 0).numpy()[cut]
    return Patch(inner, rounded(colours), where.weights(inner))


def smoothed(x: torch.Tensor, sigma: float) -> torch.Tensor:
    """(n, 1, h, w) by a Gaussian of so many pixels; beyond the rim the border is repeated."""
    reach = math.ceil(4 * sigma)
    taps = torch.arange(-reach, reach + 1, dtype=torch.float32, device="cpu")
    kernel = torch.exp(-0.5 * (taps / sigma) ** 2)
    kernel /= kernel.sum()
    x = F.conv2d(F.pad(x, (0, 0, reach, reach), mode="replicate"), kernel.view(1, 1, -1, 1))
    return F.conv2d(F.pad(x, (reach, reach, 0, 0), mode="replicate"), kernel.view(1, 1, 1, -1))


def pixelated(picture: Picture, where: Region) -> Patch | None:
    """In blocks along the picture's own sides, each of one colour, its mean; all that the region touches are whole."""
    inner = where.bounds((picture.shape[0], picture.shape[1]))
    if inner is None:
        return None
    reach = where.reach()
    side = max(FINEST, 2 * float(reach.max()) / BLOCKS)
    row, column = (
        ((np.arange(part.start, part.stop) + 0.5 - at) // side).astype(int)
        for part, at in zip(inner, (where.middle - reach)[::-1], strict=True)
    )
    row, column = row - row[0], column - column[0]
    block = row[:, None] * (column[-1] + 1) + column
    count = np.bincount(block.ravel())
    part = floats(picture[inner])
    means = np.stack([np.bincount(block.ravel(), part[..., c].ravel()) / np.maximum(count, 1) for c in range(3)], -1)
    touched = np.bincount(block.ravel(), where.weights(inner).ravel()) > 0
    return Patch(inner, rounded(means)[block], touched[block].astype(np.float32))
