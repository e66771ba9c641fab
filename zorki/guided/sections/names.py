"""What the network thinks it is, and where it looks."""

from __future__ import annotations

from collections.abc import Iterator

from zorki import blocks
from zorki.guided.guide import Guide
from zorki.guided.ledger import Task
from zorki.guided.work import looking

ORDER = 10
QUICK = True
TITLE = "What it thinks this is"
LEAD = "The network gives every class that it knows a share of its belief. It knows nothing else: whatever you show it must be one of them."


def work(guide: Guide) -> list[Task]:
    net = guide.names.net
    return [(looking(net, net.hw, passes=2),)]


def build(guide: Guide) -> Iterator[blocks.Block]:
    made = guide.names.make("see", "attribution", photo=guide.photo)
    seen = made.result.raw
    count = len(guide.names.net.classes or ())
    who = f" {guide.namer.name} gives the names here, since it knows more; what follows looks into {guide.net.name}." if guide.namer else ""
    yield blocks.Bars(
        rows=tuple((name.split(",")[0], round(100 * share, 1)) for name, share in seen.top),
        sentence=f"Its five likeliest answers among the {count or 'many'} things it knows. A thing that is not among them gets the nearest name.{who}",
        command=made.command,
    )
    yield blocks.Row(
        figures=made.result.tiles,
        sentence=f"Bright is what speaks for “{seen.name.split(',')[0]}”: the last maps, each weighed by how much the answer would grow with it.",
        command=made.command,
        formula="M = max(0, Σₖ wₖ Aₖ),  wₖ = mean over i, j of ∂y / ∂Aₖᵢⱼ",
    )
