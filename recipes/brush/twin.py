"""What the lesson's noise stability is worth: `python -m recipes.brush.twin FILE --stable 0 --work FOLDER …`.

Goes on teaching the brush in FILE, with that weight of `stable` and all else as it was. `recipes.brush.steady` compares what comes of it; a brush
that was held still for all its life and is let loose at its end has less to lose than one that never was, so the comparison flatters the loose one.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, replace
from pathlib import Path

import torch

from recipes.brush.__main__ import PLAN, RECIPE, lesson
from recipes.brush.sheet import load
from recipes.brush.styles import STYLES
from zorki.core import events
from zorki.train import Folder, teach


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("file", type=Path, help=".safetensors of a brush")
    p.add_argument("--stable", type=float, required=True)
    p.add_argument("--photos", type=Path, required=True)
    p.add_argument("--paintings", type=Path, nargs="+", required=True)
    p.add_argument("--work", type=Path, required=True)
    p.add_argument("--steps", type=int, default=1000)
    p.add_argument("--rate", type=float, default=1e-3)
    p.add_argument("--compile", action="store_true")
    a = p.parse_args()
    plan = replace(PLAN, steps=a.steps, rate=a.rate, warm=50, average=0.99)
    recipe = replace(RECIPE, stable=a.stable, calm=0)

    def say(e: events.Event) -> None:
        if e.note or e.step % plan.tell == 0:
            print(f"{time.strftime('%H:%M:%S')} {e.note or f'{e.step} of {e.of}, ' + ' '.join(f'{k} {v:.4f}' for k, v in e.parts.items())}")

    with events.listen(say), torch.random.fork_rng(devices=[]):
        taught = lesson(a.photos, a.paintings, recipe, plan.seed, a.compile)
        taught.net.load_state_dict(load(a.file).state_dict())
        taught.net.requires_grad_(True)
        teach(taught, Folder(a.work), plan, {k: v for k, v in asdict(recipe).items() if k != "seed"} | {"styles": [s.name for s in STYLES]})


if __name__ == "__main__":
    main()
