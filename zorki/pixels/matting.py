"""Pictures that are, in every small window, an affine function of a guide's colours: what makes a painted photo stay a photo.

Source: Levin, Lischinski, Weiss 2008 (the matting Laplacian); He, Sun, Tang 2013 (its relation to the guided filter, equation 22);
Luan et al. 2017 (as a penalty for style transfer).
Differs: no matrix; the Laplacian is applied with eight box filters for each channel.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

WINDOW = 3  # pixels, as in the papers
EPSILON = 1e-4  # of colours in 0..1; below 1e-5 float32 is not enough


def box(x: torch.Tensor, size: int = WINDOW) -> torch.Tensor:
    """The mean over every window that lies inside: (b, c, h, w) to (b, c, h - size + 1, w - size + 1)."""
    return F.avg_pool2d(x, size, stride=1)


def spread(x: torch.Tensor, size: int = WINDOW) -> torch.Tensor:
    """The way back: of values of windows, for each pixel the sum over the windows that it lies in."""
    return F.avg_pool2d(F.pad(x, [size - 1] * 4), size, stride=1) * size**2


def inverse(mean: torch.Tensor, means: torch.Tensor, ridge: float) -> torch.Tensor:
    """(Σ + ridge)⁻¹ of the colours in windows, in closed form: (9, …) row by row. mean: (1, 3, …) of colours; means: (1, 9, …) of products."""
    c = means[0] - (mean[0][:, None] * mean[0][None]).flatten(0, 1)
    xx, xy, xz, _, yy, yz, _, _, zz = c
    xx, yy, zz = xx + ridge, yy + ridge, zz + ridge
    a, b, d = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    e, f, g = xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy
    whole = xx * a + xy * b + xz * d
    out: torch.Tensor = torch.stack([a, b, d, b, e, f, d, f, g]) / whole
    return out


def products(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """(1, c · d, h, w): every channel of x times every channel of y."""
    return (x[:, :, None] * y[:, None]).flatten(1, 2)


class Laplacian:
    """The matting Laplacian of a guide (1, 3, h, w) in 0..1, with both sides at least 3; `L(p)` applies it, whatever p's channels.

    epsilon: how far a window's colours may be from affine for free, divided by the 9 pixels. Works in the guide's own dtype, but for what is inverted.
    """

    def __init__(self, guide: torch.Tensor, epsilon: float = EPSILON) -> None:
        self.guide = guide
        fine = guide.double()  # colours of a window lie nearly on a line: in float32 their covariance could not be inverted
        mean = box(fine)
        self.inverse = inverse(mean, box(products(fine, fine)), epsilon / WINDOW**2).to(guide.dtype)
        self.mean = mean.to(guide.dtype)
        self.count = spread(torch.ones_like(self.mean[:, :1]))

    def fitted(self, p: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Of each window the affine function of the guide's colours nearest to p (1, c, h, w): a (3, c, …) and b (1, c, …)."""
        c = p.shape[1]
        mean = box(p)
        cross = box(products(self.guide, p)) - products(self.mean, mean)
        grid = cross.shape[-2:]
        a = (self.inverse.view(3, 3, 1, *grid) * cross.view(1, 3, c, *grid)).sum(1)
        return a, mean - (a * self.mean[0][:, None]).sum(0, keepdim=True)

    def __call__(self, p: torch.Tensor) -> torch.Tensor:
        """L p, as p."""
        a, b = self.fitted(p)
        c = p.shape[1]
        slopes = spread(a.reshape(1, 3 * c, *a.shape[-2:])).view(3, c, *p.shape[-2:])
        return self.count * p - (slopes * self.guide[0][:, None]).sum(0, keepdim=True) - spread(b)

    def term(self, p: torch.Tensor) -> tuple[float, torch.Tensor]:
        """p · L p as a mean over p's numbers, which is 0 where p is affine in the guide, and its slope."""
        found = self(p)
        return float((p * found).sum()) / p.numel(), found.mul_(2 / p.numel())


def window(x: torch.Tensor, radius: int) -> torch.Tensor:
    """The mean over a window of side 2 · radius + 1, of what of it lies inside the picture."""
    for d in (-2, -1):
        n = x.shape[d]
        total = F.pad(x.cumsum(d, dtype=torch.float64), [0, 0, 1, 0] if d == -2 else [1, 0])
        at = torch.arange(n, device=x.device)
        low, high = (at - radius).clamp(min=0), (at + radius + 1).clamp(max=n)
        shape = [-1, 1] if d == -2 else [-1]
        x = ((total.index_select(d, high) - total.index_select(d, low)) / (high - low).view(shape)).to(x.dtype)
    return x


def guided(guide: torch.Tensor, p: torch.Tensor, radius: int, epsilon: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The guided filter's coefficients a (3, c, h, w) and b (1, c, h, w), smooth over windows of `radius`: Σ a · guide + b is near to p.

    guide: (1, 3, h, w); p: (1, c, h, w). Source: He, Sun, Tang 2013, equations 14 to 16.
    """
    c, hw = p.shape[1], p.shape[-2:]
    fine = guide.double()
    turned = inverse(window(fine, radius), window(products(fine, fine), radius), epsilon).to(guide.dtype)
    mean, other = window(guide, radius), window(p, radius)
    cross = window(products(guide, p), radius) - products(mean, other)
    a = (turned.view(3, 3, 1, *hw) * cross.view(1, 3, c, *hw)).sum(1)
    b = other - (a * mean[0][:, None]).sum(0, keepdim=True)
    return window(a, radius), window(b, radius)


def relit(photo: torch.Tensor, guide: torch.Tensor, p: torch.Tensor, radius: int, epsilon: float) -> torch.Tensor:
    """p carried to a larger photo whose small version is `guide`: each place of the photo goes through the affine function found there."""
    a, b = guided(guide, p, radius, epsilon)
    hw = (photo.shape[-2], photo.shape[-1])
    if tuple(a.shape[-2:]) != hw:
        a, b = (F.interpolate(x, hw, mode="bilinear", align_corners=False) for x in (a, b))
    return ((a * photo[0][:, None]).sum(0, keepdim=True) + b).clamp(0, 1)
