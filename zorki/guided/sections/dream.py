"""Deep Dream of the photo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zorki import blocks, jobs
from zorki.guided.guide import Guide
from zorki.guided.ledger import Task
from zorki.guided.plan import Plan
from zorki.guided.work import climbing

ORDER = 60
TITLE = "Deep Dream"
LEAD = "Now no single channel is asked for: whatever a layer sees already, it is to see more. Faint likenesses feed on themselves."


@dataclass(frozen=True)
class Dreams(Plan):
    count: int = 2
    size: int = 512


PLANS = (
    Dreams(0, "2 dreams at 512 pixels"),
    Dreams(2, "1 dream at 512 pixels", 1),
    Dreams(3, "1 dream at 384 pixels", 1, 384),
    Dreams(4, "1 dream at 256 pixels", 1, 256),
)


def work(guide: Guide, plan: Dreams) -> list[Task]:
    s = jobs.method("see", "dream").settings()
    sizes = [plan.size / s.ratio**k for k in reversed(range(s.octaves))]
    return [tuple(climbing(guide.net, layer, guide.fitted(round(n), layer), s.steps) for n in sizes) for layer in layers(guide, plan)]


def build(guide: Guide, plan: Dreams) -> Iterator[blocks.Block]:
    dreams = {layer: guide.make("see", "dream", photo=guide.photo, layer=layer, size=plan.size) for layer in layers(guide, plan)}
    deeper = " A deeper layer dreams of larger parts." if plan.count > 1 else ""
    yield blocks.Row(
        figures=(
            guide.photo_tile(),
            *(made.tile(layer, f"The photo, dreamt on by {layer}") for layer, made in dreams.items()),
        ),
        sentence=f"The dream is climbed at four sizes, small to large, so that it holds large shapes and fine ones.{deeper}",
        command="\n".join(made.command for made in dreams.values()),
        formula="x ← x + η · g / mean |g|,  g = ∂/∂x ½ ‖a(x)‖²",
    )


def layers(guide: Guide, plan: Dreams) -> list[str]:
    return [guide.before(name) for name in guide.stages()[-2:][: plan.count]]
