"""Exaggerate what a layer already sees in a photo.

Source: Mordvintsev, Olah, Tyka 2015.
Differs: pictures are 0..1, so the rate is 1.5/255; octaves shrink with antialiasing; the photo's own detail beyond the
size worked at is kept, only the dream is enlarged; several layers are weighed by the size of their gradients; large pictures go in tiles
that add up to the whole picture's gradient; a masked place that stays does not count for the size of a step.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from zorki import pixels
from zorki.core import events
from zorki.core.method import Input
from zorki.core.seeds import seed_for
from zorki.core.settings import Least

if TYPE_CHECKING:
    import torch

    from zorki import lens
    from zorki.wings.see import _dream

INPUTS = {
    "photo": Input("the photo to dream on"),
    "guide": Input("dream of what is in this picture", option=True),
    "mask": Input("where this picture is white it dreams, where it is black the photo stays", option=True, kind="mask"),
    "begin": Input("a dream of the same photo to begin with", option=True, last=True),
}
NETS = ("eye",)
KEPT = 0.5  # of what a dream to begin with differs by


@dataclass(frozen=True)
class Settings:
    layer: tuple[str, ...] | str | None = ()
    "what grows: conv4_1, or channels as conv5_1:12, with weights as 0.5*conv5_1:12, several by repeating; not given: the network's own (conv4_1 in eye)"
    octaves: Annotated[int, Least(1, 20)] = 4
    "sizes climbed, small to large"
    ratio: Annotated[float, Least(1.01, 8)] = 1.4
    "each octave is larger than the last by this"
    steps: Annotated[int, Least(1)] = 10
    "updates in each octave"
    rate: Annotated[float, Least(0, 255)] = 1.5
    "size of an update, in 8-bit levels"
    jitter: Annotated[int, Least(0)] = 32
    "pixels by which the picture is rolled at random, each step"
    size: Annotated[int, Least(1)] = 512
    "longest side worked at"
    full: bool = False
    "go on from there to every pixel of the photo, in tiles"
    frames: Annotated[int, Least(1)] = 1
    "pictures of a film into the dream (--film), each the last one enlarged and dreamt on"
    zoom: Annotated[float, Least(1, 2)] = 1.03
    "how much each frame is enlarged about its centre"
    seed: int = 0
    "the same number gives the same picture"

    def __post_init__(self) -> None:
        """One layer is a list of one; a weight that begins with a minus, which would look like an option, goes behind."""
        given = (self.layer,) if isinstance(self.layer, str) else self.layer or ()
        turned = tuple(re.sub(r"^\s*(-[^*]*)\*(.*)$", r"\2*\1", text) for text in given)
        object.__setattr__(self, "layer", turned)


ALSO = {"layers": "layer"}
PRESETS = {
    "calm": Settings(octaves=3, steps=6),  # a hint of a dream: the photo stays a photo
    "wild": Settings(octaves=6, steps=16, rate=2.0),  # more octaves give larger creatures
    "grand": Settings(octaves=9, ratio=1.3, steps=6),  # as large as the picture: small steps from size to size, few updates in each
    "etched": Settings(octaves=2, ratio=1.3, steps=24, rate=0.8),  # only fine sizes, many small updates: lines as of an engraving
    "voyage": Settings(octaves=2, steps=4, frames=240),  # for --film: gentle, since every frame is dreamt on again
}


def run(
    net: lens.Net,
    photo: torch.Tensor,
    guide: torch.Tensor | None = None,
    mask: torch.Tensor | None = None,
    begin: torch.Tensor | None = None,
    s: Settings = Settings(),
) -> Iterator[pixels.Step]:
    """Climbs octave by octave, carrying only the added detail; with frames, again and again.

    photo, guide, mask, begin: (1, 3, h, w) float32 sRGB in 0..1. Half of what `begin` differs by is dreamt on: so a film, each of whose frames
    begins with the last one, does not run wild. Raises UnknownName for a layer the net lacks, InputError for a channel.
    """
    from zorki.wings.see import _dream

    targets = [target for text in s.layer or (net.pick_layer(None),) for target in _dream.asked(net, text)]
    layers = _dream.layers_of(targets)
    if guide is not None:
        targets = _dream.guided(net, targets, guide, s.size)
    hw = (photo.shape[-2], photo.shape[-1])
    cover = None if mask is None else covering(mask, hw)
    if begin is not None:
        dreamt = pixels.sizes.resize(begin, hw)
        photo = photo.lerp(dreamt, KEPT if cover is None else KEPT * cover)
    sizes = octaves(net, hw, s, layers)
    stages, first = len(sizes) * s.frames, photo
    for frame in range(s.frames):
        if frame:
            calm = _dream.calmed(photo, first)
            photo = _dream.enlarged(calm if cover is None else photo.lerp(calm, cover), s.zoom)
            cover = None if cover is None else _dream.enlarged(cover, s.zoom)
        dream: _dream.Dream | None = None
        for k, size in enumerate(sizes, 1):
            dream = _dream.Dream.at_size(photo, size, cover, dream, s.rate / 255, net.device)

            def show(dream: _dream.Dream = dream, photo: torch.Tensor = photo, cover: torch.Tensor | None = cover) -> torch.Tensor:
                return dream.over(photo, cover)

            yield from _dream.climb(
                net, dream, targets, steps=s.steps, jitter=s.jitter, seed=seed_for(s.seed, "dream", k, *([frame] if frame else [])),
                multiple=net.multiple(layers) if net.step(layers) else 1, show=show, stage=frame * len(sizes) + k, stages=stages,
                shots=None if s.frames == 1 else k == len(sizes),
            )  # fmt: skip
        if s.frames > 1:
            photo = show().cpu()
            first = photo if frame == 0 else first


def covering(mask: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    """A mask (1, 3, h, w) as weights (1, 1, h, w) of the photo's size. Raises InputError for one of another shape."""
    cover = mask.mean(1, keepdim=True)
    pixels.parts.fitting("The mask", (mask.shape[-2], mask.shape[-1]), "the photo", hw)
    cover = pixels.sizes.resize(cover, hw)
    if not bool(cover.any()):
        events.note("The mask is black all over: the photo stays as it is.")
    return cover


def octaves(net: lens.Net, hw: tuple[int, int], s: Settings, layers: list[str]) -> list[tuple[int, int]]:
    """The sizes (h, w) climbed, small to large, none that the net does not take; with `full` up to the photo's own."""
    from zorki.wings.see import _dream

    fitted = pixels.sizes.fitted
    largest = fitted(net, hw, s.size, layers)
    sizes = [fitted(net, largest, round(max(largest) / s.ratio**k), layers) for k in reversed(range(s.octaves))]
    if s.full:
        more = upwards(net, hw, largest, s.ratio, layers)
        sizes = [size for size in sizes if max(size) * 1.1 < max(more[0])] + more  # of two that are nearly one the larger
    sizes = list(dict.fromkeys(sizes))
    while len(sizes) > 1 and not _dream.takes(net, sizes[0], layers):
        sizes = sizes[1:]
    if not _dream.takes(net, sizes[0], layers):  # too small as a whole
        step = net.multiple(layers) if net.step(layers) else 1
        sizes = [(max(sizes[0][0], -(-net.hw[0] // step) * step), max(sizes[0][1], -(-net.hw[1] // step) * step))]
    return sizes


def upwards(net: lens.Net, hw: tuple[int, int], start: tuple[int, int], ratio: float, layers: list[str]) -> list[tuple[int, int]]:
    """The sizes behind `start`, each at most `ratio` times the last, that end at the photo's own size hw."""
    fixed = net.step(layers) == 0
    least = net.hw if fixed else (net.multiple(layers),) * 2
    top = (max(hw[0], least[0]), max(hw[1], least[1]))
    grows = max(a / b for a, b in zip(top, start, strict=True))
    count = max(1, math.ceil(math.log(max(grows, 1)) / math.log(ratio) - 1e-6))
    out = []
    for k in range(1, count):
        if fixed:
            out.append((round(start[0] * (top[0] / start[0]) ** (k / count)), round(start[1] * (top[1] / start[1]) ** (k / count))))
        else:
            out.append(pixels.sizes.fitted(net, hw, round(max(start) * grows ** (k / count)), layers))
    return [*out, top]
