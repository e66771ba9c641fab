"""The photo's feature maps, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator

from zorki import blocks
from zorki.guided.guide import Guide
from zorki.guided.ledger import Task
from zorki.guided.work import looking

ORDER = 30
QUICK = True
TITLE = "Your photo, layer by layer"
LEAD = "Every channel of a layer makes a map of the photo: bright where its pattern is. From layer to layer the maps get coarser and what they find gets richer."
SENTENCES = (
    "The first block still shows the photo: its edges and colours, at full sharpness.",
    "The second block answers to corners, stripes and simple textures.",
    "The third block finds textures and parts of shapes; the photo can still be guessed.",
    "The fourth block marks where parts of things are; most channels stay dark.",
    "The last block says that something is there, and roughly where.",
)


def work(guide: Guide) -> list[Task]:
    return [(looking(guide.net, guide.hw),) for _ in guide.stages()[: len(SENTENCES)]]


def build(guide: Guide) -> Iterator[blocks.Block]:
    for layer, sentence in zip(guide.stages(), SENTENCES, strict=False):
        made = guide.make("see", "maps", photo=guide.photo, layer=layer, count=8)
        field = guide.net.layer(layer).receptive_field
        sees = f" One unit of {layer} sees {field.size[1]}×{field.size[0]} pixels." if field else ""
        yield blocks.Grid(tiles=made.result.tiles, sentence=sentence + sees, command=made.command, crisp=True, tile_width=112)
