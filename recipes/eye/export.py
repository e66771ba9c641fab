"""From the checkpoint to what is shipped: fp16 numbers with batch norm folded, and the card that describes them.

`python -m recipes.eye.export --data FOLDER --work FOLDER` measures the very file that it writes; what else the card tells is kept.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import tomllib
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from recipes.eye.data import Pictures, load
from recipes.eye.train import CONVS, FIRST, SECOND, THIRD, WIDTHS, accuracy
from zorki.nets.vgg import Vgg, fold

COURSES = {"first": FIRST, "second": SECOND, "third": THIRD}
FILES = Path(__file__).resolve().parents[2] / "zorki" / "weights" / "files"
CARD = """\
title = "A small VGG-like classifier of everyday things: Zorki's own eye"
licence = "Apache-2.0 (these weights; see data for the pictures' terms)"
build = "zorki.nets.vgg:Vgg"
sha256 = "{sha256}"
parameters = {parameters}
layer = "conv4_1"
side = 64
accuracy = {accuracy:.4f}
measured = "top-1 on the {held_back:,} held-back pictures of 64 px (every 20th file of each class), whole picture, this very file"
data = "Tiny-ImageNet, {train:,} training pictures of 200 classes; ImageNet's terms: non-commercial research and education"
teachers = "soft labels and features by EfficientNet-Lite2 and -Lite0 (Apache-2.0, trained on ImageNet), read by cross-fitted linear probes, which name {teacher:.1%} of the held-back pictures"
recipe = "recipes/eye: {epochs} epochs, seeds {seeds}"
not_fit_for = "deciding anything about people; things outside its 200 classes, which it must still call by one of them; its teachers have probably seen pictures like the held-back ones"
classes = {classes}

[arguments]
widths = {widths}
convs = {convs}
classes = {count}

[figures]
{figures}"""


def write(pictures: Pictures, checkpoint: Path, files: Path) -> float:
    """Writes eye.safetensors and eye.toml; the accuracy of what was written."""
    kept = torch.load(checkpoint, weights_only=True)
    state = {k: v.half().contiguous() for k, v in fold(kept["shipped"]).items()}
    files.mkdir(parents=True, exist_ok=True)
    target = files / "eye.safetensors"
    save_file(state, str(target))
    net = Vgg(WIDTHS, CONVS, len(pictures.names)).to(memory_format=torch.channels_last)
    net.load_state_dict({k: v.float() for k, v in load_file(str(target)).items()})
    top = accuracy(net, pictures)
    before = tomllib.loads((files / "eye.toml").read_text(encoding="utf-8")) if (files / "eye.toml").exists() else {}
    log = (Path(__file__).parent / "log.txt").read_text(encoding="utf-8")
    probes = float(re.findall(r"teacher: ([\d.]+)% right on held-back", log)[-1]) / 100
    courses = list(COURSES.values())[: 1 + list(COURSES).index(checkpoint.stem)]
    card = CARD.format(
        sha256=hashlib.sha256(target.read_bytes()).hexdigest(), parameters=sum(v.numel() for v in state.values()), accuracy=top,
        held_back=len(pictures.val), train=len(pictures.train), teacher=probes, epochs=" + ".join(f"{c.epochs:g}" for c in courses),
        seeds=", ".join(str(c.seed) for c in courses), classes=json.dumps(pictures.names, ensure_ascii=False), widths=list(WIDTHS),
        convs=list(CONVS), count=len(pictures.names),
        figures="".join(f"{json.dumps(k)} = {json.dumps(v)}\n" for k, v in before.get("figures", {}).items()),
    )  # fmt: skip
    (files / "eye.toml").write_text(card, encoding="utf-8")
    return top


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--work", type=Path, required=True)
    p.add_argument("--course", choices=tuple(COURSES), default=next(reversed(COURSES)), help="whose weights; not given: the last's")
    p.add_argument("--out", type=Path, default=FILES)
    a = p.parse_args()
    checkpoint = a.work / f"{a.course}.pt"
    print(f"top-1 {write(load(a.data, a.work), checkpoint, a.out):.2%}")


if __name__ == "__main__":
    main()
