"""What a run says of itself: the card of its network, with what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from zorki.nets.segmenter import Segmenter
    from zorki.segmenting.sets import Set
    from zorki.wings.segment._learnt import Verdict
    from zorki.wings.segment.train import Settings


def card(net: Segmenter, learnt: Set, steps: int, side: int, s: Settings, found: Verdict | None) -> dict[str, Any]:
    """The run's card, as a mapping. found: once it is known."""
    table, sizes = learnt.table, net.sizes()
    return {
        "title": f"A class for each pixel: {', '.join(table.names[:4])}{' …' if len(table.names) > 4 else ''}",
        "licence": "yours; see data for the pictures' terms",
        "task": "segment",
        "build": "zorki.nets.segmenter:Segmenter",
        "side": side,
        "parameters": sum(p.numel() for p in net.parameters()),
        "data": f"{len(learnt):,} pictures of yours with masks",
        "recipe": f"zorki segment train: up to {steps:,} steps, {sizes['net']} on {sizes['encoder']}, {s.loss}, seed {s.seed}",
        "not_fit_for": "pictures of another kind than those it learnt from; whatever it was not judged on",
        "classes": list(table.names),
        "colours": list(table.colours),
        "void": list(table.void),
        "arguments": sizes,
        "pictures": table.pictures.to_dict(),
        "figures": {} if found is None else figures(found, table.names),
    }


def figures(found: Verdict, names: tuple[str, ...]) -> dict[str, str]:
    """For people: what it does on pictures that it has not learnt from; of one that learnt nothing that, and nothing else."""
    if not found.learnt:
        return {"nothing learnt": found.sentence()}
    held = f"on {found.pictures} pictures held back"
    span = "" if np.isnan(found.low) else f" ({found.low:.1%} to {found.high:.1%})"
    by_class = ", ".join(f"{n} {'absent' if np.isnan(v) else format(v, '.1%')}" for n, v in zip(names, found.iou, strict=True))
    return {
        "mIoU": f"{found.miou:.1%}{span}, {held}; the best guess that sees no picture {found.guess:.1%}",
        "Dice": f"{found.dice:.1%}, pixel accuracy {found.accuracy:.1%}, {held}",
        "IoU by class": by_class,
    }
