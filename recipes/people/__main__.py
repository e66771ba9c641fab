"""Makes `people`, which cuts people out of a picture: `python -m recipes.people --people FOLDER --photos FOLDER --work FOLDER [--out FOLDER]`.

--people: pictures with masks that were drawn by hand; a fifth of them is held back and judged on. --photos: what `recipes.people.labels` left, pictures
with masks as two teachers see them; each share of person is learnt as it is, doubt and all. Called again it goes on where it was broken off.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from recipes.segmenters import write
from zorki import io
from zorki.core import events
from zorki.core.void import VOID
from zorki.pixels import palette
from zorki.segmenting import beginning, sets
from zorki.train import Folder, Plan, teach
from zorki.wings.segment._augment import Changes
from zorki.wings.segment._lesson import Pixels, Recipe
from zorki.wings.segment._stock import Stock

PLAN = Plan(steps=3000, rate=1e-3, warm=200, average=0.998, decay=0.01, tell=50, check=250, keep=60.0, seed=0)
SIDE, WIDTH, ENCODER = 256, 64, "lite0-slim"
NAMES = ("background", "people")
CARD = {
    "classes": list(NAMES),
    "colours": list(palette.colours(NAMES)),
    "title": "People, cut out of any photo",
    "licence": "Apache-2.0 (these weights; see data for the pictures' terms)",
    "side": SIDE,
    "resize": 384,
    "data": "186 pictures of the Human-Segmentation-Dataset with masks drawn by hand (46 more held back; no terms stated); photographs of BSDS500, ImageNet and COCO as the teachers see them (research terms, none stated)",
    "teachers": "DeepLab v3 with MobileNetV2, of Pascal VOC's 21 classes, and MediaPipe's selfie segmentation (both Apache-2.0); its encoder begins as EfficientNet-Lite0 (Apache-2.0, trained on ImageNet)",
    "not_fit_for": "deciding anything about people, finding out who somebody is, or anything where a person who is missed comes to harm; hair and hands are coarse, people far off or in odd clothes are missed",
}
OFTEN, SELDOM = 3, 3  # a hand-drawn mask is shown three times as often as a labelled photo; of those without a person one in three


class Labelled:
    """What is learnt from: hand-drawn masks first, then labelled photos, as `Stock` takes them."""

    def __init__(self, drawn: Any, photos: Path) -> None:
        self.drawn, self.files = drawn, list(chosen(photos))

    def __len__(self) -> int:
        return OFTEN * len(self.drawn) + len(self.files)

    def __getitem__(self, i: int) -> tuple[Any, ...]:
        if i < OFTEN * len(self.drawn):
            picture, truth = self.drawn[i % len(self.drawn)]
            return picture, truth
        picture, mask = self.files[i - OFTEN * len(self.drawn)]
        seen = np.asarray(Image.open(picture).convert("RGB"), np.float32).transpose(2, 0, 1) / 255
        share = np.array(Image.open(mask).convert("L"))
        return seen, np.full(share.shape, VOID, np.uint8), np.stack([255 - share, share])


def chosen(photos: Path) -> Iterator[tuple[Path, Path]]:
    """Pictures and masks: every one with a person in it, and some of the others."""
    seldom = 0
    for mask in sorted((photos / "masks").glob("*.png")):
        if np.asarray(Image.open(mask)).max() <= VOID // 2:
            seldom += 1
            if seldom % SELDOM:
                continue
        yield next((photos / "images").glob(f"{mask.stem}.*")), mask


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--people", type=Path, required=True)
    p.add_argument("--photos", type=Path, required=True)
    p.add_argument("--work", type=Path, required=True, help="where the run is kept, outside the checkout")
    p.add_argument("--out", type=Path, help="where people.safetensors and people.toml go when the training ends")
    p.add_argument("--steps", type=int, default=PLAN.steps)
    a = p.parse_args()
    plan = Plan(**(vars(PLAN) | {"steps": a.steps, "check": min(PLAN.check or 1, a.steps)}))
    learnt, held = sets.splits(io.open_labelled(a.people), plan.seed)
    labelled = Labelled(learnt, a.photos)
    net = beginning.begun("pyramid", ENCODER, len(NAMES), width=WIDTH)
    recipe = Recipe(len(NAMES), 8, loss="cross_entropy+dice", seed=plan.seed)
    lesson = Pixels(net, Stock(labelled), Stock(held), recipe, Changes(SIDE, smallest=0.4, turn=15, rare=0.5))
    began = time.monotonic()

    def say(e: events.Event) -> None:
        if e.note or (e.stage == "training" and e.step % plan.tell == 0):
            parts = " ".join(f"{k} {v:.4f}" for k, v in e.parts.items())
            print(f"{time.strftime('%H:%M:%S')} {e.note or f'{e.step} of {e.of}, {parts}, {time.monotonic() - began:.0f} s'}", flush=True)

    with events.listen(say):
        folder = teach(lesson, Folder(a.work), plan, {"encoder": ENCODER, "width": WIDTH, "side": SIDE, "pictures": len(labelled)})
    if a.out is not None:
        print(
            write(
                "people",
                folder,
                a.out,
                net.sizes(),
                CARD | {"recipe": f"recipes/people: {folder.step():,} steps of 8 squares of {SIDE} px, seed {plan.seed}"},
                held,
            )
        )


if __name__ == "__main__":
    main()
