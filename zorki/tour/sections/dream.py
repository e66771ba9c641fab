"""Deep Dream of the photo."""

from __future__ import annotations

from collections.abc import Iterator

from zorki import blocks
from zorki.tour.guide import Guide

ORDER, SECONDS = 60, 8
TITLE = "Deep Dream"
LEAD = "Now no single channel is asked for: whatever a layer sees already, it is to see more. Faint likenesses feed on themselves."


def build(guide: Guide) -> Iterator[blocks.Block]:
    middle, deep = (guide.before(n) for n in guide.stages()[-2:])
    first = guide.make("see", "dream", photo=guide.photo, layer=middle)
    second = guide.make("see", "dream", photo=guide.photo, layer=deep)
    yield blocks.Row(
        figures=(
            guide.photo_tile(),
            first.tile(f"{middle}", f"The photo, dreamt on by {middle}"),
            second.tile(f"{deep}", f"The photo, dreamt on by {deep}"),
        ),
        sentence="The dream is climbed at four sizes, small to large, so that it holds large shapes and fine ones. A deeper layer dreams of larger parts.",
        command=f"{first.command}\n{second.command}",
        formula="x ← x + η · g / mean |g|,  g = ∂/∂x ½ ‖a(x)‖²",
    )
