"""What each layer keeps of the photo."""

from __future__ import annotations

from collections.abc import Iterator

from zorki import blocks
from zorki.tour.guide import Guide

ORDER, SECONDS = 70, 9
TITLE = "What each layer keeps"
LEAD = (
    "Begin with noise and change it until a layer answers as it does to your photo. What comes back is what that layer still knows of it."
)


def build(guide: Guide) -> Iterator[blocks.Block]:
    tiles = [guide.photo_tile()]
    commands = []
    for layer in guide.stages()[1:4]:
        made = guide.make("style", "reconstruct", image=guide.photo, layer=layer, steps=100, size=224)
        tiles.append(made.tile(layer, f"What {layer} keeps of the photo"))
        commands.append(made.command)
    yield blocks.Row(
        figures=tuple(tiles),
        sentence="Early layers keep every pixel; deeper ones forget exact colours and places and keep what is where.",
        command="\n".join(commands),
        formula="L = Σᵢⱼ (Fᵢⱼ − Pᵢⱼ)² / Σᵢⱼ Pᵢⱼ²",
    )
