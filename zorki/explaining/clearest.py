"""What classes are taken for at their clearest, drawn from nothing: as many as there is time for."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from typing import Any

from zorki import blocks, lens, pixels
from zorki.core import events
from zorki.core.seeds import seed_for

SECONDS, MOST = 20.0, 12  # for all drawings; of so many classes at most
SIZE, STEPS, RATE, JITTER = 96, 64, 0.12, 6.0  # of a drawing, as `see maximize` has them


def section(net: lens.Net, classes: Sequence[tuple[int, str]], run: str) -> blocks.Section:
    """For a page of a training. classes: the net's numbers of them and their names; run: as the commands name it."""
    order = classes[:MOST]
    began, tiles, lines = time.monotonic(), [], []
    for i, (number, name) in enumerate(order):
        taken = time.monotonic() - began
        if i and taken * (i + 1) / i > SECONDS:
            break
        events.tell("drawings", i + 1, len(order))
        tiles.append(blocks.Tile(drawing(net, number), name, f"What {name} is taken for at its clearest"))
        lines.append(f"zorki see maximize --model {shlex.quote(run)} --goal {shlex.quote(f'class:{name}')}")
    left = len(order) - len(tiles)
    said = (
        "Drawn from nothing so that the class is answered to as strongly as it can be: textures and shapes that it goes by, right or wrong."
        + (f" For {left} more there was no time; the command draws each." if left else "")
    )
    return blocks.Section(
        "drawn", "What it learnt to look for", "", (blocks.Grid(tuple(tiles), said, "\n".join(lines[:1]), tile_width=200),)
    )


def drawing(net: lens.Net, number: int) -> blocks.Pixels:
    """What `zorki see maximize --goal class:NUMBER` draws."""
    goal = pixels.objectives.logit(number)
    seed = seed_for(0, str(goal), 0)

    def made(_: Any) -> pixels.boards.Batch:
        return pixels.empty(net, (SIZE, SIZE), [seed]), goal, [seed]

    steps = pixels.boards.board(
        net, [number], 1, made, steps=STEPS, rate=RATE, show=pixels.display.visible, labels=(str(number),), wobble=pixels.Wobble(jitter=JITTER, rolls=True),
    )  # fmt: skip
    *_, last = steps
    return pixels.display.levels(last.image())
