"""The brush's lesson: what it draws, what it says is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from recipes.brush import own, steady
from recipes.brush.styles import STYLES, opened
from recipes.brush.transformer import Transformer
from zorki.nets.brush import Brush
from zorki.painting.brush_loss import TURNS, VIEWS, Look, Targets, apart, beyond, colours, gram, shares, statistics, variation, viewed
from zorki.wings.style._crops import Photos
from zorki.wings.style._strokes import Recipe, Strokes, unsteady


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def taught() -> Strokes:
    look, chance = Look(second=True), np.random.default_rng(0)
    photos = Photos([chance.integers(0, 255, (90, 120, 3), np.uint8) for _ in range(3)])
    targets = Targets(look, [drawn(1, 3, 64, 80, seed=k) for k in range(4)], photos.crops(8, 64, chance), VIEWS)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Brush(4, narrow=8, wide=12, fine=4, blocks=1)
    return Strokes(net, photos, targets, look, Recipe(batch=3, side=64, stables=1, weaker=0.5))


@pytest.mark.tiny
def test_gram_and_colours_are_what_is_written() -> None:
    a, x = drawn(2, 5, 4, 6), drawn(2, 3, 7, 9)
    rows = a[1].reshape(5, -1)
    assert torch.allclose(gram(a)[1], rows @ rows.T / 24, atol=1e-6)
    flat = (x[0] - 0.5).reshape(3, -1)
    distance = apart([colours(x[:1])], [colours(x[1:])])[0, 0]
    other = (x[1] - 0.5).reshape(3, -1)
    want = (flat @ flat.T / 63 - other @ other.T / 63).square().sum() + (flat.mean(1) - other.mean(1)).square().sum() / 2
    assert torch.allclose(distance, want, atol=1e-6)


@pytest.mark.tiny
def test_variation_and_what_lies_beyond() -> None:
    ramp = torch.arange(6.0).view(1, 1, 1, 6).expand(1, 3, 4, 6) / 10
    assert variation(ramp).item() == pytest.approx(0.01)
    assert beyond(torch.tensor([[[[-0.5, 0.2, 1.0, 2.0]]]])).item() == pytest.approx((0.25 + 1) / 4)


@pytest.mark.tiny
@pytest.mark.parametrize("move", [(0, 0), (3, -2), (-4, 5), (0, 7)])
def test_a_moved_painting_that_is_the_same_is_steady(move: tuple[int, int]) -> None:
    scene = drawn(1, 3, 48, 48)
    y, x = (8 + v for v in move)
    assert unsteady(scene[..., 8:40, 8:40], scene[..., y : y + 32, x : x + 32], torch.tensor(move)).item() == 0
    if any(move):
        assert unsteady(scene[..., 8:40, 8:40], scene[..., 8:40, 8:40], torch.tensor(move)).item() > 0.01


@pytest.mark.wings
def test_a_step_draws_the_same_each_time(taught: Strokes) -> None:
    one, two, other = taught.draw(5), taught.draw(5), taught.draw(6)
    assert all(torch.equal(one[k], two[k]) for k in one)
    assert not torch.equal(one["photo"], other["photo"])
    assert len(set(one["which"].tolist())) == 3  # each photo in a style of its own
    strengths = torch.cat([taught.draw(k)["strength"] for k in range(40)])
    assert 0.3 < (strengths < 1).float().mean() < 0.7


@pytest.mark.wings
def test_a_style_is_no_distance_from_itself_and_photos_are_about_one(taught: Strokes) -> None:
    with torch.no_grad():
        style = drawn(1, 3, 64, 80, seed=2)
        found = statistics(style, taught.judge.look(style)[0])
        there, scale = taught.targets.of(torch.tensor([2]))
        assert float((apart(found, there) / scale).max()) < 1e-6
        photos = taught.photos.crops(8, 64, np.random.default_rng(3))
        here = statistics(photos, taught.judge.look(photos)[0])
        assert (apart(here, there) / scale).mean(0).numpy() == pytest.approx(1, abs=0.6)


@pytest.mark.wings
def test_the_loss_falls_and_nothing_of_the_looking_network_is_changed(taught: Strokes) -> None:
    before = {k: v.clone() for k, v in taught.judge.state_dict().items()}
    groups = taught.groups()
    assert sum(len(g["params"]) for g in groups) == len(list(taught.net.parameters()))
    adam = torch.optim.Adam([{"params": g["params"], "lr": 3e-3 * g["times"]} for g in groups])
    values = []
    for _ in range(12):
        loss, parts = taught.loss(taught.draw(1))
        adam.zero_grad()
        loss.backward()
        adam.step()
        values.append(float(loss.detach()))
    assert values[-1] < 0.9 * values[0]
    assert set(parts) == {"style", "second", "content", "variation", "beyond", "stable"}
    assert all(torch.equal(before[k], v) for k, v in taught.judge.state_dict().items())


@pytest.mark.wings
def test_the_loss_is_what_the_shipped_brush_was_taught_by(taught: Strokes) -> None:
    """Figures of the lesson that taught it; a change of them makes the card untrue."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Brush(4, narrow=8, wide=12, fine=4, blocks=1)
    lesson = Strokes(net, taught.photos, taught.targets, taught.judge.look, taught.recipe)
    for step, want in enumerate((12.743598, 4.887028, 17.030718, 2.152471)):
        assert float(lesson.loss(lesson.draw(step))[0].detach()) == pytest.approx(want, rel=1e-4)


@pytest.mark.wings
def test_hard_styles_are_practised_more_often(taught: Strokes) -> None:
    lesson = Strokes(taught.net, taught.photos, taught.targets, taught.judge.look, replace(taught.recipe, batch=1), often=[1, 1, 6, 1])
    drawn = [int(lesson.draw(k)["which"]) for k in range(60)]
    assert set(drawn) == {0, 1, 2, 3}
    assert 25 < drawn.count(2) < 50


@pytest.mark.tiny
def test_a_picture_is_looked_at_from_eight_sides_and_smaller() -> None:
    x = drawn(1, 3, 40, 60)
    sides = [viewed(x, view) for view in range(TURNS)]
    want = [f(y) for y in (x, x.transpose(2, 3)) for f in (torch.clone, lambda a: a.flip(2), lambda a: a.flip(3), lambda a: a.flip(2, 3))]
    assert all(torch.equal(a, b) for a, b in zip(sides, want, strict=True))
    assert viewed(x, TURNS).shape == (1, 3, 32, 42)
    assert float(viewed(x, TURNS + 5).mean()) == pytest.approx(float(x.mean()), abs=0.01)


@pytest.mark.wings
def test_a_style_is_no_distance_from_itself_from_any_side(taught: Strokes) -> None:
    style = drawn(1, 3, 64, 80, seed=1)
    with torch.no_grad():
        for view in (0, 3, 6, TURNS + 1):
            grams, scale = taught.targets.of(torch.tensor([1]), view)
            same = apart(statistics(viewed(style, view), taught.judge.look(viewed(style, view))[0]), grams) / scale
            other = apart(statistics(style, taught.judge.look(style)[0]), grams) / scale
            assert float(same.max()) < 1e-6
            assert view == 0 or float(other.max()) > 1e-3


@pytest.mark.tiny
def test_what_the_second_network_says_is_apart() -> None:
    levels = torch.tensor([[1.0, 2, 3, 4, 5, 20, 30, 40, 50, 9]])
    first, second = shares(levels)
    assert (float(first), float(second)) == (4.0, 35.0)
    assert float(shares(levels[:, [0, 1, 2, 3, 4, 9]])[1]) == 0


@pytest.mark.unit
def test_our_own_pictures_are_the_same_each_time_and_unlike_each_other(tmp_path: Path) -> None:
    few = {k: own.OWN[k] for k in ("halftone", "neon", "glass")}
    made = [np.clip(draw(np.random.default_rng(k)), 0, 1) for k, (_, draw) in enumerate(few.values())]
    again = np.clip(few["neon"][1](np.random.default_rng(1)), 0, 1)
    assert np.array_equal(made[1], again)
    assert all(m.shape == (own.SIDE, own.SIDE, 3) and m.std() > 0.1 for m in made)
    path = tmp_path / "glass.png"
    Image.fromarray((made[2] * 255).astype(np.uint8)).save(path)
    assert max(opened(path).shape[-2:]) == 512


@pytest.mark.tiny
def test_styles_have_names_of_their_own() -> None:
    names = [s.name for s in STYLES]
    assert len(set(names)) == len(names) >= 24
    assert all(s.title and s.source and s.licence for s in STYLES)


@pytest.mark.tiny
def test_a_film_that_only_moves_has_no_warping_error() -> None:
    y, x = torch.meshgrid(torch.linspace(0, 12, 256), torch.linspace(0, 12, 256), indexing="ij")
    photo = torch.stack([x.sin(), y.cos(), (x + y).sin()])[None] / 2 + 0.5
    moves = [steady.move(k, 0.7) for k in range(4)]
    film = [steady.framed(photo, m) for m in moves]
    assert steady.error(film, moves) < 1e-5
    assert steady.error(film, [moves[0]] * 4) > 1e-3
    noise = [f + 0.1 * torch.randn(f.shape, generator=torch.Generator().manual_seed(k)) for k, f in enumerate(film)]
    assert steady.error(noise, moves) == pytest.approx(0.02, rel=0.35)  # twice the variance, less what resampling smooths


@pytest.mark.unit
@torch.inference_mode()
def test_the_transformer_net_is_as_large_as_the_original() -> None:
    net = Transformer().eval()
    assert sum(p.numel() for p in net.parameters()) == 1_679_235
    assert net(drawn(1, 3, 64, 96), torch.ones(1)).shape == (1, 3, 64, 96)
    with torch.autocast("cpu", torch.bfloat16):
        assert F.l1_loss(net(drawn(1, 3, 32, 32), torch.ones(1)), torch.zeros(1, 3, 32, 32)) > 0
