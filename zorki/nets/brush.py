"""A small network that paints photos at once, in any of many styles, in mixtures of them, and as strongly as one wishes.

Source: Dumoulin, Shlens, Kudlur 2017, "A learned representation for artistic style" (a style is two vectors a layer); Johnson, Alahi,
Fei-Fei 2016 (a network trained on what optimisation would make smaller); Odena, Dumoulin, Olah 2016 (enlarge, then convolve).
Differs: nothing but the photo itself is ever held at full size. The photo comes in as blocks of 2x2 pixels, the trunk works at an eighth;
what comes out is the photo, more or less of it by style, plus what was painted, so that a row of zeros is the photo to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from torch import nn
from torch.nn import functional as F

EPS = 1e-5
BLOCK, STRIDE = 2, 8  # side of the blocks that come in; what sizes are brought to a multiple of, inside
Statistics = Sequence[tuple[torch.Tensor, torch.Tensor]]
"""Of each norm, in the order in which they come, the mean and the biased variance (b, c) of what it norms."""
M = TypeVar("M", bound=Any)
"""Maps (b, c, h, w): a tensor, or what can be added and has `relu()` like one."""


def padded(x: torch.Tensor) -> torch.Tensor:
    """Maps with their border repeated once all around, for a 3x3 convolution: no dark rim, and every size can be padded so."""
    if torch.compiler.is_compiling():  # what the compiler knows of the backward pass of `pad` is wrong where channels lie last
        a = x.permute(0, 2, 3, 1)
        a = torch.cat([a[:, :1], a, a[:, -1:]], 1)
        return torch.cat([a[:, :, :1], a, a[:, :, -1:]], 2).permute(0, 3, 1, 2)
    return F.pad(x, (1, 1, 1, 1), mode="replicate")


def whole_strides(x: torch.Tensor) -> torch.Tensor:
    """x with its last row and column repeated until its sides are multiples of STRIDE."""
    h, w = x.shape[-2], x.shape[-1]
    if torch.compiler.is_compiling():  # sizes in this form are ones that the compiler can halve, three times
        down, across = (torch.arange((n + STRIDE - 1) // STRIDE * STRIDE, device=x.device).clamp(max=n - 1) for n in (h, w))
        return x.index_select(2, down).index_select(3, across)
    return F.pad(x, (0, -w % STRIDE, 0, -h % STRIDE), mode="replicate")


class Norm(nn.Module):
    """Instance normalisation whose scale and shift a style says. Row 0 of `gamma` and `beta` (1 + styles, c) is the photo's.

    Source: Dumoulin, Shlens, Kudlur 2017, equation 5: z = γ (x - μ) / σ + β, the variance biased.
    """

    def __init__(self, styles: int, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(1 + styles, channels, dtype=torch.float32, device="cpu"))
        self.beta = nn.Parameter(torch.zeros(1 + styles, channels, dtype=torch.float32, device="cpu"))

    def forward(self, x: torch.Tensor, rows: torch.Tensor, given: tuple[torch.Tensor, torch.Tensor] | None = None) -> torch.Tensor:
        """x: (b, c, h, w); rows: (b, 1 + styles), shares of the rows; given: mean and variance (b, c) of a larger whole."""
        gamma, beta = rows @ self.gamma, rows @ self.beta
        plain = len(x) == 1 and not (self.training or torch.compiler.is_compiling() or torch.onnx.is_in_onnx_export())
        if plain and given is not None:  # of one picture it is the same, in one pass
            return F.batch_norm(x, given[0][0], given[1][0], gamma[0].float(), beta[0].float(), training=False, eps=EPS)
        if plain and x.shape[-2] * x.shape[-1] > 1:
            return F.batch_norm(x, None, None, gamma[0], beta[0], training=True, eps=EPS)
        mean, variance = moments(x) if given is None else given
        scale = gamma * torch.rsqrt(variance + EPS)
        out = (x.float() - mean[:, :, None, None]) * scale[:, :, None, None] + beta[:, :, None, None]
        return out.to(x.dtype)


def moments(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and biased variance (b, c), in float32, of maps (b, c, h, w)."""
    mean = x.mean((2, 3), dtype=torch.float32)
    return mean, (x.float() - mean[:, :, None, None]).square().mean((2, 3))


class Conv(nn.Module):
    """3x3 convolution without bias (a norm follows, which would take it away again), borders repeated; then its norm."""

    def __init__(self, styles: int, into: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(into, out, 3, stride, bias=False)
        self.norm = Norm(styles, out)

    def maps(self, x: torch.Tensor) -> torch.Tensor:
        """What is normed."""
        return self.inside(padded(x))

    def inside(self, x: torch.Tensor) -> torch.Tensor:
        """The same of maps that have their border around them already."""
        out: torch.Tensor = self.conv(x)
        return out


class Twice(nn.Module):
    """Each pixel doubled down and across, then a 5x5 convolution: done at the smaller size, one 3x3 convolution for each of the four places.

    The four are made of one kernel, so what is flat comes out flat: no checkerboard. into, out: channels; with a norm, if one follows.
    """

    places: torch.Tensor

    def __init__(self, styles: int, into: int, out: int, normed: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(smooth(out, into))
        self.norm = Norm(styles, out) if normed else None
        self.register_buffer("places", halves(), persistent=False)

    def kernel(self) -> torch.Tensor:
        """(4 out, into, 3, 3): for each channel its four places."""
        w = torch.einsum("pku,qlv,oiuv->opqikl", self.places, self.places, self.weight)
        return w.reshape(-1, self.weight.shape[1], 3, 3)

    def maps(self, x: torch.Tensor) -> torch.Tensor:
        """(b, into, h, w) → (b, out, 2 h, 2 w)."""
        return self.inside(padded(x))

    def inside(self, x: torch.Tensor) -> torch.Tensor:
        """The same of maps that have their border around them already."""
        return F.pixel_shuffle(F.conv2d(x, self.kernel().to(x.dtype)), 2)


def halves() -> torch.Tensor:
    """(2, 3, 5): for a pixel at the first or the second place, which of the three around it each of five taps on the doubled row falls on."""
    out = torch.zeros(2, 3, 5, dtype=torch.float32, device="cpu")
    for place in range(2):
        for tap in range(5):
            out[place, (place + tap - 2) // 2 + 1, tap] = 1.0
    return out


def smooth(out: int, into: int) -> torch.Tensor:
    """(out, into, 5, 5) to begin with: linear interpolation, then a 3x3 convolution of random numbers."""
    weight = torch.empty(out * into, 1, 3, 3, dtype=torch.float32, device="cpu")
    nn.init.uniform_(weight, -((9 * into) ** -0.5), (9 * into) ** -0.5)
    blur = torch.tensor([0.25, 0.5, 0.25], dtype=torch.float32, device="cpu")
    return F.conv2d(weight, torch.outer(blur, blur)[None, None], padding=2).view(out, into, 5, 5)


def of_styles(name: str) -> bool:
    """Whether a parameter of that name has a row for each style."""
    return name.endswith((".gamma", ".beta")) or name in ("paint", "ground", "keep")


class Brush(nn.Module):
    """N styles in one network; see the head of this file.

    narrow, wide, fine: channels at a quarter, an eighth, and half of the size; blocks: residual ones, at an eighth.
    """

    def __init__(self, styles: int, narrow: int = 32, wide: int = 96, fine: int = 16, blocks: int = 4) -> None:
        super().__init__()
        self.styles = styles
        self.stem = Conv(styles, 3 * BLOCK**2, fine)
        self.next = Conv(styles, fine, narrow, stride=2)
        self.down = Conv(styles, narrow, wide, stride=2)
        self.trunk = nn.ModuleList(Conv(styles, wide, wide) for _ in range(2 * blocks))
        self.to_quarter = Twice(styles, wide, narrow)
        self.to_half = Twice(styles, narrow, fine)
        self.to_whole = Twice(styles, fine, 3, normed=False)
        self.paint = nn.Parameter(torch.full((styles, 3), 0.5, dtype=torch.float32, device="cpu"))  # how much of what was painted
        self.ground = nn.Parameter(torch.full((styles, 3), 0.25, dtype=torch.float32, device="cpu"))  # a colour beneath it
        self.keep = nn.Parameter(torch.full((styles, 3), 0.5, dtype=torch.float32, device="cpu"))  # how much of the photo

    def sizes(self) -> dict[str, int]:
        """What it was made with, by name."""
        wide, narrow, fine = (len(conv.conv.weight) for conv in (self.down, self.next, self.stem))
        return {"styles": self.styles, "narrow": narrow, "wide": wide, "fine": fine, "blocks": len(self.trunk) // 2}

    def vectors(self) -> dict[str, torch.Tensor]:
        """All that a style is, by parameter: (styles, c) each; the photo's own rows are not among them."""
        return {k: p.detach()[1:] if k.endswith(("gamma", "beta")) else p.detach() for k, p in self.named_parameters() if of_styles(k)}

    def forward(
        self,
        x: torch.Tensor,
        weights: torch.Tensor | None = None,
        strength: torch.Tensor | float = 1.0,
        statistics: Statistics | None = None,
    ) -> torch.Tensor:
        """x: (b, 3, h, w) sRGB 0..1, any size. weights: (styles,) or (b, styles), of any sum above 0; not given: all styles alike.

        strength: 0..1, one or (b,). statistics: of a whole picture that x is a part of, as `measured` gives them. Returns (b, 3, h, w) in 0..1; the photo itself at 0.
        """
        if weights is None:  # as whoever lists a network's layers asks it
            weights = torch.ones(self.styles, dtype=torch.float32, device=x.device)
        return self.raw(x, weights, strength, statistics).clamp(0, 1)

    def raw(
        self, x: torch.Tensor, weights: torch.Tensor, strength: torch.Tensor | float = 1.0, statistics: Statistics | None = None
    ) -> torch.Tensor:
        """The same before it is brought into 0..1; what training looks at."""
        rows = self.rows(x, weights, strength)
        return self.over(x, self.maps(x, rows, statistics), rows)

    def over(self, x: torch.Tensor, maps: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """x with what was painted (b, 3, h, w), as the styles of these rows lay the one over the other."""
        with torch.autocast(x.device.type, enabled=False):
            ours = rows[:, 1:]
            paint, ground, keep = (m[:, :, None, None] for m in (ours @ self.paint, ours @ self.ground, rows[:, :1] + ours @ self.keep))
            return x * keep + (maps.to(x.dtype) * paint + ground)

    def measured(
        self, x: torch.Tensor, weights: torch.Tensor, strength: torch.Tensor | float = 1.0
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """The statistics of x at every norm; given to `forward` with a part of x, that part comes out as in the whole."""
        found: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.maps(x, self.rows(x, weights, strength), None, found)
        return found

    def rows(self, x: torch.Tensor, weights: torch.Tensor, strength: torch.Tensor | float) -> torch.Tensor:
        """(b, 1 + styles), float32: the shares of the photo's row and of each style's."""
        w = weights.to(x.device, torch.float32).expand(len(x), -1)
        t = torch.as_tensor(strength, dtype=torch.float32, device=x.device).expand(len(x))[:, None]
        return torch.cat([1 - t, w / w.sum(1, keepdim=True) * t], 1)

    def maps(
        self,
        x: torch.Tensor,
        rows: torch.Tensor,
        statistics: Statistics | None = None,
        found: list[tuple[torch.Tensor, torch.Tensor]] | None = None,
    ) -> torch.Tensor:
        """(b, 3, h, w): what is painted, before the style says how much of it. found: filled with each norm's statistics."""
        h, w = x.shape[-2], x.shape[-1]
        if statistics is None and found is None and self.plain(x) and torch.equal(x, x[..., :1, :1].expand_as(x)):
            return self.of_one_colour(rows).expand(-1, -1, h, w)
        given = iter(statistics) if statistics is not None else None

        def normed(layer: Conv | Twice, a: torch.Tensor) -> torch.Tensor:
            maps = layer.maps(a)
            if found is not None:
                found.append(moments(maps))
            assert layer.norm is not None
            out: torch.Tensor = layer.norm(maps, rows, None if given is None else next(given))
            return out

        a = whole_strides(x - 0.5)
        a = F.pixel_unshuffle(a, BLOCK).contiguous(memory_format=torch.channels_last)
        out = self.to_whole.maps(self.walk(a, normed))
        if torch.compiler.is_compiling():  # a slice would hold what is exported to sizes that are, or are not, multiples of STRIDE
            down, across = (torch.arange(n, device=x.device) for n in (h, w))
            return out.index_select(2, down).index_select(3, across)
        return out[:, :, :h, :w]

    def plain(self, x: torch.Tensor) -> bool:
        """Whether one picture is painted, and nothing is learnt or written down meanwhile."""
        return len(x) == 1 and not (self.training or torch.compiler.is_compiling() or torch.onnx.is_in_onnx_export())

    def of_one_colour(self, rows: torch.Tensor) -> torch.Tensor:
        """(b, 3, 1, 1): what is painted of a picture of one colour. Each norm gives its shift, where rounding, enlarged 316 times, would be taken for a pattern."""
        first = torch.zeros((len(rows), 1, 1, 1), dtype=torch.float32, device=rows.device)
        return self.to_whole.maps(self.walk(first, lambda layer, _: (rows @ layer.norm.beta)[..., None, None]))[..., :1, :1]

    def walk(self, blocks: M, normed: Callable[[Any, M], M], keep: Callable[[M], M] = lambda a: a) -> M:
        """From the photo's blocks to the maps that `to_whole` paints from. normed: a layer's maps of what it gets, after its norm.

        keep: is shown sums that are read more than once, for whoever computes maps only where they are asked for.
        """
        first = normed(self.stem, blocks).relu()
        near = normed(self.next, first).relu()
        far = normed(self.down, near).relu()
        for one, two in zip(self.trunk[::2], self.trunk[1::2], strict=True):
            far = keep(far + normed(two, normed(one, far).relu()))
        near = keep((normed(self.to_quarter, far) + near).relu())
        out: M = (normed(self.to_half, near) + first).relu()
        return out
