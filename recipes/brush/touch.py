"""More steps for single styles of a brush that is trained: `python -m recipes.brush.touch FILE --styles udnie --work FOLDER …`.

Only the vectors of these styles learn, so all others paint as before, to the bit. The lesson is the brush's own, with another weight of the photo's
content: a style that is left far from its painting while it keeps much of the photo has some to give.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from recipes.brush.__main__ import PLAN, RECIPE, lesson
from recipes.brush.sheet import load
from recipes.brush.styles import STYLES
from zorki.core import events
from zorki.train import Folder, teach


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("file", type=Path, help=".safetensors of a brush")
    p.add_argument("--styles", nargs="+", required=True, choices=[s.name for s in STYLES])
    p.add_argument("--content", type=float, default=RECIPE.content)
    p.add_argument("--photos", type=Path, required=True)
    p.add_argument("--paintings", type=Path, nargs="+", required=True)
    p.add_argument("--work", type=Path, required=True)
    p.add_argument("--steps", type=int, default=300)
    p.add_argument("--rate", type=float, default=PLAN.rate)
    a = p.parse_args()
    plan = replace(PLAN, steps=a.steps, rate=a.rate, warm=20, average=0.98, tell=20)
    recipe = replace(RECIPE, content=a.content, weaker=0.0, calm=0)

    def say(e: events.Event) -> None:
        if e.note or e.step % plan.tell == 0:
            parts = " ".join(f"{k} {v:.4f}" for k, v in e.parts.items())
            print(f"{time.strftime('%H:%M:%S')} {e.note or f'{e.step} of {e.of}, {parts}'}", flush=True)

    with events.listen(say):
        taught = lesson(a.photos, a.paintings, recipe, plan.seed, False)
        taught.often = np.array([s.name in a.styles for s in STYLES], np.float64) / len(a.styles)
        taught.net.load_state_dict(load(a.file).state_dict())
        rows = set(taught.net.vectors())
        for name, number in taught.net.named_parameters():
            number.requires_grad_(name in rows)
        teach(taught, Folder(a.work), plan, {k: v for k, v in asdict(recipe).items() if k != "seed"} | {"styles": [s.name for s in STYLES]})


if __name__ == "__main__":
    main()
