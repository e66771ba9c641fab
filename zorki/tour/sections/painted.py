"""The photo painted in a style."""

from __future__ import annotations

from collections.abc import Iterator

from zorki import blocks
from zorki.tour.guide import Guide

ORDER, SECONDS = 80, 14
TITLE = "Painted"
LEAD = "A style is which patterns go together, wherever they are. Keep what is where from the photo, take what goes together from another picture."


def build(guide: Guide) -> Iterator[blocks.Block]:
    made = guide.make("style", "transfer", content=guide.photo, style=guide.style, steps=120, size=448 if guide.long else 384)
    yield blocks.Row(
        figures=(guide.photo_tile(), guide.style_tile(), made.tile("painted", "The photo in the manner of the style")),
        sentence="Gram matrices G of five layers say which channels answer together; they are those of the style, while a deeper layer still answers as to the photo.",
        command=made.command,
        formula="L = α ‖F − P‖² + Σ ‖G − A‖²,  Gᵢⱼ = Σₖ Fᵢₖ Fⱼₖ",
    )
