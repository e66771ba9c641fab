"""Every channel of one layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zorki import blocks
from zorki.tour.guide import Guide

ORDER, SECONDS, LONG = 45, 30, True
TITLE = "Every channel of one layer"
LEAD = "A layer is a vocabulary. Here is all of it, with a link for each word."


def build(guide: Guide) -> Iterator[blocks.Block]:
    stages = guide.stages()
    layer = guide.before(stages[len(stages) // 2])
    more: dict[str, Any] = {} if guide.photos is None else {"photos": guide.photos}
    made = guide.make("see", "atlas", layer=layer, **more)
    for section in made.result.blocks.sections:
        yield from section.blocks
