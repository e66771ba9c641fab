"""Scores that change from frame to frame, made calm: an exponential moving average in time, whatever the frame rate.

Source: Eckner 2017, "Algorithms for Unevenly Spaced Time Series: Moving Averages and Other Rolling Operators", the average EMA_lin: with x(t) the straight lines between
what was measured, s(t) = ∫ x(t − r) e^{−r/τ} dr / τ. From one measurement to the next, d seconds later, that is exactly

    s' = u s + (v − u) x + (1 − v) x',   u = e^{−d/τ},   v = (1 − u) τ / d,   τ = half / ln 2.

Differs: said by its half-life; what was before the first measurement is taken to have been like it.
"""

from __future__ import annotations

import math

from zorki.facing.faces import Floats


def weights(gone: float, half: float) -> tuple[float, float, float]:
    """How much the average so far, the last measurement and the new one count; none is negative, together they are 1. gone: seconds between the two; half: seconds
    after which what was counts half; 0: only the new one counts."""
    if half <= 0:
        return 0.0, 0.0, 1.0
    z = gone * math.log(2) / half
    if z <= 0:
        return 1.0, 0.0, 0.0
    u, v = math.exp(-z), -math.expm1(-z) / z
    return u, max(0.0, v - u), 1 - v


def onward(average: Floats, last: Floats, new: Floats, gone: float, half: float) -> Floats:
    """The average with one more measurement. average, last, new: (n,); gone, half: as `weights` takes them."""
    a, b, c = weights(gone, half)
    return a * average + b * last + c * new
