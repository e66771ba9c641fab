"""Every channel of one layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zorki import blocks, jobs
from zorki.guided.guide import Guide
from zorki.guided.ledger import Task
from zorki.guided.work import PHOTO, climbing, looking

ORDER, LONG = 45, True
TITLE = "Every channel of one layer"
LEAD = "A layer is a vocabulary. Here is all of it, with a link for each word."


def work(guide: Guide) -> list[Task]:
    layer = middle(guide)
    s = jobs.method("see", "atlas").settings()
    channels = guide.net.layer(layer).shape[0]
    batches = [min(s.batch, channels - i) for i in range(0, channels, s.batch)]
    drawn = [climbing(guide.net, layer, (s.size, s.size), s.steps, count) for count in batches]
    return [(*([looking(guide.net, PHOTO, len(guide.photos))] if guide.photos else []), *drawn)]


def build(guide: Guide) -> Iterator[blocks.Block]:
    more: dict[str, Any] = {} if guide.photos is None else {"photos": guide.photos}
    made = guide.make("see", "atlas", layer=middle(guide), **more)
    for section in made.result.blocks.sections:
        yield from section.blocks


def middle(guide: Guide) -> str:
    stages = guide.stages()
    return guide.before(stages[len(stages) // 2])
