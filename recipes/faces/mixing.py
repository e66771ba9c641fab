"""Squares as they are learnt from: of one photograph or of many, with faces pasted in, covered, lit from a side, blurred, paled, as other cameras would have them."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageEnhance

from recipes.faces.scenes import Scene, Shot, covered, part, pasted, squares
from recipes.faces.stock import Stock

ACROSS = ((1, 0.55), (2, 0.27), (4, 0.09), (5, 0.09))  # scenes along each side of a square, and how often
FEW = 170  # pixels of a scene up to which pictures of 64 pixels are often shown in it
PASTED = 6  # faces at most
LURED = 0.2  # of the scenes, where there are lures


def drawn(stock: Stock, side: int, chance: np.random.Generator) -> Scene:
    """A square of that side, which 20 divides."""
    across = int(chance.choice([n for n, _ in ACROSS], p=[p for _, p in ACROSS]))
    made = squares([scene(stock, side // across, chance) for _ in range(across**2)], across)
    return changed(covered(made, chance), chance)


def scene(stock: Stock, side: int, chance: np.random.Generator) -> Scene:
    """Of half of the kinds that there are, a face is the reason; the rest shows what is none, of that a part what was taken for one before."""
    if stock.lures and chance.random() < LURED:
        return part(one(stock.lures, chance), side, chance)
    if side <= FEW:
        kind = chance.random()
        for upto, some in ((0.3, stock.tiny), (0.4, stock.tiny_faceless), (0.5, stock.furred)):
            if kind < upto and some:
                return part(one(some, chance), side, chance)
    kind = chance.random()
    for upto, some in ((0.5, stock.faced), (0.56, stock.cut)):
        if kind < upto and some:
            return part(one(some, chance), side, chance)
    nothing = part(one(stock.faceless, chance), side, chance)
    if kind < 0.78 and stock.cut:
        return pasted(nothing, [one(stock.cut, chance) for _ in range(chance.integers(1, PASTED + 1))], chance)
    return nothing


def one(some: Sequence[Shot], chance: np.random.Generator) -> Shot:
    return some[int(chance.integers(len(some)))]


def changed(made: Scene, chance: np.random.Generator) -> Scene:
    """The same faces in other light and by a worse camera."""
    picture = Image.fromarray(made.picture)
    if chance.random() < 0.15:
        times = chance.uniform(1.2, 2.2)
        less = picture.resize([max(1, round(side / times)) for side in picture.size], Image.Resampling.BILINEAR)  # type: ignore[arg-type]
        picture = less.resize(picture.size, Image.Resampling.BILINEAR)
    kind = chance.random()
    if kind < 0.12:
        picture = picture.convert("L").convert("RGB")
    elif kind < 0.5:
        picture = ImageEnhance.Color(picture).enhance(float(chance.uniform(0.3, 1.5)))
    if chance.random() < 0.7:
        picture = picture.point([int(v) for gain in levels(chance) for v in gain])
    out = np.asarray(picture)
    if chance.random() < 0.25:
        out = lit(out, chance)
    if chance.random() < 0.12:
        out = (out + chance.normal(0, chance.uniform(2, 14), out.shape)).clip(0, 255).astype(np.uint8)
    if chance.random() < 0.12:
        stored = io.BytesIO()
        Image.fromarray(out).save(stored, "JPEG", quality=int(chance.integers(20, 60)))
        out = np.asarray(Image.open(stored).convert("RGB"))
    return made._replace(picture=out)


def levels(chance: np.random.Generator) -> np.ndarray:
    """(3, 256): what each level of each channel becomes: darker or lighter, flatter or harder, under another lamp."""
    x = np.linspace(0, 1, 256) ** np.exp(chance.normal(0, 0.35))
    contrast, brightness = chance.uniform(0.6, 1.35), chance.uniform(-0.15, 0.15)
    gains = chance.uniform(0.88, 1.12, (3, 1))
    return (((x - 0.5) * contrast + 0.5 + brightness) * gains * 255).clip(0, 255)


def lit(picture: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """From a side."""
    h, w = picture.shape[:2]
    angle = chance.uniform(0, 2 * np.pi)
    far = np.cos(angle) * np.linspace(-1, 1, w)[None] + np.sin(angle) * np.linspace(-1, 1, h)[:, None]
    return (picture * np.exp(chance.uniform(0.2, 0.9) * far).astype(np.float32)[..., None]).clip(0, 255).astype(np.uint8)
