"""Makes `brush`, the network that Zorki ships: `python -m recipes.brush --photos FOLDER --paintings FOLDER --work FOLDER`.

Called again it goes on where it was broken off; when the training has ended it writes brush.safetensors and its card.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import torch

from recipes.brush import own
from recipes.brush.export import write
from recipes.brush.photos import learnt_from
from recipes.brush.styles import STYLES, found, opened
from zorki.core import events
from zorki.nets.brush import Brush
from zorki.painting.brush_loss import VIEWS, Look, Targets
from zorki.train import Folder, Plan, teach
from zorki.wings.style._strokes import Recipe, Strokes

PLAN = Plan(steps=20_000, rate=3e-3, warm=300, average=0.999, clip=1.0, seed=0)
RECIPE = Recipe()
MEASURED = 32  # photographs by whose distances from each style that style's are divided


def lesson(photos: Path, folders: list[Path], recipe: Recipe, seed: int, compiled: bool) -> Strokes:
    """All opened, the net with its first numbers."""
    look, pictures = Look(second=True).to(memory_format=torch.channels_last), learnt_from(photos)  # type: ignore[call-overload]
    practice = pictures.crops(MEASURED, recipe.side, np.random.default_rng(1))
    targets = Targets(look, [opened(found(s, folders)) for s in STYLES], practice, VIEWS)
    torch.manual_seed(seed)
    net = Brush(len(STYLES)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Strokes(net, pictures, targets, look, recipe, compiled, [s.often for s in STYLES])


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--photos", type=Path, required=True, help="the folder of the zips of photographs")
    p.add_argument("--paintings", type=Path, required=True, help="the folder of the paintings")
    p.add_argument("--work", type=Path, required=True, help="where the run is kept, outside the checkout")
    p.add_argument("--out", type=Path, help="where brush.safetensors and brush.toml go when the training ends")
    p.add_argument("--compile", action="store_true", help="a third faster, after some minutes; needs a C++ compiler")
    for kind, usual in ((Plan, PLAN), (Recipe, RECIPE)):
        for f in fields(kind):
            value = getattr(usual, f.name)
            if f.name != "seed" or kind is Plan:
                p.add_argument(f"--{f.name}", type=type(value), default=value)
    a = vars(p.parse_args())
    plan = Plan(**{f.name: a[f.name] for f in fields(Plan)})
    recipe = Recipe(**{f.name: a[f.name] for f in fields(Recipe)})
    folder = Folder(a["work"])
    if not all((a["work"] / "own" / f"{name}.png").exists() for name in own.OWN):
        own.draw(a["work"] / "own")
    began = time.monotonic()

    def say(e: events.Event) -> None:
        if e.note or e.step % plan.tell == 0:
            parts = " ".join(f"{k} {v:.4f}" for k, v in e.parts.items())
            print(f"{time.strftime('%H:%M:%S')} {e.note or f'{e.step} of {e.of}, {parts}, {time.monotonic() - began:.0f} s'}", flush=True)

    with events.listen(say):
        taught = lesson(a["photos"], [a["paintings"], a["work"] / "own"], recipe, plan.seed, a["compile"])
        teach(taught, folder, plan, {k: v for k, v in asdict(recipe).items() if k != "seed"} | {"styles": [s.name for s in STYLES]})
    if a["out"] is not None:
        print(write(folder, a["out"], len(taught.photos.pictures)))


if __name__ == "__main__":
    main()
