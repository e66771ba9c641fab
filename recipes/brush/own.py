"""Pictures of our own making, each a way of drawing: `python -m recipes.brush.own OUT` writes one PNG for each of them.

All draw the same kind of scene, made of numbers alone: a sky with clouds and a sun, hills, a lake, trees, a house, flowers.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage
from scipy.spatial import Delaunay, cKDTree

SIDE = 640
Array = np.ndarray
RED, ORANGE, YELLOW, GREEN, TEAL, BLUE, VIOLET, PINK = (
    np.array([[214, 45, 40], [240, 130, 40], [250, 205, 60], [60, 150, 70], [30, 150, 160], [40, 80, 180], [110, 60, 150], [240, 130, 170]])
    / 255
)
INK, CREAM, WHITE = np.array([24, 22, 28]) / 255, np.array([244, 234, 212]) / 255, np.ones(3)


def grid() -> tuple[Array, Array]:
    """(y, x), each (SIDE, SIDE), in 0..1."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / (SIDE - 1)
    return y, x


def noise(chance: np.random.Generator, size: float, octaves: int = 4) -> Array:
    """(SIDE, SIDE), about -1..1: clouds whose largest lumps are `size` pixels."""
    out, weight = np.zeros((SIDE, SIDE)), 1.0
    for k in range(octaves):
        lump = ndimage.gaussian_filter(chance.standard_normal((SIDE, SIDE)), max(0.5, size / 2**k / 2.5), mode="wrap")
        out, weight = out + weight * lump / (lump.std() + 1e-9), weight * 0.5
    return np.asarray(out / (2 * out.std()))


def line(chance: np.random.Generator, rough: float) -> Array:
    """(SIDE,): a skyline, about -1..1."""
    value = ndimage.gaussian_filter1d(chance.standard_normal(SIDE), rough, mode="wrap") + 0.2 * ndimage.gaussian_filter1d(
        chance.standard_normal(SIDE), rough / 5, mode="wrap"
    )
    return np.asarray(value / (np.abs(value).max() + 1e-9))


def scene(seed: int) -> Array:
    """(SIDE, SIDE, 3) in 0..1: flat shapes with a little shading."""
    chance = np.random.default_rng(seed)
    y, x = grid()
    clouds = np.clip(noise(chance, 90) * 0.8, 0, 1)[..., None]
    out = (1 - y)[..., None] * np.array([0.35, 0.6, 0.9]) + y[..., None] * np.array([0.98, 0.85, 0.65])
    out = out * (1 - clouds) + clouds * np.array([0.99, 0.97, 0.94])

    def lay(mask: Array, colour: Array, shade: Array | float = 0.0) -> None:
        nonlocal out
        out = np.where(mask[..., None], np.clip(colour + np.asarray(shade)[..., None] if np.ndim(shade) else colour + shade, 0, 1), out)

    sun = np.hypot(x - 0.74, y - 0.2)
    lay(sun < 0.1, YELLOW, 0.1 - sun)
    for k, (base, colour) in enumerate(((0.42, VIOLET), (0.52, TEAL), (0.6, GREEN))):
        top = base + 0.09 * line(chance, 60 / (k + 1))
        lay(y > top[None, :], colour * 0.85 + 0.1, 0.3 * (y - top[None, :]) + 0.05 * noise(chance, 30))
    lay((np.abs((x - 0.3) / 0.28) ** 2 + np.abs((y - 0.76) / 0.07) ** 2) < 1, BLUE, 0.25 * np.sin(y * 220) * (y > 0.7) + 0.15)
    for _ in range(9):
        cx, cy, r = chance.uniform(0.02, 0.98), chance.uniform(0.58, 0.72), chance.uniform(0.03, 0.07)
        lay((np.abs(x - cx) < r * 0.12) & (y > cy) & (y < cy + r * 2), np.array([0.35, 0.22, 0.15]))
        crown = np.hypot(x - cx, (y - cy) * 0.8) / r
        lay(crown + 0.15 * noise(chance, 12) < 1, (GREEN, ORANGE, RED, TEAL)[int(chance.integers(4))] * 0.8, (cx - x) / r * 0.15)
    hx, hy = 0.7, 0.72
    lay((np.abs(x - hx) < 0.09) & (np.abs(y - hy) < 0.07), CREAM, 0.6 * (hx - x))
    lay((y < hy - 0.06) & (y > hy - 0.06 - 0.09 * (1 - np.abs(x - hx) / 0.11)) & (np.abs(x - hx) < 0.11), RED)
    for wx in (-0.05, 0.03):
        lay((np.abs(x - hx - wx) < 0.018) & (np.abs(y - hy) < 0.025), INK + 0.15)
    lay(y > 0.86 + 0.03 * line(chance, 40)[None, :], GREEN * 0.7, 0.08 * noise(chance, 14))
    for _ in range(60):
        cx, cy, r = chance.uniform(0, 1), chance.uniform(0.87, 1), chance.uniform(0.006, 0.016)
        lay(np.hypot(x - cx, y - cy) < r, (RED, YELLOW, PINK, WHITE, VIOLET)[int(chance.integers(5))])
    return np.asarray(np.clip(out, 0, 1))


def grey(rgb: Array) -> Array:
    return np.asarray(rgb @ np.array([0.299, 0.587, 0.114]))


def edges(rgb: Array, blur: float) -> Array:
    """(SIDE, SIDE): 0 in what is flat, about 1 at outlines."""
    slopes = [
        np.hypot(ndimage.gaussian_filter(c, blur, order=(1, 0)), ndimage.gaussian_filter(c, blur, order=(0, 1)))
        for c in rgb.transpose(2, 0, 1)
    ]
    return np.asarray(np.clip(np.max(slopes, 0) * blur * 3, 0, 1))


def cells(chance: np.random.Generator, rgb: Array, spacing: float, jitter: float) -> tuple[Array, Array, Array]:
    """Voronoi cells about a jittered grid: (SIDE, SIDE) of the nearest point's number, (SIDE, SIDE) of how far the border is, (n, 3) mean colours."""
    n = int(SIDE / spacing)
    points = (np.stack(np.meshgrid(np.arange(n), np.arange(n), indexing="ij"), -1).reshape(-1, 2) + 0.5) * spacing
    points = points + chance.uniform(-jitter, jitter, points.shape) * spacing
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    far, which = cKDTree(points).query(np.stack([y, x], -1).reshape(-1, 2), k=2)
    own = which[:, 0].reshape(SIDE, SIDE)
    gap = ((far[:, 1] ** 2 - far[:, 0] ** 2) / (2 * np.linalg.norm(points[which[:, 1]] - points[which[:, 0]], axis=1))).reshape(SIDE, SIDE)
    means = means_of(rgb, own, len(points))
    return own, gap, means


def means_of(rgb: Array, own: Array, count: int) -> Array:
    """(count, 3): the mean colour of the pixels of each number; black for a number that no pixel has."""
    many = np.bincount(own.ravel(), minlength=count).clip(1)
    return np.stack([np.bincount(own.ravel(), rgb[..., c].ravel(), minlength=count) / many for c in range(3)], -1)


def vivid(rgb: Array, amount: float) -> Array:
    """Colours further from grey."""
    g = grey(rgb)[..., None]
    return np.asarray(np.clip(g + (rgb - g) * amount, 0, 1))


def mosaic(chance: np.random.Generator) -> Array:
    """Small stones in mortar, no two of quite one colour."""
    own, gap, means = cells(chance, scene(1), 20, 0.2)
    stones = vivid(means, 1.5) + chance.normal(0, 0.06, (len(means), 1)) + chance.normal(0, 0.03, means.shape)
    bevel = np.clip(gap / 4, 0, 1)[..., None] * 0.12
    mortar = np.array([0.82, 0.79, 0.72]) + 0.04 * noise(chance, 4)[..., None]
    return np.where((gap < 1.5)[..., None], mortar * 0.72, stones[own] - 0.08 + bevel)


def glass(chance: np.random.Generator) -> Array:
    """Stained glass: large lit panes in black lead."""
    own, gap, means = cells(chance, scene(2), 46, 0.42)
    panes = vivid(means, 2.6) * chance.uniform(0.75, 1.15, (len(means), 1))
    lit = panes[own] * (0.9 + 0.18 * noise(chance, 26)[..., None]) + 0.05 * noise(chance, 5)[..., None]
    lead = np.clip((gap - 2.6) / 1.6, 0, 1)[..., None]
    shine = np.exp(-(((gap - 1.0) / 0.8) ** 2))[..., None] * 0.12
    return np.asarray(np.clip(lit, 0, 1) * lead + (INK + shine) * (1 - lead))


def halftone(chance: np.random.Generator) -> Array:
    """A comic's print: outlines, and dots of cyan, magenta, yellow in screens that are turned against each other."""
    rgb = vivid(scene(3), 1.9)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    out = np.broadcast_to(CREAM, rgb.shape).copy()
    for c, (turn, colour) in enumerate(((15, (0.05, 0.62, 0.85)), (75, (0.9, 0.1, 0.5)), (0, (1.0, 0.87, 0.05)))):
        a, pitch = np.radians(turn), 10.0
        u, v = (x * np.cos(a) + y * np.sin(a)) / pitch, (-x * np.sin(a) + y * np.cos(a)) / pitch
        much = ndimage.gaussian_filter(1 - rgb[..., c], 2)
        far = np.hypot(u - np.round(u), v - np.round(v))
        dot = np.clip((np.sqrt(np.clip(much, 0, 1)) * 0.72 - far) * 6 + 0.5, 0, 1)[..., None]
        out = out * (1 - dot + dot * np.array(colour))
    black = np.clip(edges(scene(3), 1.6) * 3.4 - 0.75, 0, 1)[..., None]
    return out * (1 - black) + INK * black + 0 * chance.random()


def strokes(chance: np.random.Generator, angle: float, pitch: float, wander: float) -> Array:
    """(SIDE, SIDE), 0..1: how far the nearest of many nearly parallel lines is, in halves of the pitch."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    a = np.radians(angle)
    phase = (x * np.sin(a) + y * np.cos(a)) / pitch + wander * noise(chance, 70, 3)
    return np.asarray(np.abs(phase - np.round(phase)) * 2)


def hatching(chance: np.random.Generator) -> Array:
    """Pen and ink: the darker, the more layers of lines across each other."""
    rgb = scene(4)
    tone = np.clip((ndimage.gaussian_filter(grey(rgb), 1.5) - 0.15) * 1.25 + 0.06 * noise(chance, 40), 0, 1)
    ink = np.zeros_like(tone)
    for limit, angle, pitch in ((0.82, 40, 9), (0.62, -35, 8), (0.45, 5, 8), (0.3, 85, 7), (0.18, 60, 6)):
        width = np.clip((limit - tone) * 1.6 + 0.12, 0, 0.75) * (tone < limit)
        ink = np.maximum(ink, np.clip((width - strokes(chance, angle, pitch, 0.5)) * 5, 0, 1))
    ink = np.maximum(ink, np.clip(edges(rgb, 1.3) * 3 - 0.5, 0, 1))
    paper = CREAM + 0.015 * noise(chance, 5)[..., None]
    return np.asarray(paper * (1 - 0.92 * ink[..., None]) + INK * 0.9 * ink[..., None] * 0.6)


def pencil(chance: np.random.Generator) -> Array:
    """Coloured pencils on rough white paper, strokes in two directions."""
    rgb = vivid(ndimage.gaussian_filter(scene(5), (1.2, 1.2, 0)), 1.5)
    grain = 0.5 + 0.5 * np.clip(noise(chance, 3, 2), -1, 1)
    out = np.ones_like(rgb) * np.array([0.985, 0.975, 0.95])
    for angle, pitch in ((38, 8.5), (52, 7.3), (-20, 10.0)):
        touch = np.clip(1.15 - strokes(chance, angle, pitch, 0.7) * 0.9 - grain * 0.45, 0, 1)[..., None]
        out = out * (1 - touch * (1 - rgb) * 0.8)
    line_of = np.clip(edges(rgb, 1.4) * 2.6 - 0.4, 0, 1) * np.clip(1.2 - grain, 0, 1)
    return np.asarray(out * (1 - 0.75 * line_of[..., None]))


def neon(chance: np.random.Generator) -> Array:
    """Tubes of light along the outlines and along lines of equal lightness, glowing in the dark."""
    rgb = scene(6)
    tone = ndimage.gaussian_filter(grey(rgb), 6) * 9 + 0.5 * noise(chance, 120, 2)
    steep = np.hypot(*np.gradient(tone)) + 1e-3
    level = np.clip(1.6 - np.abs(tone - np.round(tone)) / steep, 0, 1) * (steep > 0.006)
    tube = np.clip(np.maximum(np.clip(edges(rgb, 1.8) * 3 - 0.7, 0, 1), ndimage.gaussian_filter(level, 1.0) * 1.2), 0, 1)
    y, x = grid()
    turn = 2 * np.pi * (x * 0.9 + y * 0.6) + 2.5 * noise(chance, 120, 2)
    hue = np.stack([0.5 + 0.5 * np.cos(turn), 0.35 + 0.35 * np.cos(turn + 2.6), 0.75 + 0.25 * np.cos(turn + 1)], -1)
    glow = sum(ndimage.gaussian_filter(tube, s) * w for s, w in ((3, 1.0), (9, 0.9), (26, 0.7)))
    night = np.array([0.03, 0.02, 0.08]) + 0.1 * rgb * np.array([0.6, 0.4, 1.0])
    core = np.clip(tube - 0.55, 0, 1)[..., None] * 2
    return np.asarray(night + hue * (np.asarray(glow)[..., None] * 1.0 + tube[..., None] * 0.7) + core * 0.6)


def woodcut(chance: np.random.Generator) -> Array:
    """Carved lines that follow the shapes; black, with one block of red and one of ochre behind."""
    rgb = scene(7)
    tone = ndimage.gaussian_filter(grey(rgb), 5) + 0.05 * noise(chance, 60)
    phase = tone * 19 + 0.012 * np.mgrid[0:SIDE, 0:SIDE][0] * 8 + 0.5 * noise(chance, 60, 2)
    ridge = np.abs(phase - np.round(phase)) * 2
    width = np.clip(1.12 - ndimage.gaussian_filter(grey(rgb), 1.5) * 1.15, 0.06, 0.97)
    ink = np.clip((width - ridge + 0.1 * noise(chance, 3, 2)) * 5 + 0.3, 0, 1)
    ink = np.maximum(ink, np.clip(edges(rgb, 2.0) * 3.2 - 0.7, 0, 1))[..., None]
    warm = ndimage.gaussian_filter((rgb[..., 0] > rgb[..., 2] + 0.25).astype(float), 2)[..., None]
    red = ndimage.gaussian_filter((rgb[..., 0] > rgb[..., 1] + 0.3).astype(float), 1.5)[..., None]
    ground = CREAM * (1 - warm) + np.array([0.87, 0.66, 0.33]) * warm
    ground = ground * (1 - red) + np.array([0.75, 0.2, 0.14]) * red
    return np.asarray(ground * (1 - ink) + INK * ink)


def watercolour(chance: np.random.Generator) -> Array:
    """Washes that run into each other, darker at their rims, on grained paper."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(float)
    dy, dx = noise(chance, 40) * 7, noise(chance, 40) * 7
    rgb = np.stack([ndimage.map_coordinates(scene(8)[..., c], [y + dy, x + dx], order=1, mode="nearest") for c in range(3)], -1)
    rgb = vivid(rgb, 1.35)
    wash = np.stack([ndimage.median_filter(rgb[..., c], 9) for c in range(3)], -1)
    soft = ndimage.gaussian_filter(wash, (9, 9, 0))
    mixed = wash * 0.65 + soft * 0.35
    rim = np.clip(edges(wash, 2.2) * 1.7 - 0.25, 0, 1)[..., None]
    pool = (0.5 + 0.28 * noise(chance, 70))[..., None]
    paper = 0.985 + 0.02 * noise(chance, 4, 2)[..., None]
    density = (1 - mixed) * (0.5 + 0.55 * np.clip(pool, 0, 1)) * (1 + 0.7 * rim)
    return np.asarray(paper - density * (0.93 + 0.1 * noise(chance, 3, 2)[..., None]))


def facets(chance: np.random.Generator) -> Array:
    """Folded paper: flat triangles, each as light as it is turned to the sun."""
    rgb = scene(9)
    places = np.argwhere(chance.random((SIDE, SIDE)) < 0.0008 + 0.012 * edges(rgb, 3.0))
    corners = np.array([[0, 0], [0, SIDE - 1], [SIDE - 1, 0], [SIDE - 1, SIDE - 1]])
    rim = np.stack(
        [
            np.r_[np.zeros(12), np.full(12, SIDE - 1), np.linspace(0, SIDE - 1, 24)],
            np.r_[np.linspace(0, SIDE - 1, 24), np.zeros(12), np.full(12, SIDE - 1)],
        ],
        -1,
    )
    mesh = Delaunay(np.concatenate([places, corners, rim]) + chance.uniform(-0.01, 0.01, (len(places) + 52, 2)))
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    own = mesh.find_simplex(np.stack([np.clip(y, 1, SIDE - 2), np.clip(x, 1, SIDE - 2)], -1).reshape(-1, 2)).reshape(SIDE, SIDE).clip(0)
    count = len(mesh.simplices)
    means = means_of(rgb, own, count)
    return np.asarray((vivid(means, 1.4) * chance.uniform(0.78, 1.16, (count, 1)))[own])


OWN: dict[str, tuple[str, Callable[[np.random.Generator], Array]]] = {
    "mosaic": ("Mosaic", mosaic),
    "glass": ("Stained glass", glass),
    "halftone": ("Comic print", halftone),
    "hatching": ("Pen and ink", hatching),
    "pencil": ("Coloured pencils", pencil),
    "neon": ("Neon", neon),
    "woodcut": ("Woodcut", woodcut),
    "watercolour": ("Watercolour", watercolour),
    "facets": ("Folded paper", facets),
}


def draw(out: Path) -> None:
    """Writes NAME.png for each."""
    out.mkdir(parents=True, exist_ok=True)
    for k, (name, (_, make)) in enumerate(OWN.items()):
        pixels = np.clip(make(np.random.default_rng(k)), 0, 1)
        Image.fromarray((pixels * 255 + 0.5).astype(np.uint8)).save(out / f"{name}.png")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("out", type=Path)
    draw(p.parse_args().out)


if __name__ == "__main__":
    main()
