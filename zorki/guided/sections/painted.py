"""The photo painted: at once by a network that learnt many styles, and step by step in one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zorki import blocks
from zorki.guided.guide import Guide
from zorki.guided.ledger import Task
from zorki.guided.plan import Plan
from zorki.guided.work import climbing, looking
from zorki.painting import schedule

ORDER = 80
QUICK = True
TITLE = "Painted"
LEAD = "A style is which patterns go together, wherever they are. Keep what is where from the photo, take what goes together from another picture."
STYLES = ("starry-night", "wave", "scream", "mosaic", "glass", "woodcut")  # as unlike each other as six can be


@dataclass(frozen=True)
class Painted(Plan):
    """size: longest side of what is painted step by step; 0: only what is painted at once."""

    size: int = 384
    steps: int = 120
    rate: float = 0.02


MORE = Painted(0, "a painting at 448 pixels in 120 steps", 448)
PLANS = (
    Painted(0, "a painting at 384 pixels in 120 steps"),
    Painted(3, "a painting at 320 pixels in 60 steps", 320, 60, 0.03),  # fewer steps want to be larger, as in the preset "sketch"
    Painted(4, "a painting at 256 pixels in 60 steps", 256, 60, 0.03),
    Painted(5, "no painting step by step", 0),
)


def work(guide: Guide, plan: Painted) -> list[Task]:
    six: list[Task] = [(looking(guide.brush.net, guide.hw),) for _ in STYLES]
    if not plan.size:
        return six
    layers = guide.stages()
    sizes = schedule.sizes_of(guide.net, guide.hw, plan.size, layers)
    return [*six, tuple(climbing(guide.net, layers[-1], hw, plan.steps * share) for hw, share in zip(sizes, schedule.FINER, strict=False))]


def build(guide: Guide, plan: Painted) -> Iterator[blocks.Block]:
    yield at_once(guide)
    if plan.size:
        yield by_steps(guide, plan)


def at_once(guide: Guide) -> blocks.Block:
    """Six styles of the network that paints."""
    made = {name: guide.brush.make("style", "apply", photo=guide.photo, style=name) for name in STYLES}
    return blocks.Grid(
        tiles=tuple(one.tile(name, f"The photo painted in the style {name}") for name, one in made.items()),
        sentence=f"Painted at once: one small network has learnt {len(guide.brush.net.styles)} styles. All that a style has of its own is two vectors "
        "a layer, by which the maps are scaled and shifted, and nine numbers for the colours. So styles can be mixed, and a slider, --strength, goes from "
        "the photo at 0 to the painting at 100.",
        command="\n".join(one.command for one in made.values()),
        formula="z = γₛ (x − μ) / σ + βₛ",
        tile_width=300,
    )


def by_steps(guide: Guide, plan: Painted) -> blocks.Block:
    """The photo in the manner of any picture."""
    made = guide.make("style", "transfer", content=guide.photo, style=guide.style, steps=plan.steps, size=plan.size, rate=plan.rate)
    return blocks.Row(
        figures=(guide.photo_tile(), guide.style_tile(), made.tile("painted", "The photo in the manner of the style")),
        sentence="Painted step by step, which takes longer and needs no training: any picture is a style. Gram matrices G of five layers say which channels "
        "answer together; they are those of the style, while a deeper layer still answers as to the photo.",
        command=made.command,
        formula="L = α ‖F − P‖² + Σ ‖G − A‖²,  Gᵢⱼ = Σₖ Fᵢₖ Fⱼₖ",
    )
