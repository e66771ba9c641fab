"""Makes `eye`, the network that Zorki ships: `python -m recipes.eye --data FOLDER --work FOLDER`.

Each stage keeps what it has done in the work folder and goes on from there when called again.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

from recipes.eye.data import load
from recipes.eye.teacher import soft_labels
from recipes.eye.train import FIRST, SECOND, THIRD, Crops, Lessons, train
from recipes.eye.views import views


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", type=Path, required=True, help="the folder of Tiny-ImageNet's zips")
    p.add_argument("--work", type=Path, required=True, help="where checkpoints are kept (2 GB), outside the checkout")
    p.add_argument("--out", type=Path, help="where eye.safetensors goes when the training ends")
    p.add_argument("--share", type=float, default=1.0, help="of the epochs, to try the recipe out")
    a = p.parse_args()
    a.work.mkdir(parents=True, exist_ok=True)
    log = (a.work / "log.txt").open("a", buffering=1)

    def say(line: str) -> None:
        stamped = f"{time.strftime('%H:%M:%S')} {line}"
        print(stamped, flush=True)
        log.write(stamped + "\n")

    pictures = load(a.data, a.work)
    say(f"{len(pictures.train)} pictures to train on, {len(pictures.val)} held back")
    labels = soft_labels(pictures, a.work, say)
    first, second, third = (replace(c, epochs=c.epochs * a.share) for c in (FIRST, SECOND, THIRD))
    train(pictures, Lessons(pictures, labels, first), first, a.work, None, say, name="first")
    taught = views(pictures, labels, a.work, say)
    train(pictures, Crops(pictures, taught, second), second, a.work, None, say, name="second", start_from=a.work / "first.pt")
    train(pictures, Lessons(pictures, labels, third), third, a.work, a.out, say, name="third", start_from=a.work / "second.pt")


if __name__ == "__main__":
    main()
