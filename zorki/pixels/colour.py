"""The colours of one picture brought to those of another, as a whole."""

from __future__ import annotations

import numpy as np
import torch

LUMA = (0.299, 0.587, 0.114)
Gaussian = tuple[torch.Tensor, torch.Tensor]


def matched(picture: torch.Tensor, target: torch.Tensor, here: torch.Tensor | None = None) -> torch.Tensor:
    """The picture (1, 3, h, w) in 0..1 with the mean and the covariance of the target's colours, clamped.

    here: the part of the picture (1, 3, …) that is to have them; not given: all of it.
    """
    return mapped(picture, gaussian(picture if here is None else here), gaussian(target))


def gaussian(picture: torch.Tensor) -> Gaussian:
    """Mean (3, 1) and covariance (3, 3) of colours."""
    x = picture[0].flatten(1).float()
    return x.mean(1, keepdim=True), covariance(x)


def mapped(picture: torch.Tensor, here: Gaussian, there: Gaussian, chroma: float = 1.0) -> torch.Tensor:
    """The picture through the linear map that brings colours of one mean and covariance to those of another, clamped.

    chroma: how much of the picture's own colour goes through the map; with less, a rare colour of the picture does not
    become one that the target has nowhere.

    Source: Pitié and Kokaram 2007, the linear Monge-Kantorovich map: of all that match, it changes colours least.
    Differs: eigenvalues are held above 1e-6, so that a grey or a flat picture gives no NaN.
    """
    (mean_x, cov_x), (mean_y, cov_y) = ((m.to(picture.device), c.cpu()) for m, c in (here, there))  # 3 x 3, and mps has no eigenvalues
    root, back = power(cov_x, 0.5), power(cov_x, -0.5)
    turn = (back @ power(root @ cov_y @ root, 0.5, least=0) @ back).to(picture.device)
    x = picture[0].flatten(1).float()
    x = x.mean(0, keepdim=True) * (1 - chroma) + x * chroma
    return (turn @ (x - mean_x) + mean_y).view(picture.shape).clamp(0, 1).to(picture.dtype)


def covariance(colours: torch.Tensor) -> torch.Tensor:
    """(3, n) to (3, 3); of one pixel it is zero."""
    centred = colours - colours.mean(1, keepdim=True)
    return centred @ centred.T / colours.shape[1]


def power(matrix: torch.Tensor, exponent: float, least: float = 1e-6) -> torch.Tensor:
    """A power of a symmetric matrix, by its eigenvalues, none taken below `least`."""
    values, vectors = torch.linalg.eigh(matrix)
    out: torch.Tensor = vectors @ torch.diag(values.clamp_min(least) ** exponent) @ vectors.T
    return out


def lightness(picture: torch.Tensor) -> torch.Tensor:
    """Luma (1, 3, h, w), the same in all three colours; Rec. 601, as in YUV."""
    luma = torch.tensor(LUMA, dtype=picture.dtype, device="cpu").view(1, 3, 1, 1).to(picture.device)
    return (picture * luma).sum(1, keepdim=True).expand_as(picture).contiguous()


def is_grey(picture: torch.Tensor) -> bool:
    """Whether no pixel has a colour that 8 bits could hold."""
    return float((picture.amax(1) - picture.amin(1)).max()) < 1 / 512


def like(how: str, style: torch.Tensor, content: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
    """A style (1, 3, h, w) as it is painted with when the photo is to keep its colours.

    luminance: its luma alone, with the mean and the spread of the photo's; linear: with the photo's mean and covariance of colours (Gatys
    et al. 2017, section 5.1); histogram: with the photo's histogram, colour by colour. weights (1, h, w): what of the style counts, by
    more than a half.
    """
    seen = (
        torch.ones(style.shape[-2:], dtype=torch.bool, device="cpu")
        if weights is None or not bool((weights > 0.5).any())
        else weights[0] > 0.5
    )
    if how == "linear":
        return matched(style, content, style[..., seen][..., None])
    if how == "histogram":
        out = style.clone()
        for c in range(3):
            out[0, c][seen] = by_rank(style[0, c][seen], content[0, c])
        return out
    y, target = lightness(style), lightness(content)
    own = y[..., seen]
    spread = (target.std() / own.std().clamp_min(1e-3)).nan_to_num(1.0).clamp(max=4)
    return ((y - own.mean()) * spread + target.mean()).clamp(0, 1)


def by_rank(values: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Each value becomes the one that has the same rank in the target; equal ones stay equal."""
    _, place, counts = np.unique(values.numpy(), return_inverse=True, return_counts=True)
    wanted, many = np.unique(target.numpy(), return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2) / values.numel()
    found = np.interp(ranks, (np.cumsum(many) - many / 2) / target.numel(), wanted)
    return torch.from_numpy(found[place].reshape(values.shape).astype(np.float32))
