"""The network that ships: its card is true, and its numbers matter."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data

import zorki
from zorki import lens, pixels, weights
from zorki.core.errors import WeightsError
from zorki.weights import cards, loading

pytestmark = pytest.mark.wings
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "tiny-imagenet"


def top(net: lens.Net, picture: np.ndarray, count: int = 5) -> list[str]:
    found = zorki.see.attribution(net, picture).raw.top
    return [name for name, _ in found[:count]]


def test_it_knows_a_cat_and_a_coffee() -> None:
    """Filled with zeros, or with other numbers, it would not: this is the test that a damaged file fails."""
    net = zorki.load("eye")
    assert any("cat" in name for name in top(net, data.chelsea(), 3))
    assert "espresso" in top(net, data.coffee(), 1)[0]


def test_the_card_describes_this_very_file() -> None:
    card = weights.card("eye")
    assert hashlib.sha256(card.file.read_bytes()).hexdigest() == card.sha256
    assert card.file.stat().st_size <= 8_000_000
    net = weights.load("eye")
    assert sum(p.numel() for p in net.module.parameters()) == card.parameters
    assert len(card.classes) == 200
    assert all(said for _, said in card.rows())


@pytest.mark.parametrize("damage", ["zeros", "cut", "missing"])
def test_a_damaged_file_is_refused(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = weights.card("eye")
    body = card.file.read_bytes()
    if damage != "missing":
        (tmp_path / "eye.safetensors").write_bytes(bytes(len(body)) if damage == "zeros" else body[:1000])
    (tmp_path / "eye.toml").write_bytes((cards.FILES / "eye.toml").read_bytes())
    monkeypatch.setattr(cards, "FILES", tmp_path)
    with pytest.raises(WeightsError, match="eye"):
        loading.load("eye")


def test_layers_are_named_as_in_the_papers() -> None:
    names = zorki.load("eye").names()
    for b in range(1, 6):
        assert [f"conv{b}_1", f"relu{b}_1", f"conv{b}_2", f"relu{b}_2"] == [
            n for n in names if n[4:5] == str(b) and n[:4] in ("conv", "relu")
        ]


def test_drawings_excite_their_channel_more_than_noise_does() -> None:
    """Half of the sorting test: a trained net's drawing has structure; the same climb on random numbers has less."""
    net = zorki.load("eye")
    board = zorki.see.maximize(net, layer="conv4_1", channel="0-3", size=64, steps=32, dtype="float32")
    drawn = torch.stack([torch.from_numpy(t.pixels) for t in board.tiles]).permute(0, 3, 1, 2).float() / 255
    noise = pixels.Fourier((64, 64), [1, 2, 3, 4])().detach()
    with torch.no_grad(), net.quiet():
        high = lens.capture(net, drawn, "conv4_1", grad=False)["conv4_1"].mean((2, 3))
        low = lens.capture(net, noise, "conv4_1", grad=False)["conv4_1"].mean((2, 3))
    for c in range(4):
        assert high[c, c] > low[c, c] + 1
        assert high[c, c] == high[:, c].max()


@pytest.mark.slow
def test_its_accuracy_is_the_card_s(tmp_path: Path) -> None:
    if not SHARED.exists():
        pytest.skip("Tiny-ImageNet is not beside the checkout")
    import io
    import zipfile

    from PIL import Image

    from recipes.eye.data import HELD_BACK, SIDE, classes

    net = weights.load("eye")
    wnids = [w for w, _ in classes(SHARED)]
    right = seen = 0
    for archive in map(zipfile.ZipFile, sorted(SHARED.glob("part_*.zip"))[::5]):
        by_class: dict[str, list[str]] = {}
        for name in sorted(archive.namelist()):
            by_class.setdefault(name.split("/")[0], []).append(name)
        for wnid, names in by_class.items():
            held = names[::HELD_BACK]
            x = torch.from_numpy(np.stack([np.asarray(Image.open(io.BytesIO(archive.read(n))).convert("RGB")) for n in held]))
            assert x.shape[1:3] == (SIDE, SIDE)
            logits = net.logits(x.permute(0, 3, 1, 2).float() / 255)
            right += int((logits.argmax(1) == wnids.index(wnid)).sum())
            seen += len(held)
    # 40 of the 200 classes are judged here: the share may differ from the card's by three standard errors.
    assert abs(right / seen - weights.card("eye").accuracy) < 3 * (0.25 / seen) ** 0.5 + 0.05
