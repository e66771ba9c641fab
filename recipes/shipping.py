"""The files of a network that ships: NAME.safetensors in 16 bits, and NAME.toml, its card."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save

from zorki import io, lens
from zorki.weights.cards import read_card
from zorki.weights.loading import of_card


def state_of(file: Path) -> dict[str, torch.Tensor]:
    """A training's weights in 16 bits; counters as they are."""
    return {k: v.half().contiguous() if v.is_floating_point() else v for k, v in load_file(file).items()}


def written(out: Path, name: str, state: Mapping[str, torch.Tensor], said: Mapping[str, Any]) -> lens.Net:
    """Both files, and the network as they give it. said: what the card says but for the sum of the file."""
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{name}.safetensors"
    target.write_bytes(save(dict(state)))  # save_file's would be for nobody else to read
    path = out / f"{name}.toml"
    path.write_text(io.to_toml({"sha256": hashlib.sha256(target.read_bytes()).hexdigest(), **said}), encoding="utf-8")
    return of_card(read_card(path, name))
