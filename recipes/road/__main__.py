"""Makes `road`: `python -m recipes.road --camvid FOLDER --work FOLDER [--out FOLDER]`; it is `zorki segment train` with the settings below.

Called again it goes on where it was broken off. val/ alone judges, and chooses the step whose weights are kept.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import zorki
from recipes.segmenters import write
from zorki import io
from zorki.segmenting import sets
from zorki.train import Folder

SETTINGS = {"steps": 2500, "side": 288, "width": 96, "encoder": "lite0", "patience": 1000, "loss": "cross_entropy+dice", "seed": 0}
CARD = {
    "title": "The parts of a street: road, pavement, cars, people, sky and six more",
    "licence": "Apache-2.0 (these weights; see data for the pictures' terms)",
    "side": SETTINGS["side"],
    "resize": 360,
    "data": "CamVid, 367 training pictures of 480 × 360 (CC BY-NC 4.0); 101 of val/ held back, all of a drive of which train/ has other moments, so that other streets are harder",
    "teachers": "its encoder begins as EfficientNet-Lite0 (Apache-2.0, trained on ImageNet)",
    "not_fit_for": "driving, or anything where a mistake harms somebody; streets of other countries, weather and light than Cambridge by day and dusk",
}


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--camvid", type=Path, required=True)
    p.add_argument("--work", type=Path, required=True, help="where the run is kept, outside the checkout")
    p.add_argument("--out", type=Path, help="where road.safetensors and road.toml go when the training ends")
    a = p.parse_args()
    made = zorki.segment.train(a.camvid, out=a.work, **SETTINGS)
    if a.out is not None:
        _, held = sets.splits(io.open_labelled(a.camvid), int(str(SETTINGS["seed"])))
        said = CARD | {
            "recipe": f"recipes/road: {SETTINGS['steps']:,} steps of 8 squares of {SETTINGS['side']} px, seed {SETTINGS['seed']}"
        }
        print(write("road", Folder(a.work), a.out, dict(made.card["arguments"]), said, held))


if __name__ == "__main__":
    main()
