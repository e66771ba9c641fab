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
LEAD = "A drawing shows what a channel likes best; photographs show what it meets. Under each patch stands what the network made of it, on the way back."


def work(guide: Guide) -> list[Task]:
    return [(looking(guide.net, PHOTO, len(guide.photos or ())),)]


def build(guide: Guide) -> Iterator[blocks.Block]:
    stages = guide.stages()
    layers = ",".join(guide.before(name) for name in stages[1:4] or stages)
    made = guide.make("see", "patches", photos=guide.photos, layer=layers, channel="0-3", count=6)
    seen, columns = made.result.raw, made.result.columns or 1
    for one in seen.layers:
        yield blocks.Grid(
            tiles=tuple(replace(tile, caption="" if k % columns else tile.caption) for k, tile in enumerate(one.tiles())),
            sentence=f"Four channels of {one.layer}, whose units see {one.sees}: drawn, and the parts of {seen.count:,} photographs that excite each most.",
            command=made.command if one is seen.layers[-1] else "",
            crisp=True,
            columns=columns,
        )
    if missing := guide.photos.missing if guide.photos is not None else []:
        some = ", ".join(name for name, _ in missing[:10])
        yield blocks.Note(
            f"{len(missing)} of {seen.count:,} photographs could not be read and are left out: {some}{' …' if len(missing) > 10 else ''}."
        )
