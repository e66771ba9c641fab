"""Paint one picture in the manner of others, by optimisation.

Source: Gatys, Ecker, Bethge 2016; Gatys et al. 2017 (colours, regions, scale); Crowson 2021 (small sizes first, Adam's state carried on).
Differs: each level's style loss is divided by its distance at the start, so that levels weigh alike in any network; the
colours themselves are one more level, and the start has them already (a small net's first layer alone lets them stray);
average pooling and repeated borders; the photo's own detail beyond the size worked at is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from zorki import pixels
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.method import Input
from zorki.core.settings import Among, Least

if TYPE_CHECKING:
    import torch

    from zorki import io, lens
    from zorki.painting.checkpoint import Checkpoint
    from zorki.wings.style import _transfer

GRID = 320  # longest side of the pictures of a grid
CELLS = (1 / 4, 1.0, 4.0)  # of the weights, in a grid
MIXTURES = ("1,0", "1,1", "0,1")
OPTIMISER = "easel"  # the optimiser's name in the files of --state
INPUTS = {
    "content": Input("the photo that is painted"),
    "style": Input("the picture in whose manner it is painted; several are mixed", kind="pictures", rest=True, twice=True),
    "mask": Input(
        "where it is white its style is painted: the first for the first style …; where none is, the photo stays",
        option=True,
        kind="pictures",
        twice=True,
    ),
    "begin": Input("a picture to begin with, in place of the content", option=True, last=True),
}
NETS = ("eye",)


@dataclass(frozen=True)
class Settings:
    layers: tuple[str, ...] = ()
    "layers whose style is matched; not given: the first ReLU of each block"
    layer_weights: tuple[Annotated[float, Least(0)], ...] = ()
    "how much each of them counts; not given: all alike"
    content_layer: str | None = None
    "layer that holds the content; not given: the last but one block's second ReLU"
    content_weight: Annotated[float, Least(0)] = 0.02
    "how strongly the content is held"
    style_weight: Annotated[float, Least(0)] = 1.0
    "how strongly the style is matched"
    mix: str | None = None
    "shares of the styles, as 2,1; not given: all alike"
    statistics: Annotated[str, Among("zorki.painting.losses")] = "gram"
    "what of the style is compared: Gram matrices, or whole Gaussians by their Wasserstein distance"
    balance: Literal["start", "gatys", "johnson"] = "start"
    "how layers are weighed: by their distances at the start, or as in the papers"
    colours: Literal["style", "luminance", "histogram", "linear"] = "style"
    "whose colours: the style's, or the photo's: by painting its lightness alone, or with a style that was given its colours first"
    style_size: Annotated[float, Least(0.05, 4)] = 1.0
    "size of the style's strokes: the style is looked at as so many times the size of the photo"
    strength: Annotated[float, Least(0, 2)] = 1.0
    "0 is the photo, 1 the painting, more goes beyond"
    variation: Annotated[float, Least(0)] = 0.5
    "how strongly neighbouring pixels are kept alike"
    optimiser: Literal["adam", "lbfgs"] = "adam"
    "what finds the way down"
    start: Literal["content", "noise"] = "content"
    "what is painted over"
    steps: Annotated[int, Least(1)] = 120
    "updates at the first, smallest size; fewer at each larger one"
    rate: Annotated[float, Least(0)] = 0.02
    "size of an update (Adam)"
    size: Annotated[int, Least(1)] = 1024
    "longest side worked at; what is missing to the photo's own size is carried over"
    full: bool = False
    "paint every pixel of the photo, in tiles with the statistics of the whole"
    grid: bool = False
    "a sheet of content weights against style weights, or of mixtures of two styles"
    state: str | None = field(default=None, metadata={"file": True, "resumes": True})
    "a file that holds all when it is stopped; the same command goes on from there"
    seed: int = 0
    "the same number gives the same picture; only a start from noise draws random numbers"


PRESETS = {
    "fast": Settings(),  # ours
    "sketch": Settings(steps=60, size=320, rate=0.03),  # in seconds, to see whether a style suits
    "faithful": Settings(  # nearer to the photo: raw Gram matrices, weighed for the small numbers of `eye`
        balance="johnson", style_weight=5e5, content_weight=1.0, variation=0.0, optimiser="lbfgs", steps=300, size=512
    ),
    "gatys": Settings(balance="gatys", content_weight=1.0, variation=0.0, optimiser="lbfgs", steps=500, size=512),  # their weights
    "johnson": Settings(balance="johnson", content_weight=1.0, variation=1e-6, optimiser="lbfgs", steps=500, size=512),  # of their training
}


def run(
    net: lens.Net,
    content: torch.Tensor,
    style: io.PhotoSet,
    mask: io.PhotoSet | None = None,
    begin: torch.Tensor | None = None,
    s: Settings = Settings(),
) -> Iterator[pixels.Step]:
    """Small size first; yields what the photo looks like by now, in its own size.

    content, begin: (1, 3, h, w) float32 sRGB in 0..1. A style's transparent parts count nowhere. Raises UnknownName for a layer the net
    lacks, InputError for weights, mixtures or masks that do not fit.
    """
    yield from (grid if s.grid else painting)(net, content, style, mask, begin, s)


def painting(
    net: lens.Net,
    content: torch.Tensor,
    style: io.PhotoSet,
    mask: io.PhotoSet | None,
    begin: torch.Tensor | None,
    s: Settings,
    told: bool = True,
) -> Iterator[pixels.Step]:
    """One painting."""
    from zorki.lens.fingerprints import fingerprint
    from zorki.painting import checkpoint
    from zorki.wings.style import _transfer

    problem = _transfer.Problem.of(net, content, style, mask, begin, s)
    if begin is not None and s.start != "content":
        events.note(f"--begin is what is painted over; --start={s.start} is ignored.")
    key = checkpoint.key_of(
        fingerprint(net), replace(s, state=None, strength=0.0), content, begin, problem.covers, *(x for pair in problem.styles for x in pair)
    ) if s.state else ""  # fmt: skip
    saved = checkpoint.Checkpoint.at(s.state, key)
    kept = saved.take("stage", "step", OPTIMISER)
    if kept is None and problem.alike():
        events.note("The photo has this style already: there is nothing to do.")
        yield pixels.Step(1, 1, 1, 1, 0.0, {}, lambda: content)
        return
    yield from painted(problem, saved, kept, s, told)


def painted(
    problem: _transfer.Problem, saved: Checkpoint, kept: dict[str, Any] | None, s: Settings, told: bool = True
) -> Iterator[pixels.Step]:
    """Size by size. What `kept` holds is done already; whoever breaks off leaves the state in the file. told: how long it will take."""
    from zorki.painting.optimiser import PictureOptimiser, paint

    sizes = problem.sizes
    before: tuple[torch.Tensor, torch.Tensor] | None = None  # the photo and its painting, at the size before
    optimiser: PictureOptimiser | None = None
    for k, (hw, steps) in enumerate(zip(sizes, problem.steps, strict=True), 1):
        if kept is not None and k < kept["stage"]:
            continue
        painter, base, done = problem.painter(hw), problem.compared(hw).base, 0
        if kept is not None and k == kept["stage"]:
            optimiser, done = PictureOptimiser(base, s.optimiser, s.rate, problem.grey), kept["step"]
            optimiser.load(kept[OPTIMISER])
        elif optimiser is None or before is None:
            optimiser = PictureOptimiser(problem.start(), s.optimiser, s.rate, problem.grey)
            if told:
                problem.announce(painter, optimiser.picture.detach())
        else:
            optimiser = optimiser.next(hw, pixels.sizes.carry(base, *before))

        def show(picture: torch.Tensor, side: int | None, base: torch.Tensor = base) -> torch.Tensor:
            return problem.carried(base, picture, side)

        def state(step: int, k: int = k, optimiser: PictureOptimiser = optimiser) -> dict[str, Any]:
            return {"stage": k, "step": step, OPTIMISER: optimiser.state()}

        if done >= steps and k == len(sizes):
            events.note("It was finished already.")
            picture = optimiser.picture.detach()
            yield pixels.Step(steps, steps, k, k, optimiser.losses[-1], {}, partial(show, picture, None))
            return
        try:
            for step in paint(optimiser, painter.judge, steps=steps, done=done, stage=k, stages=len(sizes), show=show):
                done = step.i
                if saved.due:
                    saved.keep(state(done))
                yield step
        finally:
            saved.keep(state(done))
        before = base, optimiser.picture.detach().clone()


def grid(
    net: lens.Net, content: torch.Tensor, style: io.PhotoSet, mask: io.PhotoSet | None, begin: torch.Tensor | None, s: Settings
) -> Iterator[pixels.Step]:
    """Small paintings, one after another, on one sheet: content weights downwards; style weights, or mixtures of two styles, across."""
    import torch

    if s.state is not None:
        raise InputError(
            "--state and --grid are both given.", "--state is of one painting, --grid is a sheet of nine.", "Leave one of them out."
        )
    hw = (content.shape[-2], content.shape[-1])
    small = pixels.sizes.resize(content, pixels.sizes.fit(hw, min(s.size, GRID)))
    plain = replace(s, grid=False, state=None, size=min(s.size, GRID))
    cells: dict[str, Settings] = {}
    for c in CELLS:
        weight = s.content_weight * c
        if len(style) == 2:
            cells |= {f"content {weight:g}, mix {mix}": replace(plain, content_weight=weight, mix=mix) for mix in MIXTURES}
        else:
            weights = [s.style_weight * k for k in CELLS]
            cells |= {f"content {weight:g}, style {k:g}": replace(plain, content_weight=weight, style_weight=k) for k in weights}
    sheet = [small.cpu()] * len(cells)

    def paint() -> torch.Tensor:
        return torch.cat(sheet)

    for n, one_of in enumerate(cells.values()):
        for step in painting(net, small, style, mask, begin, one_of, told=n == 0):
            sheet[n] = step.image()
            yield replace(step, stage=n * step.stages + step.stage, stages=len(cells) * step.stages, paint=paint, labels=tuple(cells))
