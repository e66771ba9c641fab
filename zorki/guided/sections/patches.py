"""What excites channels most among many photographs, beside what they answer to when drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from zorki import blocks
from zorki.guided.guide import Guide
from zorki.guided.ledger import Task
from zorki.guided.work import PHOTO, looking

ORDER, PHOTOS = 42, True
TITLE = "The same channels among your photographs"
LEAD = "A drawing shows what a channel likes best; photographs show what it meets. Beside the patches stands what the network made of each, on the way back."


def work(guide: Guide) -> list[Task]:
    return [(looking(guide.net, PHOTO, len(guide.photos or ())),)]


def build(guide: Guide) -> Iterator[blocks.Block]:
    stages = guide.stages()
    layers = ",".join(guide.before(name) for name in stages[1:4] or stages)
    made = guide.make("see", "patches", photos=guide.photos, layer=layers, channel="0-3")
    seen = made.result.raw
    for one, section in zip(seen.layers, made.result.blocks.sections, strict=True):
        said = f"Four channels of {one.layer}, whose units see {one.sees}: drawn, and the parts of {seen.count:,} photographs that excite each most."
        for block in section.blocks:
            yield replace(block, sentence=f"{said} {block.sentence}".strip()) if isinstance(block, blocks.Slide) else block
