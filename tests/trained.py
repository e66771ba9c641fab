"""What a training left, and what it said meanwhile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from zorki.core import events


def rows(run: Path) -> list[dict[str, Any]]:
    """The lines of figures."""
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def heard(notes: list[str]) -> Any:
    """Inside, what is noted is appended."""
    return events.listen(lambda e: notes.append(e.note))


def same(a: Path, b: Path) -> bool:
    """Whether two runs have the same numbers, bit by bit, and the same lines."""
    alike = []
    for name in ("last", "best"):
        here, there = (load_file(f / f"{name}.safetensors") for f in (a, b))
        alike += [torch.equal(here[k], there[k]) for k in there]
    return all(alike) and rows(a) == rows(b)
