"""The picture that styles are shown on where nobody gives one: somebody by a lake. Drawn here, so that it is anybody's.

It has what styles differ in: a face, a plain sky, leaves, hard edges, a soft reflection.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

Floats = npt.NDArray[np.float64]
Colour = tuple[float, float, float]
WIDE = 4 / 3
FINER = 2  # pixels drawn for one that is seen, down and across
SHORE, MEADOW = 0.60, 0.80  # how far down the water begins and ends
SKY, HAZE, WATER = (0.30, 0.52, 0.82), (0.96, 0.88, 0.76), (0.20, 0.36, 0.48)
SKIN, SHADE, HAIR, COAT = (0.92, 0.74, 0.62), (0.70, 0.46, 0.37), (0.28, 0.17, 0.10), (0.70, 0.16, 0.16)


def picture(side: int = 320) -> torch.Tensor:
    """(1, 3, 3/4 side, side) float32 sRGB in 0..1; the same at every call."""
    scene = Scene.empty(max(1, round(side / WIDE)), side)
    scene.sky()
    scene.land()
    scene.house(0.34, SHORE)
    scene.water()
    scene.meadow()
    scene.tree(0.15, 0.90)
    scene.person(0.86, 0.50)
    return F.avg_pool2d(torch.from_numpy(scene.colours.astype(np.float32)).permute(2, 0, 1)[None], FINER).clamp(0, 1)


@dataclass(frozen=True)
class Scene:
    """Colours (h, w, 3) that shapes are laid over; x (h, w) goes from 0 to WIDE, y from 0 to 1, downwards."""

    x: Floats
    y: Floats
    colours: Floats
    random: np.random.Generator

    @classmethod
    def empty(cls, h: int, w: int) -> Scene:
        y, x = np.mgrid[0 : h * FINER, 0 : w * FINER] + 0.5
        return cls(x * WIDE / (w * FINER), y / (h * FINER), np.zeros((*x.shape, 3)), np.random.default_rng(0))

    def around(self, x: float, y: float, reach: float) -> Scene:
        """The part about a place, where a small shape is laid: the colours are the same."""
        h = len(self.y)
        down, across = (slice(max(0, int((at - reach) * h)), max(0, int((at + reach) * h) + 1)) for at in (y, x))
        return Scene(self.x[down, across], self.y[down, across], self.colours[down, across], self.random)

    def lay(self, cover: npt.NDArray[np.bool_] | Floats, colour: Colour | Floats) -> None:
        """A colour, or one for each place, where it is covered: from 0, not at all, to 1."""
        np.add(self.colours, np.asarray(cover, np.float64)[..., None] * (np.asarray(colour, np.float64) - self.colours), out=self.colours)

    def oval(self, x: float, y: float, rx: float, ry: float) -> Floats:
        """Below 1 inside an ellipse, 0 in its middle."""
        out: Floats = ((self.x - x) / rx) ** 2 + ((self.y - y) / ry) ** 2
        return out

    def soft(self, x: float, y: float, rx: float, ry: float) -> Floats:
        """A spot that fades: 1 in its middle."""
        return np.exp(-self.oval(x, y, rx, ry))

    def sky(self) -> None:
        down = np.clip(self.y / SHORE, 0, 1)[..., None]
        self.lay(np.ones_like(self.x), np.array(SKY) * (1 - down) + np.array(HAZE) * down)
        self.lay(0.9 * self.soft(0.47, 0.17, 0.07, 0.07), (1.0, 0.95, 0.75))
        for x, y, reach in ((0.16, 0.15, 0.10), (0.25, 0.18, 0.13), (0.66, 0.08, 0.14), (1.20, 0.24, 0.12), (1.27, 0.21, 0.10)):
            self.lay(0.8 * self.soft(x, y, reach, reach / 4), (1.0, 0.98, 0.95))

    def land(self) -> None:
        """Mountains, lit from the left, and a wood before them."""
        for top, high, waves, near, far in (
            (0.40, 0.07, 1.0, (0.46, 0.52, 0.68), (0.80, 0.82, 0.88)),
            (0.48, 0.05, 2.3, (0.28, 0.40, 0.46), (0.50, 0.60, 0.58)),
            (0.56, 0.02, 5.1, (0.12, 0.26, 0.17), (0.28, 0.42, 0.22)),
        ):
            ridge = top - high * sum((np.sin(self.x * waves * k * 4 + k * k) / k for k in (1, 2, 3, 5, 8)), np.zeros_like(self.x))
            lit = 0.5 + 0.5 * np.sin(self.x * waves * 23 + self.y * 40)
            self.lay(self.y > ridge, np.array(near) + lit[..., None] * (np.array(far) - np.array(near)))

    def house(self, x: float, y: float) -> None:
        across, up = self.x - x, y - self.y
        self.lay((np.abs(across) < 0.065) & (up > 0) & (up < 0.06), (0.93, 0.90, 0.82))
        self.lay((up >= 0.06) & (up < 0.115 - np.abs(across) * 0.7), (0.62, 0.22, 0.14))
        for place in (-0.04, 0.04):
            self.lay((np.abs(across - place) < 0.012) & (up > 0.02) & (up < 0.045), (0.16, 0.20, 0.28))
        self.lay((np.abs(across) < 0.012) & (up > 0) & (up < 0.04), (0.36, 0.22, 0.14))

    def water(self) -> None:
        """What lies above the shore, upside down, darker and rippled."""
        inside = self.y > SHORE
        ripple = 0.006 * np.sin(self.y * 260) * (1 + np.sin(self.x * 31))
        rows = np.clip((2 * SHORE - self.y + ripple) * len(self.y), 0, len(self.y) - 1).astype(int)
        mirrored = self.colours[rows, np.arange(self.x.shape[1])]
        self.lay(inside, 0.72 * mirrored + 0.28 * np.array(WATER))

    def meadow(self) -> None:
        edge = MEADOW + 0.015 * np.sin(self.x * 9)
        blades = self.random.random(self.x.shape)
        blades = (blades + np.roll(blades, 1, 0) + np.roll(blades, 2, 0) + np.roll(blades, 3, 0)) / 4
        green = np.array((0.20, 0.36, 0.10)) + blades[..., None] * np.array((0.36, 0.42, 0.20))
        self.lay(self.y > edge, green)
        for x, y, kind in self.random.random((60, 3)) * (WIDE, 0.15, 1):
            flower = self.around(x, 0.84 + y, 0.01)
            flower.lay(flower.oval(x, 0.84 + y, 0.006, 0.006) < 1, (0.95, 0.85, 0.25) if kind < 0.5 else (0.95, 0.95, 0.92))

    def tree(self, x: float, y: float) -> None:
        self.lay((np.abs(self.x - x - 0.02 * np.sin(self.y * 9)) < 0.018) & (self.y > 0.42) & (self.y < y), (0.30, 0.20, 0.13))
        for angle, reach, light in self.random.random((220, 3)):
            at = (x + 0.15 * reach**0.5 * np.cos(6.28 * angle), 0.37 + 0.20 * reach**0.5 * np.sin(6.28 * angle))
            green = np.array((0.12, 0.28, 0.08)) + light * np.array((0.40, 0.40, 0.12)) + 0.25 * (0.37 - at[1])
            leaf = self.around(*at, 0.03)
            leaf.lay(leaf.oval(*at, 0.022, 0.018) < 1, green.clip(0, 1))

    def person(self, x: float, y: float) -> None:
        """Head and shoulders, lit from the left."""
        self.lay(self.oval(x, 1.12, 0.36, 0.36) < 1, COAT)
        self.lay((self.oval(x, 1.12, 0.36, 0.36) < 1) * np.clip((self.x - x) * 2.2, 0, 0.6), (0.32, 0.05, 0.09))
        self.lay(self.oval(x, y - 0.03, 0.19, 0.24) < 1, HAIR)
        self.lay((np.abs(self.x - x) < 0.065) & (self.y > y + 0.1) & (self.y < y + 0.29), SHADE)
        self.lay(self.oval(x, y + 0.29, 0.10, 0.035) < 1, (0.94, 0.92, 0.86))
        self.around(x, y, 0.25).face(x, y)

    def face(self, x: float, y: float) -> None:
        face = self.oval(x, y + 0.02, 0.145, 0.195) < 1
        self.lay(face, SKIN)
        self.lay(face * np.clip((self.x - x) * 4 + 0.1, 0, 0.75), SHADE)
        self.lay(face * self.soft(x - 0.05, y - 0.06, 0.09, 0.10) * 0.5, (1.0, 0.90, 0.80))
        for cheek in (-0.075, 0.075):
            self.lay(face * self.soft(x + cheek, y + 0.075, 0.035, 0.03) * 0.45, (0.85, 0.42, 0.36))
        self.lay(face & (self.y < y - 0.085 + 0.5 * (self.x - x + 0.06) ** 2 + 0.12 * np.abs(self.x - x + 0.06)), HAIR)
        for eye in (-0.055, 0.055):
            self.lay(self.oval(x + eye, y, 0.030, 0.016) < 1, (0.97, 0.96, 0.94))
            self.lay(self.oval(x + eye, y, 0.014, 0.015) < 1, (0.20, 0.33, 0.40))
            self.lay(self.oval(x + eye, y, 0.006, 0.007) < 1, (0.03, 0.03, 0.04))
            self.lay(np.abs(self.oval(x + eye, y + 0.004, 0.032, 0.022) - 1) * (self.y < y) < (self.y < y) * 0.25, HAIR)
            brow = np.abs(self.y - y + 0.040 - 4 * (self.x - x - eye) ** 2) < 0.006
            self.lay(brow & (np.abs(self.x - x - eye) < 0.036), HAIR)
        self.lay(self.soft(x + 0.018, y + 0.045, 0.010, 0.05) * 0.6 * face, SHADE)
        self.lay(self.soft(x, y + 0.085, 0.022, 0.010) * 0.7, SHADE)
        self.lay(self.oval(x, y + 0.132, 0.042, 0.017) < 1, (0.72, 0.27, 0.27))
        self.lay((np.abs(self.y - y - 0.132 + 0.5 * (self.x - x) ** 2) < 0.0025) & (np.abs(self.x - x) < 0.042), (0.42, 0.12, 0.14))
