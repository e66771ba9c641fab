"""Pictures that are, in every small window, an affine function of a guide's colours: what makes a painted photo stay a photo.

Source: Levin, Lischinski, Weiss 2008 (the matting Laplacian); He, Sun, Tang 2013 (its relation to the guided filter, equation 22);
Luan et al. 2017 (as a penalty for style transfer).
Differs: no matrix; the Laplacian is applied with eight box filters for each channel.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from zorki.pixels.colour import LUMA, lightness

WINDOW = 3  # pixels, as in the papers
EPSILON = 1e-4  # of colours in 0..1; below 1e-5 float32 is not enough
LITTLE = 1e-3  # variance of colours in 0..1: noise, JPEG's blocks and slow shading have less
WIDE = 4  # times the radius: the wide window
RAISED = 1.35  # times that a change of light is raised, of which smoothing takes about as much away


def box(x: torch.Tensor, size: int = WINDOW) -> torch.Tensor:
    """The mean over every window that lies inside: (b, c, h, w) to (b, c, h - size + 1, w - size + 1)."""
    return F.avg_pool2d(x, size, stride=1)


def spread(x: torch.Tensor, size: int = WINDOW) -> torch.Tensor:
    """The way back: of values of windows, for each pixel the sum over the windows that it lies in."""
    return F.avg_pool2d(F.pad(x, [size - 1] * 4), size, stride=1) * size**2


def inverse(c: torch.Tensor, ridge: float) -> torch.Tensor:
    """(Σ + ridge)⁻¹ of covariances c (9, …) of three colours, row by row, by elimination.

    The colours of a window lie nearly on a line; cofactors would lose all digits there in float32, elimination does not.
    """
    xx, xy, xz, _, yy, yz, _, _, zz = c
    d1 = xx + ridge
    l21, l31 = xy / d1, xz / d1
    d2 = (yy - l21 * xy).clamp_min(0) + ridge
    l32 = (yz - l31 * xy) / d2
    d3 = (zz - l31 * xz - l32 * l32 * d2).clamp_min(0) + ridge
    m31 = l21 * l32 - l31
    i33, i32, i31 = 1 / d3, -l32 / d3, m31 / d3
    i22, i21 = 1 / d2 + l32 * l32 / d3, -l21 / d2 - m31 * l32 / d3
    i11 = 1 / d1 + l21 * l21 / d2 + m31 * m31 / d3
    out: torch.Tensor = torch.stack([i11, i21, i31, i21, i22, i32, i31, i32, i33])
    return out


def covariance(x: torch.Tensor) -> torch.Tensor:
    """(9, h - 2, w - 2) of the colours of x (1, 3, h, w) in each window, from what is left when its mean is taken off."""
    mean, (h, w) = box(x), x.shape[-2:]
    total = torch.zeros_like(products(mean, mean))
    for dy in range(WINDOW):
        for dx in range(WINDOW):
            off = x[..., dy : h - 2 + dy, dx : w - 2 + dx] - mean
            total += products(off, off)
    return total[0] / WINDOW**2


def products(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """(1, c · d, h, w): every channel of x times every channel of y."""
    return (x[:, :, None] * y[:, None]).flatten(1, 2)


class Laplacian:
    """The matting Laplacian of a guide (1, 3, h, w) in 0..1, with both sides at least 3; `L(p)` applies it, whatever p's channels.

    epsilon: how far a window's colours may be from affine for free, divided by the 9 pixels. Works in the guide's own dtype.
    """

    def __init__(self, guide: torch.Tensor, epsilon: float = EPSILON) -> None:
        self.guide = guide
        self.mean = box(guide)
        self.inverse = inverse(covariance(guide), epsilon / WINDOW**2)
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
    """The sum over a window of side 2 · radius + 1, of what of it lies inside the picture."""
    for d in (-2, -1):
        n = x.shape[d]
        sums = F.pad(x.cumsum(d), (1, 0) if d == -1 else (0, 0, 1, 0))  # as long for any radius
        places = torch.arange(n, device=x.device)
        x = sums.index_select(d, (places + radius + 1).clamp_max(n)) - sums.index_select(d, (places - radius).clamp_min(0))
    return x


def around(x: torch.Tensor, radius: int) -> torch.Tensor:
    """The mean over such a window."""
    return window(x, radius) / window(torch.ones_like(x[:, :1]), radius)


def guided(guide: torch.Tensor, p: torch.Tensor, radius: int, epsilon: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The guided filter's coefficients a (3, c, h, w) and b (1, c, h, w), smooth over windows of `radius`: Σ a · guide + b is near to p.

    guide: (1, 3, h, w); p: (1, c, h, w). Source: He, Sun, Tang 2013, equations 14 to 16.
    """
    c, hw = p.shape[1], p.shape[-2:]
    mean, other = around(guide, radius), around(p, radius)
    turned = inverse((around(products(guide, guide), radius) - products(mean, mean))[0], epsilon)
    cross = around(products(guide, p), radius) - products(mean, other)
    a = (turned.view(3, 3, 1, *hw) * cross.view(1, 3, c, *hw)).sum(1)
    b = other - (a * mean[0][:, None]).sum(0, keepdim=True)
    return around(a, radius), around(b, radius)


def relit(
    photo: torch.Tensor, matched: torch.Tensor, guide: torch.Tensor, start: torch.Tensor, p: torch.Tensor, radius: int
) -> torch.Tensor:
    """The change from `start` to p carried to a photo (1, 3, H, W) that `matched` has the same colours as start: as affine functions of the photo.

    guide, start, p: (1, 3, h, w), the photo, its colour match and what was painted from it. Where the photo has little contrast, its
    noise says nothing of what was meant: there the colour match's gains stay, and what was painted counts as a mean over a wide window.
    Colours wander without the photo's edges, so of them only the wide window's are taken.
    """
    change = p - start
    light, grey = lightness(change)[:, :1], lightness(guide)[:, :1]
    contrast = (around(grey * grey, radius) - around(grey, radius) ** 2).clamp_min(0)
    sure = around(contrast / (contrast + LITTLE), radius)
    luma = torch.tensor(LUMA, dtype=p.dtype, device="cpu").view(1, 3, 1, 1).to(p.device)
    near, far = guided(guide, light, radius, LITTLE), guided(guide, change, WIDE * radius, LITTLE)
    dull = [(wide * luma).sum(1, keepdim=True) for wide in far]  # what of the wide window is light
    a, b = (w - d + RAISED * torch.lerp(d, n, sure) for n, w, d in zip(near, far, dull, strict=True))
    hw = (photo.shape[-2], photo.shape[-1])
    if tuple(a.shape[-2:]) != hw:
        a, b = (F.interpolate(x, hw, mode="bilinear", align_corners=False) for x in (a, b))
    return (matched + (a * photo[0][:, None]).sum(0, keepdim=True) + b).clamp(0, 1)
