"""The recipe of `eye`, on a toy set: it resumes to the same numbers, and what it exports is the net without batch norm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from recipes.eye import train as recipe
from recipes.eye.data import Pictures
from recipes.eye.views import Views, cut, view_crops
from zorki.nets.vgg import Vgg, fold

pytestmark = pytest.mark.slow
CONFIG = recipe.Config(epochs=3, batch=16, sides=((0.5, 32), (1.0, 64)))
SECOND = replace(CONFIG, cutmix=0.5, hint=0.5, seed=1)


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> Pictures:
    """Two classes, told apart by their colour."""
    monkeypatch.setattr(recipe, "WIDTHS", (8, 8, 8, 8, 8))
    g = np.random.default_rng(0)
    labels = np.arange(120) % 2
    pixels = g.integers(0, 90, (120, 64, 64, 3)).astype(np.uint8)
    pixels[labels == 0, ..., 0] += 120
    pixels[labels == 1, ..., 2] += 120
    return Pictures(pixels, labels, np.arange(80), np.arange(80, 120), ["red", "blue"])


def run(pictures: Pictures, work: Path, stop_at: str = "", config: recipe.Config = CONFIG) -> dict[str, torch.Tensor]:
    def say(line: str) -> None:
        if stop_at and line.startswith(stop_at):
            raise KeyboardInterrupt

    soft = torch.nn.functional.one_hot(torch.from_numpy(pictures.labels)).half() * 4
    work.mkdir(exist_ok=True)
    lessons = recipe.Lessons(pictures, soft, config) if not config.hint else recipe.Crops(pictures, taught(soft), config)
    recipe.train(pictures, lessons, config, work, work / "eye.safetensors", say, name="run")
    return load_file(work / "eye.safetensors")


def taught(soft: torch.Tensor) -> Views:
    """Two views, of which the teacher says what it says of the whole picture."""
    g = np.random.default_rng(1)
    return Views(np.stack([soft.numpy()] * 2), g.normal(size=(2, len(soft), 6)).astype(np.float16))


@pytest.mark.parametrize("config", [CONFIG, SECOND], ids=["first course", "second course"])
def test_broken_off_and_resumed_is_the_same_as_unbroken(pictures: Pictures, tmp_path: Path, config: recipe.Config) -> None:
    whole = run(pictures, tmp_path / "whole", config=config)
    with pytest.raises(KeyboardInterrupt):
        run(pictures, tmp_path / "broken", stop_at="epoch 2", config=config)
    resumed = run(pictures, tmp_path / "broken", config=config)
    assert all(torch.equal(whole[k], resumed[k]) for k in whole)


def test_other_settings_are_not_mixed_into_a_run(pictures: Pictures, tmp_path: Path) -> None:
    run(pictures, tmp_path / "run")
    with pytest.raises(SystemExit, match="same settings"):
        run(pictures, tmp_path / "run", config=replace(CONFIG, epochs=4))


def test_it_learns_two_colours(pictures: Pictures, tmp_path: Path) -> None:
    state = run(pictures, tmp_path / "run", config=replace(CONFIG, epochs=8))  # three are so few that rounding decides
    net = Vgg((8, 8, 8, 8, 8), recipe.CONVS, 2)
    net.load_state_dict({k: v.float() for k, v in state.items()})
    assert recipe.accuracy(net, pictures) > 0.9


def test_folding_batch_norm_changes_no_logit() -> None:
    torch.manual_seed(0)
    with_norm = Vgg((4, 6), (1, 2), 3, norm=True)
    with torch.no_grad():
        for name, value in with_norm.state_dict().items():
            if "norm" in name and value.is_floating_point():
                value.copy_(torch.rand_like(value) + 0.5)
    without = Vgg((4, 6), (1, 2), 3)
    without.load_state_dict(fold(with_norm.state_dict()))
    x = torch.rand(2, 3, 16, 16)
    assert torch.allclose(with_norm.eval()(x), without.eval()(x), atol=1e-5)


def test_a_crop_keeps_the_range_and_follows_its_generator() -> None:
    x = torch.rand(6, 3, 64, 64)
    first, second = (recipe.augment(x, 48, 0.35, torch.Generator().manual_seed(s)) for s in (1, 1))
    assert torch.equal(first, second)
    assert first.shape == (6, 3, 48, 48)
    assert first.min() >= 0
    assert first.max() <= 1


def test_a_mixed_picture_is_told_as_mixed(pictures: Pictures) -> None:
    """CutMix: the share of the other picture in the pixels is the share of its labels in what is said."""
    soft = torch.nn.functional.one_hot(torch.from_numpy(pictures.labels)).half() * 4
    lessons = recipe.Crops(pictures, taught(soft), replace(SECOND, cutmix=1.0))
    plain = recipe.Crops(pictures, taught(soft), replace(SECOND, cutmix=0.0))
    pick = np.arange(16)
    for seed in range(5):
        x = lessons.shown(0, pick, 32, torch.Generator().manual_seed(seed))
        alone = plain.shown(0, pick, 32, torch.Generator().manual_seed(seed))
        (own, labels, _, _), (other, theirs, _, hints) = lessons.said
        assert own + other == pytest.approx(1)
        assert float((x != alone).any(1).float().mean()) == pytest.approx(other, abs=0.02)
        assert torch.equal(theirs, labels.roll(1, 0))
        assert torch.equal(hints, plain.said[0][3].roll(1, 0))


def test_the_teacher_and_the_net_see_the_same_crop() -> None:
    """A view's crop at the teacher's size, made small, is the net's view."""
    x = torch.nn.functional.interpolate(torch.rand(4, 3, 6, 6), (64, 64), mode="bicubic").clamp(0, 1)
    theta = view_crops(3, 4)
    large, small = cut(x, theta, 144, "bicubic"), cut(x, theta, 48)
    again = torch.nn.functional.interpolate(large, (48, 48), mode="bilinear", antialias=True)
    assert float((again - small).abs().mean()) < 0.01
    assert torch.equal(view_crops(3, 9)[:2], view_crops(3, 9)[:2])
    assert not torch.equal(view_crops(2, 4), theta)
