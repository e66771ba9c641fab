"""What single channels answer to, drawn from an empty picture, with a film of one coming into being."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zorki import blocks
from zorki.guided.guide import Guide
from zorki.guided.ledger import Task
from zorki.guided.plan import Plan
from zorki.guided.work import climbing

ORDER = 40
SIDE, FILM = 96, 128  # pixels of a drawing, and of the one that is filmed
STEPS = (32, 48, 80, 112, 128)  # early patterns are there after few steps; a deep one takes its time
TITLE = "What single channels answer to"
LEAD = "Begin with an empty grey picture and change it, step by step, so that one channel answers more and more. What comes up is what that channel looks for."
SENTENCES = (
    "Block 1: plain colours and the finest edges.",
    "Block 2: stripes, grids and colour edges.",
    "Block 3: weaves, scales, dots and curves.",
    "Block 4: tiles, fur, eyes and other parts of things.",
    "Block 5: whole scenes of parts; with some patience one can name them.",
)
FORMULA = "x ← x + η · ∂/∂x [ mean over i, j of aₖ(i, j) ]"


@dataclass(frozen=True)
class Board(Plan):
    channels: int = 8
    film: bool = True
    every: int = 1  # 2: every second layer


MORE = Board(0, "16 channels of each layer", 16)
PLANS = (
    Board(0, "8 channels of each layer"),
    Board(1, "6 channels of each layer", 6),
    Board(2, "4 channels of each layer", 4),
    Board(2, "3 channels of each layer", 3),
    Board(4, "2 channels of each layer", 2),
    Board(4, "2 channels of each layer and no film", 2, film=False),
    Board(4, "2 channels of every second layer and no film", 2, film=False, every=2),
)


def work(guide: Guide, plan: Board) -> list[Task]:
    drawn = [(climbing(guide.net, layer, (SIDE, SIDE), steps, plan.channels),) for layer, steps, _ in layers(guide, plan)]
    return [*drawn, *([(climbing(guide.net, guide.deep, (FILM, FILM), 64),)] if plan.film else [])]


def build(guide: Guide, plan: Board) -> Iterator[blocks.Block]:
    for k, (layer, steps, sentence) in enumerate(layers(guide, plan)):
        made = guide.make("see", "maximize", layer=layer, channel=f"0-{plan.channels - 1}", steps=steps, size=SIDE)
        yield blocks.Grid(
            tiles=made.result.tiles, sentence=sentence, command=made.command, formula=FORMULA if k == 0 else "", tile_width=112
        )
    if not plan.film:
        return
    layer = guide.deep
    film = guide.make("see", "maximize", layer=layer, channel="0", size=FILM, film=True)
    yield blocks.Figure(
        pixels=film.result.numpy(),
        alt=f"Film of channel 0 of {layer} being drawn",
        sentence=f"Channel 0 of {layer} coming into being, one frame a step: first the colours, then the repeating pattern, at last its details.",
        command=film.command + " --film coming-up.webp",
        film=film.film,
    )


def layers(guide: Guide, plan: Board) -> list[tuple[str, int, str]]:
    """What is drawn, in how many steps, and what is said of it. Of every second layer the one with parts of things is among them."""
    all_ = [(guide.before(name), steps, said) for name, steps, said in zip(guide.stages(), STEPS, SENTENCES, strict=False)]
    return all_[(plan.every - 1) % len(all_) :: plan.every]
