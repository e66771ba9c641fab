"""What each layer keeps of the photo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zorki import blocks
from zorki.guided.guide import Guide
from zorki.guided.ledger import Task
from zorki.guided.plan import Plan
from zorki.guided.work import climbing

ORDER = 70
STEPS = 100
TITLE = "What each layer keeps"
LEAD = (
    "Begin with noise and change it until a layer answers as it does to your photo. What comes back is what that layer still knows of it."
)


@dataclass(frozen=True)
class Kept(Plan):
    layers: int = 3
    size: int = 224


PLANS = (
    Kept(0, "3 layers at 224 pixels"),
    Kept(2, "2 layers at 224 pixels", 2),
    Kept(3, "2 layers at 160 pixels", 2, 160),
    Kept(4, "1 layer at 160 pixels", 1, 160),
)


def work(guide: Guide, plan: Kept) -> list[Task]:
    return [(climbing(guide.net, layer, guide.fitted(plan.size, layer), STEPS),) for layer in layers(guide, plan)]


def build(guide: Guide, plan: Kept) -> Iterator[blocks.Block]:
    tiles = [guide.photo_tile()]
    commands = []
    for layer in layers(guide, plan):
        made = guide.make("style", "reconstruct", image=guide.photo, layer=layer, steps=STEPS, size=plan.size)
        tiles.append(made.tile(layer, f"What {layer} keeps of the photo"))
        commands.append(made.command)
    yield blocks.Row(
        figures=tuple(tiles),
        sentence="Early layers keep every pixel; deeper ones forget exact colours and places and keep what is where.",
        command="\n".join(commands),
        formula="L = Σᵢⱼ (Fᵢⱼ − Pᵢⱼ)² / Σᵢⱼ Pᵢⱼ²",
    )


def layers(guide: Guide, plan: Kept) -> list[str]:
    """Of the middle of the net; of fewer the first and the last."""
    some = guide.stages()[1:4] or guide.stages()
    return {1: some[-1:], 2: [*some[:1], *some[1:][-1:]]}.get(plan.layers, some)
