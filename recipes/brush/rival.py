"""The restated TransformerNet taught one style by the brush's own lesson: `python -m recipes.brush.rival --style wave …`.

Its default is as many pictures as the brush sees of one style; `recipes.brush.figures --rival` measures it like the brush. With `--beside FILE` it
ends with the loss, that of the lesson, of both on photos held back.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from recipes.brush.__main__ import MEASURED, PLAN, RECIPE
from recipes.brush.photos import held_back, learnt_from, read
from recipes.brush.sheet import load
from recipes.brush.styles import STYLES, found, opened
from recipes.brush.transformer import Transformer
from zorki.core import events
from zorki.painting.brush_loss import VIEWS, Look, Targets
from zorki.painting.fitted import with_rows
from zorki.train import Folder, teach
from zorki.wings.style._crops import Photos
from zorki.wings.style._strokes import Recipe, Strokes


class Single(Strokes):
    """All weights at one rate: this net has no vectors of styles."""

    def groups(self) -> list[dict[str, object]]:
        return [{"params": list(self.net.parameters()), "times": 1.0}]


LOOKS = 40  # batches by which both are compared


@torch.no_grad()
def compared(nets: dict[str, torch.nn.Module], photos: Photos, targets: Targets, look: Look, recipe: Recipe) -> None:
    """Prints the loss and its parts, the mean over the same squares and views for each."""
    for name, net in nets.items():
        net.eval()
        lesson = Single(net, photos, targets, look, recipe)  # type: ignore[arg-type]
        found = [lesson.loss(lesson.draw(10**6 + n)) for n in range(LOOKS)]
        parts = " ".join(f"{k} {float(torch.stack([p[k] for _, p in found]).mean()):.4f}" for k in found[0][1])
        print(f"{name:12} loss {float(torch.stack([t for t, _ in found]).mean()):.4f}: {parts}", flush=True)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--style", choices=[s.name for s in STYLES], default="wave")
    p.add_argument("--photos", type=Path, required=True)
    p.add_argument("--paintings", type=Path, nargs="+", required=True)
    p.add_argument("--work", type=Path, required=True)
    p.add_argument("--steps", type=int, default=PLAN.steps // len(STYLES))
    p.add_argument("--rate", type=float, default=1e-3)
    p.add_argument("--beside", type=Path, help=".safetensors of a brush")
    a = p.parse_args()
    style = next(s for s in STYLES if s.name == a.style)
    plan, recipe = replace(PLAN, steps=a.steps, rate=a.rate, warm=min(PLAN.warm, a.steps // 10)), replace(RECIPE, weaker=0.0)
    look, pictures = Look(second=True), learnt_from(a.photos)
    look.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    targets = Targets(look, [opened(found(style, a.paintings))], pictures.crops(MEASURED, recipe.side, np.random.default_rng(1)), VIEWS)
    torch.manual_seed(plan.seed)
    net = Transformer()
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def say(e: events.Event) -> None:
        if e.note or e.step % 20 == 0:
            print(
                f"{time.strftime('%H:%M:%S')} {e.note or f'{e.step} of {e.of}, ' + ' '.join(f'{k} {v:.4f}' for k, v in e.parts.items())}",
                flush=True,
            )

    with events.listen(say):
        taught = Single(net, pictures, targets, look, recipe)  # type: ignore[arg-type]  # it has what a lesson asks of a brush
        teach(taught, Folder(a.work), plan, {k: v for k, v in asdict(recipe).items() if k != "seed"} | {"style": a.style})
    if a.beside is not None:
        net.load_state_dict(load_file(a.work / "last.safetensors"))
        brush, k = load(a.beside), STYLES.index(style)
        alone = with_rows(brush, [{n: v[k] for n, v in brush.vectors().items()}], alone=True)
        compared({"rival": net, "brush": alone}, Photos(read(held_back(a.photos))), targets, look, recipe)


if __name__ == "__main__":
    main()
