"""The same channel drawn onto the photo."""

from __future__ import annotations

from collections.abc import Iterator

from zorki import blocks
from zorki.tour.guide import Guide

ORDER, SECONDS = 50, 6
TITLE = "The same channels, drawn onto your photo"
LEAD = "Begin with the photo instead of an empty picture: each channel bends what is there towards what it likes."


def build(guide: Guide) -> Iterator[blocks.Block]:
    layer = guide.before(guide.stages()[-2])
    made = guide.make("see", "maximize", on=guide.photo, layer=layer, channel="0-2", size=256, steps=40)
    yield blocks.Row(
        figures=(guide.photo_tile(), *made.result.tiles),
        sentence=f"Channels 0, 1 and 2 of {layer}, the ones drawn above, on the photo. A second term of the sum holds on to it.",
        command=made.command,
        formula="x ← x + η · ∂/∂x [ mean aₖ − λ · mean (x − photo)² ]",
    )
