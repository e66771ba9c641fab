"""Maps of a whole picture of which only some rows are there at a time, so that a network that norms by the whole picture paints it in strips.

A layer's maps are computed where they are asked for, with the rows around them that its convolution reads; borders are repeated only at the
picture's own. Each norm needs the statistics of all of them, so each costs one walk down the picture. What lies at a quarter of the size or
less is kept from that walk; what lies at a half is a few multiplications away from the photo or from what is kept, and is computed again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from zorki.nets.brush import BLOCK, STRIDE, Brush, Conv, Twice, moments

LARGEST, TINIEST = 32767, 1e-30  # of whole numbers in 16 bits; of what is large in a row
FLAT = 2**-11  # share of what is large in a row: a spread below it may be rounding alone
KEPT = 2 * BLOCK  # of the sizes that are kept, the largest is the photo's divided by this
Rows = Callable[[int, int], torch.Tensor]
Moments = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Maps:
    """Maps (1, c, h, w) by rows. rows(top, bottom): those rows. part: 1 / part is their size as a share of the photo's. work: multiply-adds of one walk."""

    h: int
    part: int
    work: float
    rows: Rows

    def relu(self) -> Maps:
        return Maps(self.h, self.part, self.work, lambda top, bottom: self.rows(top, bottom).relu())

    def __add__(self, other: Maps) -> Maps:
        return Maps(self.h, self.part, self.work + other.work, lambda top, bottom: self.rows(top, bottom) + other.rows(top, bottom))

    def around(self, top: int, bottom: int) -> torch.Tensor:
        """Rows with a border for a 3x3 convolution: from `top` to `bottom`, of which the first may be -1 and the last one too many."""
        inside = self.rows(max(0, top), min(self.h, bottom))
        return F.pad(inside, (1, 1, max(0, -top), max(0, bottom - self.h)), mode="replicate")


class Strips:
    """A brush's walk over one picture, strip by strip.

    x: (1, 3, h, w) in 0..1, anywhere in memory; rows: the shares of the brush's rows (1, 1 + styles); height: of a strip, in the photo's rows.
    tell: hears what share of the work is done, 0..1, after each strip.
    """

    def __init__(self, brush: Brush, x: torch.Tensor, rows: torch.Tensor, height: int, tell: Callable[[float], None]) -> None:
        self.brush, self.x, self.rows, self.height, self.tell = brush, x, rows, height, tell
        self.work = self.done = 0.0
        self.counting = False
        self.width = x.shape[-1] + -x.shape[-1] % STRIDE

    def painted(self) -> torch.Tensor:
        """(1, 3, h, w) as `Brush.forward` gives it with the whole picture, on the processor; its colours lie side by side in memory."""
        self.counting = True
        self.walk(self.walked())
        self.counting = False
        h, w = self.x.shape[-2], self.x.shape[-1]
        out = torch.empty((1, h, w, 3), dtype=torch.float32, device="cpu").permute(0, 3, 1, 2)
        maps = self.walked()

        def lay(top: int, strip: torch.Tensor) -> None:
            bottom = min(h, top + strip.shape[-2])
            if bottom > top:  # else rows that were added to bring the size to a multiple
                x = self.x[..., top:bottom, :].to(self.rows.device)
                out[..., top:bottom, :] = self.brush.over(x, strip[..., : bottom - top, :w], self.rows).clamp_(0, 1)

        self.walk(maps, lay)
        return out

    def walked(self) -> Maps:
        """What `to_whole` paints."""
        h = self.x.shape[-2]
        blocks = Maps((h + -h % STRIDE) // BLOCK, BLOCK, 0, self.blocks)
        return self.convolved(self.brush.to_whole, self.brush.walk(blocks, self.normed, self.kept))

    def blocks(self, top: int, bottom: int) -> torch.Tensor:
        """Rows of the photo's blocks; what lies beyond it repeats its border."""
        h, w = self.x.shape[-2], self.x.shape[-1]
        first = min(BLOCK * top, h - 1)
        x = self.x[..., first : max(first + 1, min(BLOCK * bottom, h)), :].to(self.rows.device) - 0.5
        a = F.pad(x, (0, self.width - w, 0, BLOCK * (bottom - top) - x.shape[-2]), mode="replicate")
        return F.pixel_unshuffle(a, BLOCK).contiguous(memory_format=torch.channels_last)

    def convolved(self, layer: Conv | Twice, a: Maps) -> Maps:
        """A layer's maps of others."""
        if isinstance(layer, Twice):
            h, part, multiplications = 2 * a.h, a.part // 2, 9 * 4 * layer.weight.shape[:2].numel() * a.h * (self.width // a.part)

            def rows(top: int, bottom: int) -> torch.Tensor:
                first, last = top // 2, -(-bottom // 2)
                return layer.inside(a.around(first - 1, last + 1))[..., top - 2 * first : bottom - 2 * first, :]
        else:
            stride = layer.conv.stride[0]
            h, part = a.h // stride, a.part * stride
            multiplications = layer.conv.weight.numel() * h * (self.width // part)

            def rows(top: int, bottom: int) -> torch.Tensor:
                return layer.inside(a.around(stride * top - 1, stride * (bottom - 1) + 2))

        return Maps(h, part, a.work + multiplications, rows)

    def normed(self, layer: Conv | Twice, a: Maps) -> Maps:
        """A layer's maps, normed by the statistics of the whole picture's."""
        norm = layer.norm
        assert norm is not None
        maps, found = self.known(self.convolved(layer, a))
        return Maps(maps.h, maps.part, maps.work, lambda top, bottom: norm(maps.rows(top, bottom), self.rows, found))

    def kept(self, maps: Maps) -> Maps:
        """The same maps, computed for the last time."""
        store = Store(maps.h)
        self.walk(maps, store.put)
        return Maps(maps.h, maps.part, 0, store.rows)

    def known(self, maps: Maps) -> tuple[Maps, Moments]:
        """Maps that are walked over: kept if they are small enough; and their mean and variance (1, c)."""
        sums, store = Sums(), Store(maps.h)
        keep = maps.part >= KEPT

        def look(top: int, strip: torch.Tensor) -> None:
            sums.add(store.put(top, strip) if keep else strip)

        self.walk(maps, look)
        return Maps(maps.h, maps.part, 0, store.rows) if keep else maps, sums.moments()

    def walk(self, maps: Maps, look: Callable[[int, torch.Tensor], object] = lambda _top, _strip: None) -> None:
        """Shows all rows, strip by strip, each with its first row's number."""
        if self.counting:
            self.work += maps.work
            return
        step = max(1, self.height // maps.part)
        for top in range(0, maps.h, step):
            bottom = min(maps.h, top + step)
            look(top, maps.rows(top, bottom))
            self.done += maps.work * (bottom - top) / maps.h
            self.tell(min(1.0, self.done / self.work))


class Store:
    """Maps that are kept, in 16 bits: whole numbers times what each row of each channel needs. A float of 16 bits has five bits less for what is
    large, and strong styles show it. What is computed in bfloat16 stays it.
    """

    def __init__(self, h: int) -> None:
        self.h = h
        self.maps: torch.Tensor | None = None
        self.steps: torch.Tensor | None = None  # (1, c, h, 1) float32

    def put(self, top: int, strip: torch.Tensor) -> torch.Tensor:
        """Keeps a strip, and gives it back as it is kept: of what is flat the mean must be the very number that is there."""
        fine = strip.dtype == torch.float32
        if self.maps is None:
            shape = (1, strip.shape[1], self.h, strip.shape[-1])
            dtype = torch.int16 if fine else strip.dtype
            self.maps = torch.empty(shape, dtype=dtype, device=strip.device, memory_format=torch.channels_last)
            self.steps = torch.empty((*shape[:3], 1), dtype=torch.float32, device=strip.device) if fine else None
        bottom = top + strip.shape[-2]
        if self.steps is not None:
            step = steps(strip)
            self.steps[..., top:bottom, :] = step
            strip = (strip / step).round_()
        self.maps[..., top:bottom, :] = strip
        return self.rows(top, bottom)

    def rows(self, top: int, bottom: int) -> torch.Tensor:
        assert self.maps is not None
        some = self.maps[..., top:bottom, :]
        return some if self.steps is None else some.float().mul_(self.steps[..., top:bottom, :])


def steps(strip: torch.Tensor) -> torch.Tensor:
    """(1, c, n, 1): what each row's numbers are multiples of, to be kept in 16 bits.

    Of a flat row a power of two that leaves eleven bits: rows that differ by rounding alone then are the same, and no norm makes strokes of it.
    """
    least, most = strip.aminmax(dim=-1, keepdim=True)
    high = torch.maximum(-least, most).clamp_(min=TINIEST)
    return torch.where(most - least <= FLAT * high, torch.exp2(high.log2().ceil() - 11), high / LARGEST)


class Sums:
    """Mean and variance of maps that come strip by strip.

    Source: Chan, Golub, LeVeque 1979, "Updating formulae and a pairwise algorithm for computing sample variances", equation 2.1.
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean = self.square = torch.zeros((), dtype=torch.float64, device="cpu")

    def add(self, strip: torch.Tensor) -> None:
        n = strip.shape[-2] * strip.shape[-1]
        mean, variance = (m.double().cpu() for m in moments(strip))
        apart, self.count = mean - self.mean, self.count + n
        self.mean = self.mean + apart * (n / self.count)
        self.square = self.square + variance * n + apart.square() * (n * (self.count - n) / self.count)

    def moments(self) -> Moments:
        """(1, c) float32 each; nothing is known before anything came."""
        return self.mean.float(), (self.square / max(1, self.count)).float()
