"""A net that sees no colour draws none, and what is grey is saved so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import zorki
from zorki import io, lens

QUICK: dict[str, dict[str, Any]] = {
    "dream": {"layer": "2", "size": 32, "steps": 3, "octaves": 2, "rate": 20.0},
    "reconstruct": {"layer": "2", "size": 32, "steps": 4},
    "maximize": {"layer": "2", "channel": "0-1", "size": 32, "steps": 4},
    "onto": {"layer": "2", "channel": "1", "size": 32, "steps": 4},
}


def mode(path: Path) -> str:
    with Image.open(path) as image:
        return image.mode


def net() -> lens.Net:
    torch.manual_seed(0)
    convolutions = nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 8, 3, padding=1), nn.ReLU()
    return lens.Net(nn.Sequential(*convolutions).eval(), name="grey", side=32)


def made(what: str, photo: Any, **more: Any) -> Any:
    if what == "dream":
        return zorki.see.dream(net(), photo, **{**QUICK[what], **more})
    if what == "reconstruct":
        return zorki.style.reconstruct(net(), photo, **QUICK[what])
    return zorki.see.maximize(net(), **({"on": photo} if what == "onto" else {}), **QUICK[what])


def grey(h: int = 32, w: int = 48) -> np.ndarray:
    return np.random.default_rng(0).random((h, w, 1)).astype(np.float32).repeat(3, 2) * 0.6 + 0.2


@pytest.mark.parametrize("ending", ["png", "jpg"])
@pytest.mark.parametrize("what", list(QUICK))
def test_a_grey_net_draws_in_grey_and_its_file_has_one_channel(what: str, ending: str, tmp_path: Path) -> None:
    photo = grey()
    drawn = made(what, io.save_photo(tmp_path / "photo.png", photo))
    pixels = drawn.numpy()
    assert (pixels == pixels[..., :1]).all()
    if what in ("dream", "onto"):
        assert np.abs(pixels / 255 - photo).max() > 0.02, "something is drawn"
    else:
        assert pixels.std() > 2
    saved = drawn.save(tmp_path / f"made.{ending}")
    assert mode(saved) == "L"


def test_a_coloured_photo_keeps_its_colours_in_a_grey_nets_dream() -> None:
    photo = grey() * np.array([1.0, 0.7, 0.6], np.float32) + np.array([0.0, 0.1, 0.2], np.float32)
    change = made("dream", photo, rate=2.0).tensor().permute(1, 2, 0).numpy() - photo
    assert np.abs(change - change[..., :1]).max() < 1e-5
    assert np.abs(change).max() > 0.02


def test_colours_are_saved_in_colour(tmp_path: Path) -> None:
    colours = grey()
    colours[3, 4, 1] += 0.1
    assert mode(io.save_photo(tmp_path / "a.png", colours)) == "RGB"
    assert mode(io.save_photo(tmp_path / "b.png", grey())) == "L"
