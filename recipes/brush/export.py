"""A run's average as the file that ships, with its card: `python -m recipes.brush.export RUN OUT`."""

from __future__ import annotations

import argparse
import hashlib
import json
import tomllib
from pathlib import Path

from safetensors.torch import load_file, save_file

from recipes.brush.photos import HELD_BACK, learnt_from
from recipes.brush.styles import STYLES
from zorki.train import Folder

CARD = """title = "A brush of {count} styles: photos painted at once"
licence = "Apache-2.0 (these weights; see data for the pictures' terms)"
task = "style"
build = "zorki.nets.brush:Brush"
side = {side}
sha256 = "{sha256}"
parameters = {parameters}
data = "photographs of BSDS500, ImageNet and COCO ({photos:,} of them, {held} more held back): research terms, none stated; styles as listed"
teachers = "eye, whose Gram matrices of relu1_1 to relu5_1 and maps of relu3_2 and relu4_2 are the loss, and EfficientNet-Lite0 (Apache-2.0, trained on ImageNet), whose Gram matrices of four blocks are the rest of it"
recipe = "recipes/brush: {steps:,} steps of {batch} photos of {side} px, seed {seed}{more}"
not_fit_for = "passing what it paints off as the work of the painters named; photographs that must stay true"

[arguments]
styles = {count}

{styles}"""
STYLE = """[[styles]]
name = {name}
title = {title}
source = {source}
licence = {licence}
"""


def write(folder: Folder, out: Path, photos: int, more: str = "") -> str:
    """brush.safetensors in fp16 and brush.toml; says how large it is."""
    config = tomllib.loads(folder.config.read_text(encoding="utf-8"))
    if config["styles"] != [s.name for s in STYLES]:
        raise SystemExit("That run has other styles than recipes/brush/styles.py.")
    state = {k: v.half().contiguous() for k, v in load_file(folder.path / "last.safetensors").items()}
    out.mkdir(parents=True, exist_ok=True)
    target = out / "brush.safetensors"
    save_file(state, target)
    told = [
        STYLE.format(**{k: json.dumps(getattr(s, k), ensure_ascii=False) for k in ("name", "title", "source", "licence")}) for s in STYLES
    ]
    card = CARD.format(
        count=len(STYLES), sha256=hashlib.sha256(target.read_bytes()).hexdigest(), parameters=sum(v.numel() for v in state.values()),
        photos=photos, held=HELD_BACK, steps=folder.step(), batch=config["batch"], side=config["side"], seed=config["seed"], more=f"; {more}" * bool(more),
        styles="\n".join(told),
    )  # fmt: skip
    (out / "brush.toml").write_text(card, encoding="utf-8")
    return f"{target.name}: {target.stat().st_size:,} bytes, {len(STYLES)} styles, {folder.step()} steps"


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("run", type=Path)
    p.add_argument("out", type=Path)
    p.add_argument("--photos", type=Path, required=True, help="the folder of the zips of photographs")
    p.add_argument("--more", default="", help="what else there is to say of how it was trained")
    a = p.parse_args()
    print(write(Folder(a.run), a.out, len(learnt_from(a.photos).pictures), a.more))


if __name__ == "__main__":
    main()
