"""What a run says of itself: the card of its network, with what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zorki.wings.locate._learnt import TITLES

if TYPE_CHECKING:
    from zorki.locating.sets import Set
    from zorki.train.setup import Start
    from zorki.wings.locate._learnt import Verdict
    from zorki.wings.locate.train import Settings

BLIND = "the best guess that sees no picture"


def card(start: Start, learnt: Set, s: Settings, found: Verdict | None) -> dict[str, Any]:
    """The run's card, as a mapping. found: once it is known."""
    names, net = learnt.classes.names, start.lesson.net
    sizes, kind = net.sizes(), start.config["boxes"]
    what = "One box a picture" if kind == "one" else "Boxes"
    return {
        "title": f"{what}: {', '.join(names[:4])}{' …' if len(names) > 4 else ''}",
        "licence": "yours; see data for the pictures' terms",
        "task": "locate",
        "build": "zorki.nets.locator:Locator" if kind == "one" else "zorki.nets.detector:Detector",
        "side": start.config["side"],
        "parameters": sum(p.numel() for p in net.parameters()),
        "data": f"{len(learnt):,} pictures of yours with boxes",
        "recipe": f"zorki locate train: up to {start.plan.steps:,} steps, {kind} on {sizes['encoder']}, {start.config['box_loss']}, seed {s.seed}",
        "not_fit_for": "pictures of another kind than those it learnt from; whatever it was not judged on",
        "classes": list(names),
        "arguments": sizes,
        "pictures": learnt.classes.pictures.to_dict(),
        "figures": {} if found is None else figures(found),
    } | ({} if found is None or found.least is None else {"least": found.least})


def figures(found: Verdict) -> dict[str, str]:
    """For people: what it does on pictures that it has not learnt from; of one that learnt nothing that, and nothing else."""
    if not found.learnt:
        return {"nothing learnt": found.why()}
    held = f"on {found.pictures} pictures held back"
    said = {}
    for name, value in found.figures.items():
        beside = [
            f"{what} {one[name]:.1%}" for what, one in (("a box of the whole picture", found.whole), (BLIND, found.guess)) if name in one
        ]
        span = found.intervals.get(name, (np.nan, np.nan))
        likely = "" if np.isnan(span[0]) else f" ({span[0]:.1%} to {span[1]:.1%})"
        said[TITLES[name]] = "; ".join([f"{value:.1%}{likely}, {held}", *beside])
    return said
