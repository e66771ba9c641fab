"""Whether a net is as sure as it is right, and the temperature that makes it so.

Source: Guo et al. 2017, equation 3 (expected calibration error) and section 4.2 (temperature); Brier 1950.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zorki.core.void import VOID

BINS = 15
BLOCK = 1 << 16  # pixels counted at once


class Calibration:
    """Adds up, over any number of pictures, how sure the most likely class was and whether it was right. Void pixels leave."""

    def __init__(self, bins: int = BINS) -> None:
        self.count = np.zeros(bins, np.int64)  # pixels by how sure they were, in `bins` equal steps of 0..1
        self.sure = np.zeros(bins)  # the sums of what they were sure of
        self.right = np.zeros(bins, np.int64)
        self.squares = 0.0

    def add(self, probabilities: Any, truth: Any) -> Calibration:
        """One picture (k, h, w) with truth (h, w), or a batch (b, k, h, w) with (b, h, w); arrays or tensors. Gives itself."""
        p, t = array(probabilities), array(truth)
        for one, labels in zip(p[None] if p.ndim == 3 else p, t[None] if t.ndim == 2 else t, strict=True):
            flat, classes = one.reshape(len(one), -1), labels.reshape(-1)
            for start in range(0, classes.size, BLOCK):
                part = classes[start : start + BLOCK]
                known = part != VOID
                self._count(flat[:, start : start + BLOCK][:, known].astype(np.float64), part[known].astype(np.intp))
        return self

    def _count(self, p: np.ndarray, truth: np.ndarray) -> None:
        """p: (k, n). truth: (n,), without void."""
        bins, sure = len(self.count), p.max(0)
        step = np.minimum((sure * bins).astype(np.intp), bins - 1)
        self.count += np.bincount(step, minlength=bins)
        self.sure += np.bincount(step, sure, minlength=bins)
        self.right += np.bincount(step[p.argmax(0) == truth], minlength=bins)
        self.squares += float(np.einsum("kn,kn->", p, p) - 2 * p[truth, np.arange(truth.size)].sum() + truth.size)

    def __add__(self, other: Calibration) -> Calibration:
        out = Calibration(len(self.count))
        out.count, out.sure, out.right = self.count + other.count, self.sure + other.sure, self.right + other.right
        out.squares = self.squares + other.squares
        return out

    @property
    def ece(self) -> float:
        """The expected calibration error, 0..1: by how much the share that is right differs from what was said; nan of nothing."""
        return float(np.abs(self.sure - self.right).sum() / self.count.sum()) if self.count.any() else float("nan")

    @property
    def brier(self) -> float:
        """The mean of the squared distance of all probabilities from the truth, 0..2; nan of nothing."""
        return self.squares / int(self.count.sum()) if self.count.any() else float("nan")

    def curve(self) -> list[tuple[float, float, int]]:
        """For each step that has pixels: how sure they were on average, what share was right, how many they are."""
        return [(float(s / n), float(r / n), int(n)) for s, r, n in zip(self.sure, self.right, self.count, strict=True) if n]


def temperature(logits: Any, truth: Any) -> float:
    """What to divide logits by so that they are likeliest of the truth; 1 where nothing is known.

    logits: (n, k), pixels drawn from a validation part. truth: (n,), 255 = void. In 1/20..20.
    """
    from scipy.optimize import minimize_scalar

    z, t = array(logits).astype(np.float64), array(truth)
    z, t = z[t != VOID], t[t != VOID].astype(np.intp)
    if not t.size:
        return 1.0
    z -= z[np.arange(t.size), t][:, None]  # of the true class: 0

    def cost(log_t: float) -> float:
        y = z / np.exp(log_t)
        top = y.max(1, keepdims=True)
        return float((top[:, 0] + np.log(np.exp(y - top).sum(1))).mean())

    found = minimize_scalar(cost, bounds=(-np.log(20), np.log(20)), method="bounded", options={"xatol": 1e-4})
    return float(np.exp(found.x))


def array(x: Any) -> np.ndarray:
    """An array of an array or a tensor, wherever and in whatever precision it is."""
    if hasattr(x, "detach"):
        x = x.detach().cpu()
        x = x.float() if x.is_floating_point() else x
    return np.asarray(x)
