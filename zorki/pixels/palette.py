"""Colours of classes where nobody chose any: told apart by those who see few colours too, and over a photo.

Source: Tol, "Colour Schemes" (2021), and Okabe, Ito 2008, for the first twelve; Ottosson 2020 (OKLab) for those beyond.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from zorki.core.void import VOID

FIRST = (
    "#0077bb", "#ee7733", "#009988", "#ee3377", "#f2c924", "#33bbee", "#cc3311", "#8fbc3f", "#882255", "#aa99dd", "#a6761d", "#aaaaaa",
)  # fmt: skip
NOTHING = ("background", "nothing", "none", "other", "rest")  # what a first class is called that is no thing
GOLDEN = math.pi * (3 - math.sqrt(5))
LIGHT, STRONG = (0.72, 0.5, 0.85, 0.6), 0.13  # of those beyond, in OKLCH
VOID_COLOUR = (224, 224, 192)
Colours = npt.NDArray[np.uint8]


def is_nothing(names: Sequence[str]) -> bool:
    """Whether the first class is what is left where nothing is."""
    return bool(names) and names[0].strip().lower() in NOTHING


def colours(names: Sequence[str]) -> tuple[str, ...]:
    """#rrggbb for each class; black for a first one that is background. The same class number looks the same with however many others."""
    dark = int(is_nothing(names))
    return ("#000000",) * dark + tuple(nth(n) for n in range(len(names) - dark))


def nth(n: int) -> str:
    """The n-th colour, from 0."""
    if n < len(FIRST):
        return FIRST[n]
    hue, light = n * GOLDEN, LIGHT[n % len(LIGHT)]
    return "#" + "".join(f"{part:02x}" for part in _rgb(light, STRONG * math.cos(hue), STRONG * math.sin(hue)))


def rgb(colour: str) -> Colours:
    """(3,) of #rrggbb."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)


def _rgb(light: float, a: float, b: float) -> list[int]:
    """OKLab to sRGB levels, clipped."""
    lms = np.array([[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]]) @ (light, a, b)
    to_linear = np.array([[4.0767416621, -3.3077115913, 0.2309699292], [-1.2684380046, 2.6097574011, -0.3413193965], [-0.0041960863, -0.7034186147, 1.7076147010]])  # fmt: skip
    linear = np.clip(to_linear @ lms**3, 0, 1)
    levels = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return [int(v) for v in np.rint(255 * levels)]


def table(shown: Sequence[str]) -> Colours:
    """(256, 3): #rrggbb of each class in its place, void at 255, black between; the palette of an index PNG."""
    out = np.zeros((256, 3), np.uint8)
    for number, colour in enumerate(shown[:VOID]):
        out[number] = rgb(colour)
    out[VOID] = VOID_COLOUR
    return out
