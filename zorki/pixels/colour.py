"""The colours of one picture brought to those of another, as a whole."""

from __future__ import annotations

import torch


def matched(picture: torch.Tensor, target: torch.Tensor, chroma: float = 1.0) -> torch.Tensor:
    """The picture (1, 3, h, w) in 0..1 with the mean and the covariance of the target's colours, clamped.

    chroma: how much of the picture's own colour goes through the map; with less, a rare colour of the picture does not
    become one that the target has nowhere.

    Source: Pitié and Kokaram 2007, the linear Monge-Kantorovich map: of all that match, it changes colours least.
    Differs: eigenvalues are held above 1e-6, so that a grey or a flat picture gives no NaN.
    """
    x, y = (p[0].flatten(1).float() for p in (picture, target))
    mean_x, mean_y = x.mean(1, keepdim=True), y.mean(1, keepdim=True)
    cov_x, cov_y = covariance(x).cpu(), covariance(y).cpu()  # 3 x 3: nothing is gained elsewhere, and mps has no eigenvalues
    root = power(cov_x, 0.5)
    back = power(cov_x, -0.5)
    turn = back @ power(root @ cov_y @ root, 0.5, least=0) @ back
    turn = turn.to(x.device)
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
