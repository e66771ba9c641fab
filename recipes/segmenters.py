"""What a training of a segmenter left as the files that ship: NAME.safetensors in 16 bits, and its card with figures of this very file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recipes.shipping import state_of, written
from zorki.segmenting import judging, matching, wording
from zorki.segmenting.sets import Set
from zorki.train import Folder

TITLES = {"miou": "mIoU", "dice": "Dice", "boundary_f1": "boundary F1"}


def write(name: str, run: Folder, out: Path, sizes: Mapping[str, Any], said: Mapping[str, Any], held: Set) -> str:
    """sizes: of the net. said: what the card says beside what is found here. held: what it is measured on. Says how good it is."""
    table, state = held.table, state_of(run.path / "best.safetensors")
    card = {
        "task": "segment",
        "build": "zorki.nets.segmenter:Segmenter",
        "parameters": sum(v.numel() for v in state.values() if v.is_floating_point()),
        "classes": list(table.names),
        "colours": list(table.colours),
        "void": list(table.void),
        "arguments": dict(sizes),
        "pictures": table.pictures.to_dict(),
        **said,  # also names of classes, where the masks have none
    }
    net = written(out, name, state, card)
    found = judging.judged(
        net, matching.matched(table, list(table.names) == card["classes"], net.classes, judging.counted(net, held), name), held
    )
    card |= {
        "accuracy": round(found.figures["pixel_accuracy"], 4),
        "measured": f"share of the pixels of {len(held)} pictures held back that are right, at their own size, this very file",
        "figures": {title: figure(found, key) for key, title in TITLES.items()}
        | {"IoU by class": ", ".join(f"{n} {v:.1%}" for n, v in zip(found.names, found.iou, strict=True))},
    }
    written(out, name, state, card)
    target = out / f"{name}.safetensors"
    return "\n".join([f"{target.name}: {target.stat().st_size:,} bytes", *wording.lines(found)])


def figure(found: judging.Judged, key: str) -> str:
    """A share and where 95 of 100 such sets of pictures would put it."""
    low, high = found.intervals[key]
    return f"{found.figures[key]:.1%} ({low:.1%} to {high:.1%})"
