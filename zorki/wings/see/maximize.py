"""Draw what a channel answers to: gradient ascent from an empty picture, or onto a photo.

Source: Erhan et al. 2009; Olah, Mordvintsev, Schubert 2017, "Feature Visualization"; Fel et al. 2023 (MACO).
Differs: one resampling moves the picture, which wraps around; fewer, larger steps at 96 px, since a wider picture only repeats the
pattern; MACO's phases are moved as the other canvases are, not cropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

from zorki import explaining, io, lens, pixels
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.method import Input
from zorki.core.numbers import numbers
from zorki.core.seeds import seed_for
from zorki.core.settings import Least

if TYPE_CHECKING:
    import torch

    from zorki.explaining.directions import Direction

INPUTS = {
    "on": Input("draw onto this photo instead of an empty picture", option=True),
    "like": Input(
        "draw from nothing what the layer answers to this photo: its caricature; with the goal `like` what the whole net does", option=True
    ),
    "towards": Input("the goal `towards`: a direction among the net's answers, a vector in a .npy file", option=True, kind="vector"),
}
NETS = ("eye",)


@dataclass(frozen=True)
class Settings:
    layer: str | None = None
    "layer whose channels are drawn; not given: the network's own (conv4_1 in eye)"
    channel: str = "0-15"
    "channels: 7, 0-63, 1,4,9 or all"
    goal: str | None = None
    "in place of channels: sums and differences, as 'conv4_1:3 - conv4_1:9', 'class:espresso', 'conv3_1', 'like', 'towards'"
    token: int | None = None
    "with the goals like and towards and a net that gives tokens: the one compared, 0 the first; not given: their mean"
    unit: Literal["channel", "neuron"] = "channel"
    "whether a channel's whole map is climbed or its middle unit alone"
    canvas: Literal["fourier", "maco", "pixels"] = "fourier"
    "what is changed: a spectrum, phases alone (with the amplitudes of photographs), or plain pixels"
    different: Annotated[int, Least(1, 16)] = 1
    "how many pictures of each, as unlike each other as can be"
    variety: Annotated[float, Least(0)] = 1.0
    "how strongly these are to differ"
    size: Annotated[int, Least(8)] = 96
    "side of a drawing in pixels; with a photo its longest side"
    steps: Annotated[int, Least(1)] = 64
    "updates of the picture"
    rate: Annotated[float, Least(0)] = 0.12
    "size of an update"
    jitter: Annotated[float, Least(0)] = 6
    "pixels by which the picture is shifted at random, each step"
    keep: float = 1.0
    "with --on: how strongly the photo is held on to"
    batch: Annotated[int, Least(1)] = 16
    "drawings at a time"
    seed: int = 0
    "the same number gives the same picture"


ALSO = {"channels": "channel"}
PRESETS = {
    "quick": Settings(steps=32, rate=0.15),  # half the steps: patterns are there, edges are softer
    "fine": Settings(size=192, steps=256, rate=0.05),  # for one picture that is to be printed
}


def run(
    net: lens.Net,
    on: torch.Tensor | None = None,
    like: torch.Tensor | None = None,
    s: Settings = Settings(),
    towards: io.Vector | None = None,
) -> Iterator[pixels.Step]:
    """Climbs the mean of each channel's map, in batches; a Step shows all that is done and the batch that is being drawn.

    on, like: (1, 3, h, w) float32 sRGB in 0..1. Raises UnknownName for a layer or class, InputError for a channel that the net
    lacks, a goal that cannot be read, a direction that is not the net's, or options that exclude each other.
    """
    import torch

    if net.channels > 3:
        events.note(f"{net.name} takes {net.channels} channels: the first three are shown as red, green and blue.")
    layer, drawings, objective = planned(net, like, s, towards)
    hw = size_of(net, on if on is not None else like, s.size, layer if objective is None else None)
    small = None if on is None else as_taken(net, pixels.sizes.resize(on, hw).to(net.device))
    if like is not None and objective is None:
        objective = pixels.objectives.caricature(layer, seen(net, pixels.sizes.resize(like, hw), layer))
    placed = s.unit != "channel" or (objective is not None and objective.placed)
    rolls = small is None and like is None and s.canvas != "pixels" and not placed
    at_once = max(1, min(s.batch, net.batch or s.batch) // s.different)

    def batch(some: Sequence[tuple[str, int | None]]) -> pixels.boards.Batch:
        each = [(layer if n is not None else label, n or 0, j) for label, n in some for j in range(s.different)]
        seeds = [seed_for(s.seed, name, n, *([j] if j else [])) for name, n, j in each]
        climbed = objective if objective is not None else climb_of(s.unit)(layer, [n for _, n, _ in each])
        if s.different > 1:
            climbed = climbed + s.variety * pixels.objectives.variety(layer, s.different)
        if small is not None:
            climbed = climbed - s.keep * pixels.objectives.nearness(small)
        return canvas_of(net, hw, seeds, small, s.canvas), climbed, seeds

    def show(picture: torch.Tensor) -> torch.Tensor:
        if on is not None and small is not None:
            picture = torch.cat([pixels.sizes.carry(on.to(picture.device), small, p[None]) for p in picture])
        return pixels.display.visible(picture)

    yield from pixels.boards.board(
        net, drawings, at_once, batch, steps=s.steps, rate=s.rate, show=show,
        labels=tuple(f"{label}{f' #{j + 1}' if s.different > 1 else ''}" for label, _ in drawings for j in range(s.different)),
        wobble=pixels.Wobble(jitter=s.jitter, rolls=rolls),
    )  # fmt: skip


def planned(
    net: lens.Net, like: torch.Tensor | None, s: Settings, towards: io.Vector | None = None
) -> tuple[str, list[tuple[str, int | None]], pixels.objectives.Objective | None]:
    """The layer that is read, what is drawn (its label, its channel), and the goal where it is not one channel each."""
    text = "towards" if s.goal is None and towards is not None else s.goal
    if text is not None:
        objective = explaining.goals.goal(net, text, directed(net, like, towards, s.token))
        if like is not None and "like" not in [term.text for term in objective.terms]:
            raise InputError("--like and --goal are both goals.", "One is climbed.", "Leave one out, or write like into the goal.")
        read = [name for name in objective.reads if name != pixels.objectives.LOGITS]
        return read[-1] if read else named(net, s)[0], [(str(objective), None)], objective
    name, channels = named(net, s)
    if like is not None:
        return name, [(f"caricature by {name}", None)], None
    count = net.layer(name).shape[0]
    default = channels == Settings.channel and count < 16  # a small layer has fewer than the first sixteen
    return name, [(f"{name}:{n}", n) for n in numbers("all" if default else channels, count, name)], None


def named(net: lens.Net, s: Settings) -> tuple[str, str]:
    """The layer and the channels of it that are asked for."""
    return explaining.targets.layer_of(net, s.layer, s.channel, Settings.channel)


def directed(net: lens.Net, like: torch.Tensor | None, towards: io.Vector | None, token: int | None) -> dict[str, Direction]:
    """The directions that a goal may name."""
    from zorki.explaining.directions import direction

    found = {
        "like": like is not None and direction(net, like, None, token),
        "towards": towards is not None and direction(net, None, towards, token),
    }
    return {name: replace(one, name=name) for name, one in found.items() if one}


def climb_of(unit: str) -> Callable[[str, list[int]], pixels.objectives.Objective]:
    """What is climbed for one channel a picture."""
    return pixels.objectives.channels if unit == "channel" else pixels.objectives.neurons


def size_of(net: lens.Net, photo: torch.Tensor | None, size: int, layer: str | None) -> tuple[int, int]:
    """The size drawn at: the photo's shape where there is one; what the net takes."""
    if photo is not None:
        return pixels.sizes.fitted(net, (photo.shape[-2], photo.shape[-1]), size, layer)
    return (size, size) if net.step(layer) == 1 else pixels.sizes.fitted(net, (size, size), size, layer)


def canvas_of(net: lens.Net, hw: tuple[int, int], seeds: list[int], small: torch.Tensor | None, kind: str) -> pixels.Canvas:
    """What is changed, one picture a seed: empty, or the photo."""
    if kind == "maco":
        if net.channels != 3:
            raise InputError(
                f"{net.name} takes {net.channels} channels.",
                "The amplitudes of photographs are known for colours.",
                "Use --canvas=fourier.",
            )
        return pixels.Maco(hw, seeds, start=small, device=net.device)
    start = None if small is None else small.expand(len(seeds), -1, -1, -1)
    if kind == "pixels":
        if net.channels == 3 and not net.colours:
            return pixels.Uncoloured(pixels.Plain(start[:, :1] if start is not None else pixels.grey(hw, seeds, 1).to(net.device)))
        return pixels.Plain(start if start is not None else pixels.grey(hw, seeds, net.channels).to(net.device))
    return pixels.empty(net, hw, seeds, start)


def as_taken(net: lens.Net, photo: torch.Tensor) -> torch.Tensor:
    """A photo (1, 3, h, w) in the channels that the net takes, grey for one that knows no colours. Raises InputError for a number that is neither one nor three."""
    from zorki.lens.inputs import grey

    if net.channels == 3:
        return photo if net.colours else grey(photo, 1, net.name).expand(-1, 3, -1, -1)
    return grey(photo, net.channels, net.name)


def seen(net: lens.Net, photo: torch.Tensor, layer: str) -> torch.Tensor:
    """What the layer gives for a photo."""
    import torch

    with torch.no_grad(), net.quiet():
        return lens.capture(net, photo.to(net.device), layer, grad=False)[layer].float()
