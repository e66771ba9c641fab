"""The photo painted in a style."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zorki import blocks
from zorki.guided.guide import Guide
from zorki.guided.ledger import Task
from zorki.guided.plan import Plan
from zorki.guided.work import climbing
from zorki.painting import schedule

ORDER = 80
TITLE = "Painted"
LEAD = "A style is which patterns go together, wherever they are. Keep what is where from the photo, take what goes together from another picture."


@dataclass(frozen=True)
class Painted(Plan):
    size: int = 384
    steps: int = 120
    rate: float = 0.02


MORE = Painted(0, "a painting at 448 pixels in 120 steps", 448)
PLANS = (
    Painted(0, "a painting at 384 pixels in 120 steps"),
    Painted(3, "a painting at 320 pixels in 60 steps", 320, 60, 0.03),  # fewer steps want to be larger, as in the preset "sketch"
    Painted(4, "a painting at 256 pixels in 60 steps", 256, 60, 0.03),
)


def work(guide: Guide, plan: Painted) -> list[Task]:
    layers = guide.stages()
    sizes = schedule.sizes_of(guide.net, guide.hw, plan.size, layers)
    return [tuple(climbing(guide.net, layers[-1], hw, plan.steps * share) for hw, share in zip(sizes, schedule.FINER, strict=False))]


def build(guide: Guide, plan: Painted) -> Iterator[blocks.Block]:
    made = guide.make("style", "transfer", content=guide.photo, style=guide.style, steps=plan.steps, size=plan.size, rate=plan.rate)
    yield blocks.Row(
        figures=(guide.photo_tile(), guide.style_tile(), made.tile("painted", "The photo in the manner of the style")),
        sentence="Gram matrices G of five layers say which channels answer together; they are those of the style, while a deeper layer still answers as to the photo.",
        command=made.command,
        formula="L = α ‖F − P‖² + Σ ‖G − A‖²,  Gᵢⱼ = Σₖ Fᵢₖ Fⱼₖ",
    )
