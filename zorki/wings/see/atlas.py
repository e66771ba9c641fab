"""Put every channel of a layer on one page to search: its drawing, and the classes it speaks for.

Source: Schubert, Petrov, Carter, Cammarata, Goh, Olah 2020, "OpenAI Microscope", for the form.
Differs: drawn here and now for any network; a channel speaks for the classes whose logit grows most when the channel is doubled in
the picture that was drawn for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from zorki import blocks, explaining, lens, pixels
from zorki.core import events
from zorki.core.method import Input
from zorki.core.numbers import numbers
from zorki.core.settings import Least

if TYPE_CHECKING:
    import torch

    from zorki import io
    from zorki.exciting.index import Index, Search

INPUTS = {"photos": Input("photographs (folders, zips, files): the best patches stand beside each drawing", option=True, kind="pictures")}
NETS = ("eye",)
NINE = 9


@dataclass(frozen=True)
class Settings:
    layer: str | None = None
    "layer whose channels are shown; not given: the network's own (conv4_1 in eye)"
    channel: str = "all"
    "channels: all, 0-63, 1,4,9"
    size: Annotated[int, Least(8)] = 96
    "side of a drawing in pixels"
    steps: Annotated[int, Least(1)] = 64
    "updates of each drawing"
    rate: Annotated[float, Least(0)] = 0.12
    "size of an update"
    jitter: Annotated[float, Least(0)] = 6
    "pixels by which a drawing is shifted at random, each step"
    classes: Annotated[int, Least(0, 10)] = 3
    "how many classes are named for each channel"
    batch: Annotated[int, Least(1)] = 16
    "drawings at a time"
    index: str | None = field(default=None, metadata={"file": True})
    "with --photos: a file for their index, to go on with and to use again; not given: in the user's cache folder"
    seed: int = 0
    "the same number gives the same page"


ALSO = {"channels": "channel"}
PRESETS = {
    "quick": Settings(size=64, steps=32),  # to see in a minute what a layer holds
}


def run(net: lens.Net, photos: io.PhotoSet | None = None, s: Settings = Settings()) -> Iterator[pixels.Step]:
    """Draws the channels in batches; a Step shows all that is done and the batch that is being drawn.

    photos: opened as they are needed; looked through before anything is drawn, unless their index is at hand.

    Raises UnknownName for a layer, InputError for a channel that the net lacks.
    """
    name, channels = named(net, s)
    chosen = numbers(channels, net.layer(name).shape[0], name)
    if photos is not None:
        excited(net, photos, name, s.index)  # first of all: it is kept on the disk, whatever happens then
    yield from pixels.boards.of_channels(
        net, name, chosen, size=s.size, steps=s.steps, rate=s.rate, jitter=s.jitter, batch=s.batch, seed=s.seed
    )  # fmt: skip


def named(net: lens.Net, s: Settings) -> tuple[str, str]:
    """The layer and the channels of it that are asked for."""
    return explaining.targets.layer_of(net, s.layer, s.channel, Settings.channel)


def excited(net: lens.Net, photos: io.PhotoSet, layer: str, file: str | None, quiet: bool = False) -> tuple[Search, Index]:
    """Which photographs excite the layer's channels most: from the cache, or looked for."""
    from zorki.exciting import index, index_files

    search = index.Search(net, photos, [layer], NINE)
    return search, index_files.found(search, file, quiet=quiet)


def page(
    net: lens.Net, drawn: torch.Tensor, labels: Sequence[str], s: Settings, command: str, photos: io.PhotoSet | None = None
) -> blocks.Page:
    """The page of what is drawn so far (n, 3, h, w) in 0..1; labels: its channels as "layer:number", of which the first n are drawn."""
    from zorki.exciting import channel_classes

    name, _ = named(net, s)
    layer = net.layer(name)
    chosen = [int(label.rpartition(":")[2]) for label in labels[: len(drawn)]]
    said = channel_classes.spoken(net, drawn, name, chosen, s.classes)
    cut = {} if photos is None else patches(net, photos, name, chosen, s.index)
    entries = tuple(
        blocks.Entry(
            key=f"{name}-{number}", title=f"{name}:{number}", words=(said[number],) if number in said else (),
            tile=blocks.Tile(pixels=pixels.display.levels(picture), caption=f"{name}:{number}", alt=f"What {name}:{number} answers to"),
            beside=cut.get(number, ()),
        )
        for number, picture in zip(chosen, drawn, strict=True)
    )  # fmt: skip
    sees = layer.receptive_field
    gallery = blocks.Gallery(
        entries,
        "Each picture was drawn from nothing so that the channel answers as strongly as it can. "
        + ("Under it the classes whose logit grows most when the channel is doubled in its own picture. " if said else "")
        + ("Under that the parts of photographs that excite it most." if cut else ""),
        command=command,
    )
    facts = [("network", net.name), ("layer", name), ("channels", f"{len(entries)} of {layer.shape[0]}")]
    if photos is not None:
        facts.append(("photographs", f"{len(photos):,}"))
    if sees is not None:
        facts.append(("each unit sees", f"{sees.size[0]:g} × {sees.size[1]:g} pixels"))
    return blocks.Page(
        title=f"Atlas of {name}",
        lead=f"{'Every channel' if len(entries) == layer.shape[0] else f'{len(entries)} of {layer.shape[0]} channels'} of {name} in {net.name}: what it answers to{', and which things it speaks for' if said else ''}.",
        sections=(
            blocks.Section(name, f"{len(entries)} channels", "Each has a link of its own; click a picture to see it large.", (gallery,)),
        ),
        facts=tuple(facts),
        foot="Made by Zorki on this machine. Nothing left it.",
    )


def patches(net: lens.Net, photos: io.PhotoSet, name: str, chosen: Sequence[int], file: str | None) -> dict[int, tuple[blocks.Mosaic, ...]]:
    """For each channel the nine patches that excite it most."""
    from zorki.exciting import crops

    search, found = excited(net, photos, name, file, quiet=True)
    cut = crops.Cut(search, found, name, tuple(chosen), min(NINE, len(photos) - len(found.failed)), ())
    for k, _ in enumerate(chosen, 1):
        cut.next()
        events.tell("patches", k, len(chosen))
    made = cut.patches()
    return {n: made.mosaics(i) for i, n in enumerate(chosen)}
