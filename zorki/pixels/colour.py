"""The colours of one picture brought to those of another, as a whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from zorki.core import events
from zorki.core.errors import InputError
from zorki.pixels.shift import resize

LUMA = (0.299, 0.587, 0.114)


def matched(picture: torch.Tensor, target: torch.Tensor, chroma: float = 1.0) -> torch.Tensor:
    """The picture (1, 3, h, w) in 0..1 with the mean and the covariance of the target's colours, clamped.

    chroma: how much of the picture's own colour goes through the map; with less, a rare colour of the picture does not
    become one that the target has nowhere.

    Source: Pitié and Kokaram 2007, the linear Monge-Kantorovich map: of all that match, it changes colours least.
    Differs: eigenvalues are held above 1e-6, so that a grey or a flat picture gives no NaN.
    """
    return matched_by(picture, picture, target, chroma)


def matched_by(picture: torch.Tensor, here: torch.Tensor, target: torch.Tensor, chroma: float = 1.0) -> torch.Tensor:
    """The picture through the map that brings the colours of `here` (a part of it) to those of the target; all (1, 3, h, w)."""
    x, y = (p[0].flatten(1).float() for p in (here, target))
    mean_x, mean_y = x.mean(1, keepdim=True), y.mean(1, keepdim=True)
    cov_x, cov_y = covariance(x).cpu(), covariance(y).cpu()  # 3 x 3: nothing is gained elsewhere, and mps has no eigenvalues
    root = power(cov_x, 0.5)
    back = power(cov_x, -0.5)
    turn = back @ power(root @ cov_y @ root, 0.5, least=0) @ back
    turn = turn.to(x.device)
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
    return (
        (picture * torch.tensor(LUMA, dtype=picture.dtype).view(1, 3, 1, 1).to(picture.device))
        .sum(1, keepdim=True)
        .expand_as(picture)
        .contiguous()
    )


def is_grey(picture: torch.Tensor) -> bool:
    """Whether no pixel has a colour that 8 bits could hold."""
    return float((picture.amax(1) - picture.amin(1)).max()) < 1 / 512


def like(how: str, style: torch.Tensor, content: torch.Tensor) -> torch.Tensor:
    """A style (1, 3, h, w) as it is painted with when the photo is to keep its colours.

    luminance: its luma alone, with the mean and the spread of the photo's; linear: with the photo's mean and covariance of colours (Gatys
    et al. 2017, section 5.1); histogram: with the photo's histogram, colour by colour.
    """
    if how == "linear":
        return matched(style, content)
    if how == "histogram":
        return torch.stack([by_rank(style[0, c], content[0, c]) for c in range(3)])[None]
    y, target = lightness(style), lightness(content)
    spread = (target.std() / y.std().clamp_min(1e-3)).nan_to_num(1.0).clamp(max=4)
    return ((y - y.mean()) * spread + target.mean()).clamp(0, 1)


def by_rank(values: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Each value becomes the one that has the same rank in the target; equal ones stay equal."""
    _, place, counts = np.unique(values.numpy(), return_inverse=True, return_counts=True)
    wanted, many = np.unique(target.numpy(), return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2) / values.numel()
    found = np.interp(ranks, (np.cumsum(many) - many / 2) / target.numel(), wanted)
    return torch.from_numpy(found[place].reshape(values.shape).astype(np.float32))


def covers(masks: Sequence[torch.Tensor], hw: tuple[int, int], count: int) -> torch.Tensor:
    """Masks (h, w) as weights (r, *hw), one for each of `count` styles. Raises InputError for another number of them."""
    if len(masks) != count:
        raise InputError(f"There are {len(masks)} masks for {count} styles.", "The first mask is for the first style, and so on.")
    out = []
    for k, mask in enumerate(masks, 1):
        had = (mask.shape[0], mask.shape[1])
        if had != hw:
            events.note(f"Mask {k} has {had[1]} × {had[0]} pixels, the photo {hw[1]} × {hw[0]}: it is brought to the photo's size.")
        one = resize(mask[None, None].float(), hw)[0, 0]
        if not bool(one.any()):
            events.note(f"Mask {k} is black all over: its style is painted nowhere.")
        out.append(one)
    return torch.stack(out)
