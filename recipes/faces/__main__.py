"""Makes `faces`: `python -m recipes.faces --data FOLDER --work FOLDER [--out FOLDER]`; FOLDER is the one of all sets, with the teacher in weights/.

What is not labelled yet is labelled first (`recipes.faces.labels`). There are three rounds; what the network falls for after one (`recipes.faces.lures`) it sees more
often in the next. Called again it goes on where it was broken off, with another --steps to that end. How good it is beside its teacher: `python -m recipes.faces.judge`.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import load_file

from recipes.faces.figures import figures
from recipes.faces.labels import label, wanted
from recipes.faces.lesson import LONGEST, Found
from recipes.faces.lures import lured
from recipes.faces.stock import faceless, stock
from recipes.faces.teacher import POINTS, YuNet
from recipes.shipping import state_of, written
from zorki import encoding
from zorki.core import events
from zorki.nets.detector import Detector
from zorki.nets.folding import folded
from zorki.train import Folder, Plan, choosing, teach

ENCODER, WIDTH, DEPTH = "separable", 48, 1
SIDE, BATCH = 320, 16
STEPS = (6000, 9000, 6000)
PLAN = Plan(steps=0, rate=2e-3, warm=300, average=0.998, decay=0.02, tell=50, check=500, keep=90.0, seed=0)
CARD = {
    "title": "Faces, from 16 pixels to the whole picture, with eyes, nose and mouth",
    "licence": "Apache-2.0 (these weights; see data for the pictures' terms)",
    "task": "locate",
    "build": "zorki.nets.detector:Detector",
    "classes": ["face"],
    "colours": ["#4477aa"],
    "side": LONGEST,
    "teachers": "YuNet (Apache-2.0, trained on WIDER FACE): its boxes and points are what is learnt, but where eyes saw that it erred",
    "not_fit_for": "finding out who somebody is, or deciding anything about people; faces upside down or lying; a crowd of which each is smaller than 16 pixels; dogs, statues, dolls and drawings are now and then taken for faces",
}


def begun(seed: int = PLAN.seed) -> Detector:
    with torch.random.fork_rng(devices=[]), encoding.ByShape(seed):
        net = Detector(ENCODER, 1, width=WIDTH, depth=DEPTH, points=POINTS)
    return net.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--work", type=Path, required=True, help="where labels and run are kept, outside the checkout")
    p.add_argument("--steps", type=int, nargs=len(STEPS), default=STEPS, help="of each round")
    p.add_argument("--batch", type=int, default=BATCH)
    p.add_argument("--out", type=Path, help="where faces.safetensors and faces.toml go when the training ends")
    a = p.parse_args()
    labels = label(a.data, a.work, wanted(a.data))
    seen = stock(a.data, labels, faceless())
    net, shown, began = begun(), seen, time.monotonic()

    def say(e: events.Event) -> None:
        if e.note or (e.stage == "training" and e.step % PLAN.tell == 0):
            parts = " ".join(f"{k} {v:.4f}" for k, v in e.parts.items())
            print(f"{time.strftime('%H:%M:%S')} {e.note or f'{e.step} of {e.of}, {parts}, {time.monotonic() - began:.0f} s'}", flush=True)

    with events.listen(say):
        for number, steps in enumerate(a.steps, 1):
            if number > 1:
                shown = lured(folded(net), shown, partial(YuNet, a.data / "weights"), a.work / f"lures-{number}.json")
            print(shown, flush=True)
            plan = replace(PLAN, steps=steps, warm=min(PLAN.warm, steps // 10), check=min(PLAN.check or 1, steps), seed=number - 1)
            config = {"encoder": ENCODER, "width": WIDTH, "depth": DEPTH, "side": SIDE, "batch": a.batch, "pictures": len(labels)}
            lesson = Found(net, shown, a.batch, SIDE, plan.seed)
            folder = teach(lesson, Folder(a.work / f"run-{number}"), plan, config, choosing.device("auto"), change=True)
            net.load_state_dict(load_file(folder.path / "last.safetensors"))
    if a.out is None:
        return
    state = state_of(folder.path / "last.safetensors")
    said = CARD | {
        "arguments": net.sizes(),
        "parameters": sum(v.numel() for v in state.values() if v.is_floating_point()),
        "data": f"{len(seen.faced) + len(seen.faceless) + len(seen.tiny) + len(seen.tiny_faceless) + len(seen.furred):,} photographs of BSDS500, COCO, ImageNet, Human-Segmentation-Dataset and raccoon_dataset, and of Tiny-ImageNet, "
        f"as the teacher sees them; {len(seen.cut):,} cut-out faces of LFW and FER-2013; research terms or none stated. Mostly adults, mostly looking into the camera",
        "recipe": f"recipes/faces: {', '.join(f'{n:,}' for n in a.steps)} steps of {a.batch} squares of {SIDE} px, seed {PLAN.seed}",
    }
    told = figures(written(a.out, "faces", state, said), a.data, seen.held)
    written(a.out, "faces", state, said | told)
    print("\n".join([f"least {told['least']}", *(f"{title}: {text}" for title, text in told["figures"].items())]))


if __name__ == "__main__":
    main()
