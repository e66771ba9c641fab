"""The cards of the networks people know: their nets can be built, named layers exist, and what torchvision says is what they say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from zorki import lens, weights
from zorki.weights.loading import resolved

pytestmark = pytest.mark.tiny
RECORD = json.loads((Path(__file__).parent / "torchvision.json").read_text(encoding="utf-8"))
KNOWN = [name for name in weights.names() if weights.card(name).url]


def test_all_that_torchvision_was_compared_on_have_a_card() -> None:
    assert sorted(KNOWN) == sorted(RECORD["nets"])


@pytest.mark.parametrize("name", KNOWN)
def test_a_card_says_what_torchvision_says(name: str) -> None:
    card, told = weights.card(name), RECORD["nets"][name]
    official = told["weights"]["IMAGENET1K_V1"]
    assert card.url == official["url"]
    assert card.url.rpartition("-")[2] == f"{card.sha256}.pth", "the prefix of the hash is in the file's name"
    assert card.accuracy == pytest.approx(official["acc@1"] / 100)
    assert card.published
    assert not card.measured
    assert card.bytes == pytest.approx(official["file_size_mb"] * 2**20, rel=0.01)
    assert (card.side, card.resize) == (official["crop"], official["resize"])
    with torch.device("meta"):
        net = resolved(card.build)(**card.arguments)
    assert sum(p.numel() for p in net.parameters()) == card.parameters
    assert len(card.classes) == 1000


@pytest.mark.parametrize("name", [n for n in KNOWN if n not in ("vgg16", "vgg19", "alexnet")])  # those take half a gigabyte
def test_the_layer_of_the_card_is_one(name: str) -> None:
    card = weights.card(name)
    net = lens.Net(resolved(card.build)(**card.arguments), side=card.side, default_layer=card.layer)
    assert len(net.layer(net.pick_layer(None)).shape) == 3
