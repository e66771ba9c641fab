"""Paint photos at once, in one of many styles or a mixture, as strongly as you like.

Source: Dumoulin, Shlens, Kudlur 2017; Gatys et al. 2017 (the photo's colours kept by painting its lightness alone).
Differs: a large photo is painted in strips with the statistics of the whole, so that a print's size fits any memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from zorki import pixels
from zorki.core import events
from zorki.core.errors import InputError, UnknownName
from zorki.core.method import Input
from zorki.core.settings import Least

if TYPE_CHECKING:
    import torch

    from zorki import io, lens

INPUTS = {
    "photo": Input("the photo that is painted", kind="photo"),
    "from_": Input("a painting that a new style is fitted to, which is kept under --name", option=True, kind="photo"),
    "mask": Input("where this picture is white it is painted, where it is black the photo stays", option=True, kind="mask"),
}
NETS = ("brush",)
TASK = "style"


@dataclass(frozen=True)
class Settings:
    style: str | None = None
    "the style, as wave; or several with their weights, as wave:2,scream:1; style list shows them"
    name: str | None = None
    "what the new style of --from is called; not given: as the painting's file"
    strength: Annotated[float, Least(0, 100)] = 100.0
    "how strongly it is painted: 0 is the photo, 100 the painting"
    colours: Literal["style", "photo"] = "style"
    "whose colours: the style's, or the photo's, of which the lightness alone is painted"
    only: str | None = None
    "paint nothing but these classes of what is seen, as people, background, or car,road; the edges are a network's guess"
    size: Annotated[int, Least(1)] | None = None
    "longest side worked at: the smaller it is, the larger the strokes; not given: every pixel is painted"


PRESETS: dict[str, Settings] = {}


def run(
    net: lens.Net, photo: io.Photo, from_: io.Photo | None = None, mask: torch.Tensor | None = None, s: Settings = Settings()
) -> Iterator[pixels.Step]:
    """One step: the photo painted, (1, 3, h, w) float32 sRGB in 0..1, in its own size.

    from_: a painting; it is painted in the style that was fitted to it, or is now. mask: (1, 3, h, w) in 0..1. Raises UnknownName for a style that the network lacks, and for none, which no other photo will have either; InputError
    for --from with --style, --name alone or one that is taken, for weights that are none, for a network that is no brush, and for a mask of another shape.
    """
    import torch

    from zorki.painting import brushwork

    names = [style.name for style in brushwork.opened(net)[1]]
    text = s.style if from_ is None else fitted_to(net, from_, photo, s)
    if from_ is None and s.name is not None:
        raise InputError(
            f"--name={s.name} names no style.", "It is what the new style of --from is called.", "Give --from too, or leave --name out."
        )
    if text is None:
        do = f"Give --style={names[0]}, say; `zorki style list --out=styles.html` shows them."
        raise UnknownName("No style is given.", f"{net.name} has {', '.join(names)}.", do)
    weights = brushwork.weights_of(net, text)
    cover = None if mask is None else covering(mask, photo.hw)
    if s.only is not None:
        there = seen_as(photo, s.only)
        cover = there if cover is None else cover * there
    x = torch.from_numpy(photo.seen if s.strength else photo.pixels).permute(2, 0, 1)[None]
    if s.strength:
        out = painted(net, x, weights, s)
        brushwork.lay(x, out, s.colours == "photo", cover)
        x = out
    yield pixels.Done.of_picture(x)


def fitted_to(net: lens.Net, painting: io.Photo, photo: io.Photo, s: Settings) -> str:
    """The name of that painting's style. Raises InputError where another is asked for too."""
    from zorki.wings.style import _own

    if s.style is not None:
        do = "Fit it first; then mix them, as --style=mine,wave."
        raise InputError(f"--from and --style={s.style} are both given.", "--from paints in its new style alone.", do)
    return _own.style_of(net, painting, photo, s.name)


def painted(net: lens.Net, x: torch.Tensor, weights: list[float], s: Settings) -> torch.Tensor:
    """All of the photo painted, at the size that is asked for, in its own."""
    from zorki.painting import brushwork
    from zorki.painting.enlarging import enlarged

    small = pixels.sizes.within(x, s.size)
    out = brushwork.painted(
        net, small, weights, s.strength / 100, lambda share: events.tell("apply", round(1000 * share), 1000, unit="share")
    )
    return out if out.shape == x.shape else enlarged(x, small, out)


def seen_as(photo: io.Photo, classes: str) -> torch.Tensor:
    """How far each pixel is of those classes, (1, 1, h, w) in 0..1. Raises UnknownName for a class that no network that ships knows."""
    import torch

    from zorki.segmenting import regions

    cover, net = regions.cover(torch.from_numpy(photo.seen).permute(2, 0, 1)[None], classes)
    there = float(cover.max()) > 0.5
    events.note(f"Where {classes} are is as {net} sees it." if there else f"{net} sees no {classes}: the photo stays nearly as it is.")
    return cover


def covering(mask: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    """A mask (1, 3, h, w) as weights (1, 1, h, w) of the photo's size. Raises InputError for one of another shape."""
    pixels.parts.fitting("The mask", (mask.shape[-2], mask.shape[-1]), "the photo", hw)
    cover = pixels.sizes.resize(mask.mean(1, keepdim=True), hw)
    if not bool(cover.any()):
        events.note("The mask is black all over: the photo stays as it is.")
    return cover
