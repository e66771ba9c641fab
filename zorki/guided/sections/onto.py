"""The same channel drawn onto the photo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zorki import blocks
from zorki.guided.guide import Guide
from zorki.guided.ledger import Task
from zorki.guided.plan import Plan
from zorki.guided.work import climbing

ORDER = 50
STEPS = 40
NAMED = ("Channel 0", "Channels 0 and 1", "Channels 0, 1 and 2")
TITLE = "The same channels, drawn onto your photo"
LEAD = "Begin with the photo instead of an empty picture: each channel bends what is there towards what it likes."


@dataclass(frozen=True)
class Onto(Plan):
    channels: int = 3
    size: int = 256


PLANS = (
    Onto(0, "3 channels at 256 pixels"),
    Onto(1, "2 channels at 256 pixels", 2),
    Onto(2, "1 channel at 256 pixels", 1),
    Onto(4, "1 channel at 192 pixels", 1, 192),
)


def work(guide: Guide, plan: Onto) -> list[Task]:
    return [(climbing(guide.net, guide.deep, guide.fitted(plan.size, guide.deep), STEPS, plan.channels),)]


def build(guide: Guide, plan: Onto) -> Iterator[blocks.Block]:
    layer = guide.deep
    made = guide.make(
        "see", "maximize", on=guide.photo, layer=layer, channel=("0", "0-1", "0-2")[plan.channels - 1], size=plan.size, steps=STEPS
    )
    yield blocks.Row(
        figures=(guide.photo_tile(), *made.tiles(f"{layer}:0", f"The photo with channel 0 of {layer} drawn onto it")),
        sentence=f"{NAMED[plan.channels - 1]} of {layer}, as drawn above, on the photo. A second term of the sum holds on to it.",
        command=made.command,
        formula="x ← x + η · ∂/∂x [ mean aₖ − λ · mean (x − photo)² ]",
    )
