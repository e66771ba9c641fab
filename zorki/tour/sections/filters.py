"""The first layer's filters."""

from __future__ import annotations

from collections.abc import Iterator

from zorki import blocks
from zorki.tour.guide import Guide

ORDER, SECONDS = 20, 1
TITLE = "The first layer: small patterns of light"
LEAD = (
    "Each filter of the first layer is a tiny picture. It is laid on every place of the photo, and answers where the photo looks like it."
)


def build(guide: Guide) -> Iterator[blocks.Block]:
    made = guide.make("see", "filters", count=26)
    seen = made.result.raw
    n, _, h, w = seen.weights.shape
    yield blocks.Grid(
        tiles=made.result.tiles[:n],  # the last tile is the scale
        sentence=f"The {n} filters of {seen.layer}, {h}×{w} pixels each, strongest first: edges in all directions, spots, and colours against their opposites. "
        f"Grey is zero, and full contrast a weight of ±{seen.scale:.2g}.",
        command=made.command,
        formula="aₖ(x, y) = bₖ + Σ wₖ(c, i, j) · photo(c, y + i, x + j)",
        crisp=True,
        tile_width=64,
    )
