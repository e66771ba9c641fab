"""Makes `emotions`: `python -m recipes.emotions --votes FOLDER --named FOLDER --work FOLDER [--out FOLDER]`.

--votes: FER-2013's faces with FER+'s ten votes each; those of the usage PublicTest judge the file that is written. --named: faces of known persons, each named by
somebody; a tenth of the persons judge it too. Whatever is one photograph with a judge is left out. Called again it goes on where it was broken off.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch
from torch import nn

from recipes.emotions import faces, judging
from recipes.emotions.lesson import Recipe, Votes
from recipes.shipping import state_of, written
from zorki import encoding
from zorki.core import events
from zorki.nets.expression import CLASSES, Expression
from zorki.train import Folder, Plan, teach

PLAN = Plan(steps=6000, rate=2e-3, warm=300, average=0.998, decay=0.05, tell=50, check=1000, keep=60.0, seed=0)
RECIPE = Recipe()
CARD = {
    "title": "Which of eight expressions people would name in a face",
    "licence": "Apache-2.0 (these weights; see data for the pictures' terms)",
    "task": "faces",
    "build": "zorki.nets.expression:Expression",
    "classes": list(CLASSES),
    "layer": "layer3:0",  # of the two looks, at the face and at its mirror image, the first
    "side": faces.SIDE,
    "not_fit_for": "deciding anything about people, finding out what somebody feels or means, watching over people at work, at school or in the street: it says the expression that "
    "people would name in this one picture, not what somebody feels. Anger that is acted is anger to it, and a face at rest may be called sad. The data show posed and "
    "press photographs, mostly of adults, many of them actors, politicians and athletes of the 2000s, named by people of whom nothing is known but that "
    "they were hired for it; for children, the old, and people of whom there are few pictures in it nothing was measured. Contempt, disgust and fear are rare in it and often "
    "missed. A drawing, a statue or no face at all gets an answer too",
}  # fmt: skip


def begun(seed: int) -> nn.Module:
    """The net before it has learnt anything."""
    with torch.random.fork_rng(devices=[]), encoding.ByShape(seed):
        net: nn.Module = Expression().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return net


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--votes", type=Path, required=True)
    p.add_argument("--named", type=Path, required=True)
    p.add_argument("--work", type=Path, required=True, help="where decoded faces and the run are kept, outside the checkout")
    p.add_argument("--out", type=Path, help="where emotions.safetensors and emotions.toml go when the training ends")
    p.add_argument("--steps", type=int, default=PLAN.steps)
    a = p.parse_args()
    a.work.mkdir(parents=True, exist_ok=True)
    every = faces.read(a.votes, a.named, a.work)
    learnt, choosing = every.of("learn"), every.of("choose")
    plan = Plan(**(vars(PLAN) | {"steps": a.steps, "check": min(PLAN.check or 1, a.steps), "warm": min(PLAN.warm, a.steps // 10)}))
    lesson = Votes(begun(plan.seed), learnt, choosing, RECIPE, plan.steps)
    began = time.monotonic()

    def say(e: events.Event) -> None:
        if e.note or (e.stage == "training" and e.step % plan.tell == 0):
            print(
                f"{time.strftime('%H:%M:%S')} {e.note or f'{e.step} of {e.of}, loss {e.loss:.4f}, {time.monotonic() - began:.0f} s'}",
                flush=True,
            )

    with events.listen(say):
        config = {"batch": RECIPE.batch, "blend": RECIPE.blend, "faces": len(learnt)}
        folder = teach(lesson, Folder(a.work / "run"), plan, config, change=True)  # other steps bend the rate's curve from here on
    if a.out is not None:
        print("\n".join(f"{k}: {v}" for k, v in ship(folder, every, lesson, a.out).items()))


def ship(folder: Folder, every: faces.Faces, lesson: Votes, out: Path) -> dict[str, str]:
    """The two files; what the card says of how good it is. The moving average of the last step is shipped, whatever it is worth: nothing was chosen."""
    net, state = Expression(), state_of(folder.path / "last.safetensors")
    net.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})
    choosing = every.of("choose")
    heat = judging.temperature(judging.answers(net.eval(), choosing), choosing)
    for name in ("fc.weight", "fc.bias"):
        state[name] = (state[name].float() / heat).half()
    by_usage, by_person = every.of("judge"), every.of("judge persons")
    said = CARD | {
        "arguments": net.sizes(),
        "parameters": sum(p.numel() for p in net.parameters()),
        "data": f"{len(lesson.learnt):,} faces: of FER-2013 (research terms) with the votes of FER+ (MIT), ten people a face, and of facial_expressions (Apache-2.0 for "
        f"the labels), each named by one; {int((every.part == '').sum()):,} left out that are one photograph with a held-back face; {len(choosing):,} more for the temperature, {heat:.2f}, "
        "which is in the last layer",
        "recipe": f"recipes/emotions: {folder.step():,} steps of {lesson.recipe.batch} faces of 40 and 48 px, seed {lesson.recipe.seed}",
    }
    module = written(out, "emotions", state, said).inner
    found = judging.judged(judging.answers(module, by_usage), by_usage)
    persons = judging.judged(judging.answers(module, by_person), by_person, by_person=True)
    figures = {**judging.told(found, "FER+"), **judging.told(persons, "other persons")}
    measured = f"share of {len(by_usage):,} faces of FER+'s PublicTest called as most of ten people called them, this very file"
    written(out, "emotions", state, said | {"accuracy": round(found.accuracy, 4), "measured": measured, "figures": figures})
    return figures


if __name__ == "__main__":
    main()
