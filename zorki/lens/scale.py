"""Means and deviations as a network's user gives them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from zorki.core.errors import InputError

LARGEST = 2  # no mean and no deviation of pictures in 0..1, or in -1..1, is larger


def check_scale(mean: Sequence[float] | None, std: Sequence[float] | None) -> None:
    """Raises InputError for numbers that pictures in 0..1 cannot have, 123.68 for example, and for what nothing can be divided by."""
    if std is not None and (not all(map(math.isfinite, std)) or not all(std)):
        raise InputError(
            "--std has a zero or a number that is not finite.",
            "Pictures are divided by it.",
            "Give one number for each channel, none of them 0.",
        )
    for flag, numbers in (("--mean", mean), ("--std", std)):
        largest = max(map(abs, () if numbers is None else numbers), default=0.0)
        if largest > LARGEST:
            expected = "Pictures reach the net in 0..1, and these numbers are of that scale."
            do = f"Divide those of 0..255 by 255: {flag}={largest / 255:.4g}; a net that itself divides by nothing has --std={1 / 255:.4g}."
            raise InputError(f"{flag} has {largest:g}.", expected, do)
