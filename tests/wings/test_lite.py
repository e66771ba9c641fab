"""The two ImageNet classifiers that pip installs: they know what they should, and their cards are true."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data

import zorki
from zorki import weights
from zorki.explaining import classes

pytestmark = pytest.mark.wings
SHARED = Path(__file__).resolve().parents[3] / "shared"
CATS = {"tabby", "tiger cat", "Egyptian cat"}


@pytest.mark.parametrize("name", ["lite0", "lite2"])
def test_it_knows_a_coffee_and_a_cat(name: str) -> None:
    net = weights.load(name)
    assert len(net.classes or ()) == 1000
    first = {k: zorki.see.attribution(net, getattr(data, k)()).raw.top[0][0].split(",")[0] for k in ("coffee", "chelsea")}
    assert first["coffee"] == "espresso"
    assert first["chelsea"] in CATS


@pytest.mark.parametrize("name", ["lite0", "lite2"])
def test_the_card_describes_what_pip_installed(name: str) -> None:
    card = weights.card(name)
    assert card.installed
    assert "lite" in card.source
    assert sum(p.numel() for p in weights.load(name).module.parameters()) == card.parameters


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lite0", "lite2"])
def test_its_accuracy_is_the_cards(name: str) -> None:
    if not SHARED.exists():
        pytest.skip("the ImageNet samples are not beside the checkout")
    from recipes.cards import top1

    share, count = top1(weights.load(name), SHARED / "data" / "photos", every=10)
    told = weights.card(name).accuracy or 0
    assert told >= 0.83
    assert abs(share - told) < 3 * (told * (1 - told) / count) ** 0.5


def test_a_photo_is_asked_about_in_squares_that_cover_it() -> None:
    """Side by side along the longer side, from end to end; a square photo by one."""
    net = weights.load("lite0")
    for hw, count in (((256, 256), 1), ((256, 384), 3), ((384, 256), 3), ((40, 900), 9), ((1, 1), 1)):
        photo = torch.from_numpy(np.indices(hw).sum(0) / sum(hw)).float().expand(1, 3, *hw)
        found = classes.squares(net, photo)
        assert found.shape == (count, 3, 224, 224)
        if count > 1:
            low, high = float(found[0].min()), float(found[-1].max())
            assert low <= 0.15
            assert high >= 0.85
