"""Show the styles that a brush has, each on one picture, or on a photo of yours.

Source: Dumoulin, Shlens, Kudlur 2017, figure 1 (one network's styles side by side).
Differs: the thumbnails are painted when they are asked for, so that they show what this network does and not what another did.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

from zorki import blocks, pixels
from zorki.core import events
from zorki.core.method import Input
from zorki.core.settings import Least

if TYPE_CHECKING:
    import torch

    from zorki import lens
    from zorki.weights.cards import Style

INPUTS = {"photo": Input("the photo that the styles are shown on; not given: a picture that Zorki draws", option=True)}
NETS = ("brush",)
TASK = "style"
WORDS = True  # the answer is what is printed; pictures are painted only where they are asked for


@dataclass(frozen=True)
class Settings:
    size: Annotated[int, Least(16)] = 320
    "longest side of the pictures that --out shows"


PRESETS: dict[str, Settings] = {}


@dataclass(frozen=True, repr=False)
class Styles:
    """styles: name, title, source and licence of each, in the order of the network's vectors. photo: (1, 3, h, w) in 0..1, what they are shown on."""

    styles: tuple[Style, ...]
    net: lens.Net = field(repr=False)
    photo: torch.Tensor = field(repr=False)

    def __iter__(self) -> Iterator[Style]:
        return iter(self.styles)

    def __len__(self) -> int:
        return len(self.styles)

    def lines(self) -> list[str]:
        """What the command prints: a table."""
        rows = [("name", "title", "source", "licence"), *((s.name, s.title, s.source, s.licence) for s in self.styles)]
        wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return ["  ".join(f"{text:{w}}" for text, w in zip(row, wide, strict=True)).rstrip() for row in rows]

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def answer(self) -> list[dict[str, object]]:
        """What --json gives."""
        return [asdict(style) for style in self.styles]

    def tiles(self) -> list[blocks.Tile]:
        """The picture as each style paints it, under the style's name; painted once."""
        return self.painted

    @cached_property
    def painted(self) -> list[blocks.Tile]:
        from zorki.painting import brushwork

        out = []
        for k, style in enumerate(self.styles):
            weights = [float(i == k) for i in range(len(self.styles))]
            made = pixels.display.levels(brushwork.painted(self.net, self.photo, weights))
            out.append(blocks.Tile(made, style.name, f"The picture painted in the style {style.title}"))
            events.tell("list", k + 1, len(self.styles))
        return out


def run(net: lens.Net, photo: torch.Tensor | None = None, s: Settings = Settings()) -> Styles:
    """photo: (1, 3, h, w) float32 sRGB in 0..1. Raises InputError for a network that is no brush."""
    from zorki.painting import brushwork, sitter

    known = brushwork.opened(net)[1]
    shown = sitter.picture(s.size) if photo is None else pixels.sizes.within(photo, s.size)
    return Styles(known, net, shown)


def page(net: lens.Net, found: Styles, s: Settings, command: str) -> blocks.Page:  # noqa: ARG001
    """A gallery of the styles, the picture itself before them."""
    shown = pixels.display.levels(found.photo)
    itself = blocks.Entry(
        "photo", "the picture itself", blocks.Tile(shown, "the picture itself", "The picture that the styles are shown on")
    )
    painted = (
        blocks.Entry(style.name, style.name, tile, tuple(word for word in (style.title, style.source, style.licence) if word))
        for style, tile in zip(found.styles, found.tiles(), strict=True)
    )
    count = f"{len(found)} style{'s' if len(found) > 1 else ''}"
    gallery = blocks.Gallery(
        (itself, *painted),
        "Each was painted by the network, at once, when this page was made. The name under it is what one types.",
        command=f"zorki style apply photo.jpg --style {found.styles[0].name}",
        tile_width=220,
    )
    mixture = ",".join(f"{style.name}:{2 - k}" for k, style in enumerate(found.styles[:2]))
    lead = f"One picture in every style of {net.name}. They may be mixed, as --style {mixture}, and painted more or less strongly, as --strength 70."
    return blocks.Page(
        title=f"{count} of {net.name}",
        lead=lead,
        sections=(
            blocks.Section("styles", count, "Click a picture to see it large; look for a name, a painter or a licence.", (gallery,)),
        ),
        facts=(("network", net.name), ("styles", str(len(found)))),
        foot="Made by Zorki on this machine. Nothing left it.",
    )
