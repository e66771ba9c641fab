"""The first layer's filters."""

from __future__ import annotations

from collections.abc import Iterator

from zorki import blocks
from zorki.guided.guide import Guide
from zorki.guided.ledger import Task
from zorki.guided.work import looking

ORDER = 20
QUICK = True
TITLE = "The first layer: small patterns of light"
LEAD = (
    "Each filter of the first layer is a tiny picture. It is laid on every place of the photo, and answers where the photo looks like it."
)


def work(guide: Guide) -> list[Task]:
    return [(looking(guide.net, (1, 1)),)]


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
