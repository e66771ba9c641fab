"""Makes `locator`: `python -m recipes.locator --data FOLDER --work FOLDER [--out FOLDER] [--page PAGE.html]`; FOLDER is Tiny-ImageNet's, with boxes.csv.gz.

It begins as `eye`: the trunk with its numbers, the classes with those of its last layer; the box begins with nothing. What is held back is what was held back from `eye`,
so neither has seen it. Called again it goes on where it was broken off.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from recipes.locator.pictures import Boxes, held_set, read
from recipes.shipping import state_of, written
from zorki import encoding, lens, weights
from zorki.locating import guessing, judging
from zorki.nets.locator import Locator
from zorki.report import render
from zorki.train import Folder, Plan, choosing, teach
from zorki.wings.locate import _page
from zorki.wings.locate._augment import Changes
from zorki.wings.locate._lesson import Recipe
from zorki.wings.locate._one import One
from zorki.wings.locate._stock import Stock

SIDE, WIDTH, BATCH, STEPS, SEED = 64, 128, 128, 7000, 0
CHANGES = Changes(SIDE, fit="stretch", whole=0.5, smallest=0.9, largest=1.4, stretch=1.2, kept=True)
RECIPE = Recipe(200, BATCH, box_loss="iou", box=3.0, smooth=0.1, slow=0.4, freeze=2, seed=SEED)
CARD = {
    "title": "One of 200 everyday things, and the box about it",
    "licence": "Apache-2.0 (these weights; see data for the pictures' terms)",
    "task": "locate",
    "build": "zorki.nets.locator:Locator",
    "side": SIDE,
    "teachers": "it begins as eye (Apache-2.0), which was taught by EfficientNet-Lite2 and -Lite0",
    "not_fit_for": "pictures of several things, of which it names one; things outside its 200 classes, which it must still call by one of them; deciding anything about people; "
    "eye's teachers have probably seen pictures like the held-back ones",
}  # fmt: skip


def begun() -> Locator:
    """As `eye`, with a box beside."""
    eye = weights.load("eye").inner
    with torch.random.fork_rng(devices=[]), encoding.ByShape(SEED):
        net = Locator(encoding.encoded("eye"), RECIPE.classes, width=WIDTH, mirrored=True)
    net.classes.load_state_dict(eye.get_submodule("fc").state_dict())
    return net.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--work", type=Path, required=True, help="where pictures and run are kept, outside the checkout")
    p.add_argument("--steps", type=int, default=STEPS)
    p.add_argument("--out", type=Path, help="where locator.safetensors and locator.toml go when the training ends")
    p.add_argument("--page", type=Path, help="and a page that shows it on what is held back: the worst, the best, the middle ones")
    a = p.parse_args()
    a.work.mkdir(parents=True, exist_ok=True)
    seen = read(a.data, a.work)
    learnt, held = Boxes(seen, seen.train), Boxes(seen, seen.val)
    lesson = One(begun(), Stock(learnt), Stock(held), RECIPE, CHANGES)
    plan = Plan(
        a.steps, rate=1e-3, warm=200, average=0.998, seed=SEED, tell=50, keep=120.0, decay=0.02, check=max(1, a.steps // 12), patience=1000
    )
    folder = Folder(a.work / "run")
    config = {
        "boxes": "one",
        "encoder": "eye",
        "batch": BATCH,
        "side": SIDE,
        "box_loss": RECIPE.box_loss,
        "box": RECIPE.box,
        "freeze": RECIPE.freeze,
    }
    teach(lesson, folder, plan, config, choosing.device("auto"))
    if a.out is None:
        return
    name = "locator"
    state = state_of(folder.path / "best.safetensors")
    said = CARD | {
        "classes": seen.names,
        "arguments": lesson.net.sizes(),
        "parameters": sum(v.numel() for v in state.values() if v.is_floating_point()),
        "data": f"Tiny-ImageNet, {len(learnt):,} training pictures of 200 classes with a box each; ImageNet's terms: non-commercial research and education",
        "recipe": f"recipes/locator: {a.steps:,} steps of {BATCH} pictures of {SIDE} px, seed {SEED}",
    }
    net = written(a.out, name, state, said)
    found = judging.judged(lens.precise(net), held_set(held))
    told = {
        title: figure(found, key)
        for key, title in (("accuracy", "right class"), ("mean_iou", "mean IoU"), ("class_and_iou50", "right class and IoU above 0.5"))
    }
    whole = found.guesses[guessing.WHOLE].figures
    told["a box of the whole picture"] = (
        f"mean IoU {whole['mean_iou']:.1%}; IoU above 0.5 {np.mean([lies > 0.5 for one in found.guesses[guessing.WHOLE].pictures for lies in one.lies]):.1%}"
    )
    measured = f"share of {len(held):,} pictures held back whose class is right, this very file"
    written(a.out, name, state, said | {"accuracy": round(found.figures["accuracy"], 4), "measured": measured, "figures": told})
    print("\n".join(f"{title}: {text}" for title, text in told.items()))
    if a.page is not None:
        shown = _page.plates(found, found.worst[:12])
        a.page.write_text(render(_page.of_evaluation(net, found, "held back", shown, "python -m recipes.locator")), encoding="utf-8")


def figure(found: judging.Judged, key: str) -> str:
    """A share and where 95 of 100 such sets of pictures would put it."""
    low, high = found.intervals[key]
    return f"{found.figures[key]:.1%} ({low:.1%} to {high:.1%})"


if __name__ == "__main__":
    main()
