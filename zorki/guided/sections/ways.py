"""What speaks for the photo's likeliest name, by every way of asking."""

from __future__ import annotations

from collections.abc import Iterator

from zorki import blocks
from zorki.guided.guide import Guide
from zorki.guided.ledger import Task
from zorki.guided.work import looking

ORDER, LONG = 15, True
TITLE = "What speaks for it, by every way of asking"
LEAD = "Many ways have been thought of to ask a network which pixels its answer hangs on. They do not agree, and some show the photo more than the network."


WAYS = 1500  # passes of all ways together, each again with random weights


def work(guide: Guide) -> list[Task]:
    net = guide.names.net
    return [(looking(net, net.hw, WAYS),)]


def build(guide: Guide) -> Iterator[blocks.Block]:
    made = guide.names.make("see", "attribution", photo=guide.photo, method="all", sanity=True)
    seen = made.result.raw
    yield blocks.Grid(
        tiles=made.result.tiles,
        sentence=f"What speaks for “{seen.name.split(',')[0]}”. Each map is scaled by its own maximum. "
        "The last number says how alike it is to itself when the weights are put in random places: near 1 it shows the photo, near 0 what was learnt.",
        command=made.command,
        tile_width=200,
    )
