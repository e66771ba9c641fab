"""Whatever colours a picture hides under its transparent parts, no network and no page gets to see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import zorki
from tests.toys import toy
from zorki import io

SHOWN = np.random.default_rng(0).integers(0, 256, (40, 48, 3), dtype=np.uint8)
OTHER = np.random.default_rng(1).integers(0, 256, (40, 48, 3), dtype=np.uint8)
ALPHA = np.zeros((40, 48), np.uint8)
ALPHA[6:30, 8:36] = 255
ALPHA[6:8] //= 2
HIDDEN = {"black": np.zeros_like(SHOWN), "white": np.full_like(SHOWN, 255), "noise": OTHER, "a picture": SHOWN[::-1]}


def hiding(what: str) -> np.ndarray:
    """(40, 48, 4): the same to look at, whatever it is."""
    return np.dstack([np.where(ALPHA[..., None] > 0, SHOWN, HIDDEN[what]), ALPHA])


FEW = {"size": 48, "steps": 2}
METHODS: dict[str, Callable[[Any], Any]] = {
    "dream": lambda x: zorki.see.dream(toy(), x, layer="3", octaves=1, **FEW),
    "attribution": lambda x: zorki.see.attribution(toy(), x, layer="4", side=32),
    "maps": lambda x: zorki.see.maps(toy(), x, layer="1", over=True),
    "patches": lambda x: zorki.see.patches(toy(), [x, OTHER], layer="4", channel="0-3", count=2),
    "content": lambda x: zorki.style.transfer(toy(), x, OTHER, layers=["1"], content_layer="4", **FEW),
    "style": lambda x: zorki.style.transfer(toy(), OTHER, x, layers=["1"], content_layer="4", **FEW),
    "reconstruct": lambda x: zorki.style.reconstruct(toy(), x, layer="3", **FEW),
    "mask": lambda x: zorki.style.transfer(toy(), OTHER, SHOWN, mask=[x], layers=["1"], content_layer="4", **FEW),
}


@pytest.mark.parametrize("method", METHODS)
def test_hidden_colours_change_nothing(method: str) -> None:
    first, *others = (METHODS[method](hiding(what)).numpy() for what in HIDDEN)
    for other in others:
        assert np.array_equal(first, other)
    plain = METHODS[method](hiding("noise")[..., :3]).numpy()  # not hidden, they do
    assert not np.array_equal(first, plain)


def test_results_keep_what_is_transparent(tmp_path: Any) -> None:
    path = METHODS["dream"](hiding("noise")).save(tmp_path / "o.png")
    assert np.array_equal(np.rint(io.open_photo(path).alpha * 255), ALPHA)


def test_the_tour_shows_none() -> None:
    from zorki.guided.guide import Guide, shrunk

    for side in (1024, 20):
        tiles = [Guide.levels(shrunk(io.open_photo(hiding(what)), side)) for what in HIDDEN]
        assert all(np.array_equal(tiles[0], tile) for tile in tiles[1:])
