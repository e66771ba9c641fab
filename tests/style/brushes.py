"""A small brush as a training would leave it, for tests of what paints with one."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file

from zorki.nets.brush import Brush

SIZES = {"narrow": 8, "wide": 12, "fine": 4, "blocks": 1}
NAMES = ("dots", "lines", "fog")


def brush(styles: int = len(NAMES), seed: int = 0) -> Brush:
    """Each style, and the photo's row, of its own."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = Brush(styles, **SIZES)
        with torch.no_grad():
            for name, p in made.named_parameters():
                if name.endswith(("gamma", "beta")) or name in ("paint", "ground", "keep"):
                    p.add_(torch.randn(p.shape) * 0.3)
    return made.eval()


def run_folder(where: Path, task: str = "style", build: str = "zorki.nets.brush:Brush") -> Path:
    """A run: its card, its weights, its settings."""
    where.mkdir(parents=True)
    made = brush()
    save_file({k: v.clone() for k, v in made.state_dict().items()}, where / "best.safetensors")
    (where / "config.toml").write_text("steps = 1\n", encoding="utf-8")
    said = {"title": "a toy", "licence": "CC0", "task": task, "build": build, "data": "none", "not_fit_for": "use"}
    lines = [f'{k} = "{v}"' for k, v in said.items()] + ["parameters = 1", "side = 32", "[arguments]", f"styles = {len(NAMES)}"]
    lines += [f"{k} = {v}" for k, v in SIZES.items()]
    for name in NAMES:
        lines += ["[[styles]]", f'name = "{name}"', f'title = "{name.title()}"', 'source = "these tests"', 'licence = "CC0"']
    (where / "card.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return where
