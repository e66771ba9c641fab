"""What a section asks for: the photo, the style, the network, and any method by name."""

from __future__ import annotations

import io as memory
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from zorki import blocks, io, jobs, lens, pixels, weights
from zorki.core import settings
from zorki.core.errors import InputError
from zorki.guided.ledger import Ledger
from zorki.jobs.inputs import tensor

SIDE = 1024  # the page shows no more, so nothing larger is worked on


@dataclass(frozen=True)
class Made:
    """A result with the command that makes it alone, the seconds it took and, if asked for, its film."""

    result: Any
    command: str
    seconds: float
    film: bytes | None = None

    def tiles(self, caption: str, alt: str) -> tuple[blocks.Tile, ...]:
        """The tiles of a board, or a picture as one that is called so."""
        return self.result.tiles if isinstance(self.result, jobs.Board) else (self.tile(caption, alt),)

    def tile(self, caption: str, alt: str) -> blocks.Tile:
        return blocks.Tile(pixels=self.result.numpy(), caption=caption, alt=alt, film=self.film)


@dataclass(frozen=True)
class Guide:
    """photo, style: opened and brought to at most 1,024 px. long: whether the dear variants are wanted too.

    namer: a better classifier than the network that is looked into, where one is at hand. photos: many photographs, if the user has some.
    ledger: is told how far what is being made has come. others: guides that ask other networks, by their names, as far as they were needed.
    given: (h, w) of the photo before it was brought to that size; not given: as it is.
    """

    net: lens.Net
    photo: io.Photo
    style: io.Photo
    long: bool = False
    seed: int = 0
    namer: lens.Net | None = None
    photos: io.PhotoSet | None = None
    ledger: Ledger = field(default_factory=Ledger)
    others: dict[str, Guide] = field(default_factory=dict, repr=False)
    given: tuple[int, int] | None = None

    @property
    def names(self) -> Guide:
        """A guide that asks the network which names a photo best."""
        return self if self.namer is None else replace(self, net=self.namer)

    @cached_property
    def brush(self) -> Guide:
        """A guide that asks the network that paints at once, where the other one is and in the float type that it draws with."""
        return self.by(weights.installed(jobs.method("style", "apply").nets))

    def by(self, name: str) -> Guide:
        """A guide that asks another network that ships, likewise."""
        if name not in self.others:
            net = jobs.load(name, device=str(self.net.device))
            self.others[name] = replace(self, net=net.like(net.module, drawing=self.net.drawing))
        return self.others[name]

    def make(self, wing: str, name: str, *, film: bool = False, **given: Any) -> Made:
        """Calls a method. Pictures are given by the method's names for them, options by theirs."""
        method = jobs.method(wing, name)
        pictures = {n: given.pop(n) for n in method.inputs if n in given}
        if self.seed and any(o.name == "seed" for o in settings.options(method.settings)):
            given.setdefault("seed", self.seed)
        reel = memory.BytesIO() if film else None
        job = jobs.Job(method, self.net, pictures, method.fill(None, given), None if reel is None else io.Film(reel, fps=20, format="webp"))
        began = time.monotonic()
        self.ledger.begin()
        for step in job.steps():
            self.ledger.step(step.stage, step.stages, step.i / step.of)
        return Made(job.result(), job.command(), time.monotonic() - began, None if reel is None else reel.getvalue())

    def photo_tile(self, caption: str = "your photo") -> blocks.Tile:
        return blocks.Tile(pixels=self.levels(self.photo), caption=caption, alt="The photo as it was given")

    def style_tile(self) -> blocks.Tile:
        return blocks.Tile(pixels=self.levels(self.style), caption="the style", alt="The picture in whose manner the photo is painted")

    @staticmethod
    def levels(photo: io.Photo) -> blocks.Pixels:
        return pixels.display.levels(tensor(photo))

    @property
    def hw(self) -> tuple[int, int]:
        """Of the photo."""
        return self.photo.pixels.shape[0], self.photo.pixels.shape[1]

    def fitted(self, size: int, layer: str | Sequence[str]) -> tuple[int, int]:
        """The size (h, w) at which a method works on the photo when it is asked for that longest side."""
        return pixels.sizes.fitted(self.net, self.hw, size, layer)

    def stages(self) -> list[str]:
        """The last activation of each block, shallow to deep: relu1_2 … for our own net, else five spread over the depth."""
        table = lens.choosing.mapped(self.net)
        last: dict[str, str] = {}
        for layer in table:
            if layer.name.startswith("relu") and "_" in layer.name:
                last[layer.name[4:].partition("_")[0]] = layer.name
        if len(last) >= 3:
            return list(last.values())
        if not table:
            raise InputError(f"{self.net.name} has no layers with maps.", "The tour shows maps.", "Take a network with convolutions.")
        named = [layer.name for layer in table if "ReLU" in layer.kind] or [layer.name for layer in table]
        return list(dict.fromkeys(named[round(i * (len(named) - 1) / 4)] for i in range(5)))

    @property
    def deep(self) -> str:
        """What is drawn of the last stage but one, where there are parts of things: before what cuts it off."""
        return self.before(self.stages()[-2:][0])

    def before(self, layer: str) -> str:
        """The convolution whose outcome an activation cuts off: drawing climbs it, since it is never dead."""
        names = [x.name for x in self.net.layers() if len(x.shape) == 3]
        twin = layer.replace("relu", "conv")
        return twin if twin in names else layer


def shrunk(photo: io.Photo, side: int = SIDE) -> io.Photo:
    """The photo with that longest side at most; its name and what else it is stay."""
    hw = pixels.sizes.fit(photo.pixels.shape[:2], side)
    if hw == photo.pixels.shape[:2]:
        return photo
    alpha = None if photo.alpha is None else io.resize(photo.alpha[..., None], hw)[..., 0]
    return replace(photo, pixels=io.resize(photo.seen, hw).clip(0, 1), alpha=alpha)


def namer(net: lens.Net, device: str = "auto") -> lens.Net | None:
    """A better classifier for Zorki's own small net, if one is installed; a user's net names by itself."""
    if net.name != weights.DEFAULT:
        return None
    found = weights.installed(weights.NAMERS)
    return None if found == net.name else jobs.load(found, device=device)
