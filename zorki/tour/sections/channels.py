"""What single channels answer to, drawn from an empty picture, with a film of one coming into being."""

from __future__ import annotations

from collections.abc import Iterator

from zorki import blocks
from zorki.tour.guide import Guide

ORDER, SECONDS = 40, 16
TITLE = "What single channels answer to"
LEAD = "Begin with an empty grey picture and change it, step by step, so that one channel answers more and more. What comes up is what that channel looks for."
SENTENCES = (
    "Block 1: plain colours and the finest edges.",
    "Block 2: stripes, grids and colour edges.",
    "Block 3: weaves, scales, dots and curves.",
    "Block 4: tiles, fur, eyes and other parts of things.",
    "Block 5: whole scenes of parts; with some patience one can name them.",
)
FORMULA = "x ← x + η · ∂/∂x [ mean over i, j of aₖ(i, j) ]"


def build(guide: Guide) -> Iterator[blocks.Block]:
    layers = [guide.before(name) for name in guide.stages()]
    for depth, (layer, sentence) in enumerate(zip(layers, SENTENCES, strict=False)):
        # Early patterns are there after few steps; a deep one takes its time.
        made = guide.make("see", "maximize", layer=layer, channel="0-15" if guide.long else "0-7", steps=(32, 48, 80, 112, 128)[depth])
        yield blocks.Grid(
            tiles=made.result.tiles, sentence=sentence, command=made.command, formula=FORMULA if depth == 0 else "", tile_width=112
        )
    film = guide.make("see", "maximize", layer=layers[-2], channel="0", size=128, film=True)
    yield blocks.Figure(
        pixels=film.result.numpy(),
        alt=f"Film of channel 0 of {layers[-2]} being drawn",
        sentence=f"Channel 0 of {layers[-2]} coming into being, one frame a step: first the colours, then the repeating pattern, at last its details.",
        command=film.command + " --film coming-up.webp",
        film=film.film,
    )
