"""Deep Dream against updates worked out by hand: what grows, guides, masks, weights, sizes, films."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.toys import toy
from zorki import io, jobs, lens, pixels
from zorki.core import events
from zorki.core.errors import InputError, UnknownName
from zorki.pixels import tiles
from zorki.pixels.ascent import mean_size
from zorki.wings.see import _dream, dream

pytestmark = pytest.mark.tiny
RATE = 2.0  # levels


def net(module: nn.Module | None = None, side: int = 32) -> lens.Net:
    return lens.Net(module or toy(), name="toy", side=side)


def photo(h: int = 32, w: int = 48, seed: int = 0) -> torch.Tensor:
    return 0.3 + 0.4 * torch.rand(1, 3, h, w, generator=torch.Generator().manual_seed(seed))


def one_step(n: lens.Net, x: torch.Tensor, layer: Any, **more: Any) -> torch.Tensor:
    """What one update adds, in rates."""
    given = {k: more.pop(k) for k in ("guide", "mask") if k in more}
    s = dream.Settings(layer=layer, octaves=1, steps=1, rate=RATE, jitter=0, size=max(x.shape), **more)
    *_, last = dream.run(n, x, **given, s=s)
    return (last.image() - x) * 255 / RATE


def slope(n: lens.Net, x: torch.Tensor, name: str, goal: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """d goal(activation) / dx over its mean size, by plain autograd."""
    x = x.clone().requires_grad_(True)
    g: torch.Tensor = torch.autograd.grad(goal(n.module[: int(name) + 1](x)), x)[0]
    return g / g.abs().mean()


def close(a: torch.Tensor, b: torch.Tensor, far: float = 2e-3) -> bool:
    return bool((a - b).abs().max() < far * b.abs().max())


def test_a_step_is_the_gradient_over_its_mean_size() -> None:
    n, x = net(), photo()
    assert close(one_step(n, x, "3"), slope(n, x, "3", lambda a: a.pow(2).sum()))
    assert close(one_step(n, x, "-1*3"), -slope(n, x, "3", lambda a: a.pow(2).sum()))
    assert close(one_step(n, x, "3:7"), slope(n, x, "3", lambda a: a[:, 7].sum()))
    assert close(one_step(n, x, "3:1-3,9"), slope(n, x, "3", lambda a: a[:, [1, 2, 3, 9]].sum()))


def test_weights_are_shares_of_the_step_whatever_the_layers_scales() -> None:
    x = photo()
    for scale in (1.0, 300.0):
        module = toy()
        with torch.no_grad():
            module[3].weight.mul_(scale)
            module[3].bias.mul_(scale)
        n = net(module)
        a, b = slope(n, x, "0", lambda m: m.pow(2).sum()), slope(n, x, "3", lambda m: m[:, 5].sum())
        for text, share in (("0.25*3:5", 0.25), ("3:5*-2", -2.0), ("3:5", 1.0)):
            mixed = a + share * b
            assert close(one_step(n, x, ("0", text)), mixed / mixed.abs().mean())


def test_a_guide_gives_each_place_its_most_alike_feature() -> None:
    """By a loop over places and features."""
    n, x, guide = net(), photo(16, 24), photo(20, 16, seed=5)
    with torch.no_grad():
        features = n.module[:4](guide)[0].flatten(1)

    def goal(a: torch.Tensor) -> torch.Tensor:
        total = torch.zeros(())
        for place in a[0].flatten(1).unbind(1):
            products = torch.stack([place @ f for f in features.unbind(1)])
            total = total + products[int(products.argmax())]
        return total

    assert close(one_step(n, x, "3", guide=guide), slope(n, x, "3", goal))


def test_a_guide_may_be_larger_than_what_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    n, x = net(), photo(16, 24)
    monkeypatch.setattr(_dream, "FEATURES", 10)
    monkeypatch.setattr(_dream, "ROWS", 7)
    (w,) = _dream.guided(n, [_dream.asked(n, "3")[0]], photo(40, 40), 40)
    assert w.features is not None
    assert 5 <= len(w.features) <= 10
    _, slope = w.value_and_slope(torch.rand(1, 12, 5, 6))
    assert slope.shape == (1, 12, 5, 6)
    assert one_step(n, x, "3", guide=photo(40, 40)).abs().mean() > 0.5


@pytest.mark.parametrize("scale", [1e4, 1e-12, 1e-25])
def test_the_step_does_not_depend_on_the_nets_scale(scale: float) -> None:
    module = toy()
    with torch.no_grad():
        module[3].weight.mul_(scale)
        module[3].bias.mul_(scale)
    x = photo()
    for layer in ("3", "3:4", ("3", "3:4")):
        assert close(one_step(net(module), x, layer), one_step(net(), x, layer), 5e-3)


def test_what_sees_nothing_changes_nothing() -> None:
    module = toy()
    with torch.no_grad():
        for p in module.parameters():
            p.zero_()
    x = photo()
    for layer in ("3", "3:4", ("1", "4")):
        assert torch.equal(one_step(net(module), x, layer), torch.zeros_like(x))


def test_a_dead_wish_leaves_the_others_their_step() -> None:
    module = toy()
    with torch.no_grad():
        module[3].weight[4] = 0
    n, x = net(module), photo()
    assert close(one_step(n, x, ("3:4", "0")), slope(n, x, "0", lambda a: a.pow(2).sum()))


def test_what_is_wished_for_is_read() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.relu = nn.Conv2d(3, 8, 3, padding=1), nn.ReLU()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.relu(self.relu(self.a(x)) - 0.1)  # type: ignore[no-any-return]

    n = net()
    for text, layer, channels, weight in (
        ("3", "3", None, 1.0), (" 0.5 * 3:12 ".replace("12", "11"), "3", (11,), 0.5), ("3:0", "3", (0,), 1.0), ("3:0-2*-.5", "3", (0, 1, 2), -0.5),
        ("7:4", "7", (4,), 1.0), ("1e-3*0", "0", None, 1e-3),
    ):  # fmt: skip
        w = _dream.asked(n, text)[0]
        assert (w.layer, w.channels, w.weight) == (layer, channels, weight)
    twice = net(Twice())
    assert _dream.asked(twice, "relu:0")[0].layer == "relu:0"
    assert _dream.asked(twice, "relu:0")[0].channels is None
    assert _dream.asked(twice, "relu:0:3")[0].channels == (3,)
    assert _dream.asked(twice, "relu:1")[0].layer == "relu:1"
    for text, error in (
        ("33", UnknownName),
        ("3:12", InputError),
        ("2*3*4", InputError),
        ("", InputError),
        ("*", InputError),
        ("3:x", InputError),
        ("1e999*3", InputError),
    ):
        with pytest.raises(error) as told:
            _dream.asked(n, text)[0]
        assert len(told.value.lines()) <= 3


@pytest.mark.parametrize("layer", ["3", ("3", "0.5*4:12"), ("-1*3", "3:1"), None, ()])
def test_the_command_says_what_grows(layer: Any) -> None:
    from zorki.cli import wing

    m = jobs.method("see", "dream")
    chosen = dream.Settings(layer=layer)
    words = shlex.split(m.command({"photo": "a.png"}, chosen))
    _, bound, _ = wing.build("see", "dream").parse_args(words[2:], exit_on_error=False, print_error=False)
    assert m.fill(None, dict(bound.kwargs)) == chosen


def mask_of(h: int, w: int) -> torch.Tensor:
    """Black, grey and white columns."""
    m = torch.zeros(1, 3, h, w)
    m[..., w // 3 : 2 * w // 3], m[..., 2 * w // 3 :] = 0.5, 1
    return m


def test_black_stays_white_dreams_grey_in_between() -> None:
    n, x = net(), photo(32, 48)
    m = mask_of(32, 48)
    changed = one_step(n, x, "3", mask=m)
    g = slope(n, x, "3", lambda a: a.pow(2).sum()) * m
    assert close(changed, g / (g.abs().sum() / m.sum()))
    *_, last = dream.run(n, x, mask=m, s=dream.Settings(layer="3", octaves=3, steps=4, rate=20, size=24))
    far = (last.image() - x).abs().mean((0, 1, 2))
    assert far[:16].max() == 0, "to the last bit, also where the size worked at is smaller"
    assert far[32:].min() > 0.01
    assert 0.2 < far[20:28].mean() / far[36:].mean() < 0.8


def test_a_small_mask_dreams_as_strongly_as_a_large_one() -> None:
    n, x = net(), photo(64, 64)
    for n_rows in (8, 32, 64):
        m = torch.zeros(1, 3, 64, 64)
        m[..., :n_rows, :] = 1
        assert one_step(n, x, "3", mask=m)[..., :n_rows, :].abs().mean() == pytest.approx(1, abs=2e-2)


def test_the_mean_size_is_that_of_all_strips() -> None:
    g, m = torch.randn(1, 3, 600, 5, generator=torch.Generator().manual_seed(0)), torch.rand(1, 1, 600, 5)
    assert mean_size(g) == pytest.approx(float(g.abs().mean()), rel=1e-5)
    assert mean_size(g, m) == pytest.approx(float((g.abs() * m).sum() / (3 * m.sum())), rel=1e-5)


def test_a_turned_mask_is_refused_with_both_sizes() -> None:
    """A mask turned by a quarter would be stretched without a word."""
    with pytest.raises(InputError, match="The mask has 32 × 48 pixels, the photo 48 × 32"):
        one_step(net(), photo(32, 48), "3", mask=mask_of(48, 32))


def test_a_mask_of_another_size_and_a_black_one_are_told_of() -> None:
    heard: list[str] = []
    with events.listen(lambda e: heard.append(e.note)):
        changed = one_step(net(), photo(32, 48), "3", mask=mask_of(8, 12))
        assert one_step(net(), photo(32, 48), "3", mask=torch.zeros(1, 3, 32, 48)).abs().max() == 0
    assert "12 × 8" in heard[0]
    assert "48 × 32" in heard[0]
    assert "black" in heard[1]
    assert changed[..., :12].abs().max() < changed[..., 36:].abs().max() * 0.1


def test_rolling_is_taken_back() -> None:
    """By torch.roll and a copy of the first rows and columns, and autograd back through both."""
    g = torch.Generator().manual_seed(0)
    n = net()
    for move in ((0, 0), (3, -5), (-7, 2)):
        x = torch.rand(1, 3, 13, 22, generator=g).requires_grad_(True)
        y = x.roll(move, (2, 3))
        y = torch.cat([y, y[..., :3, :]], 2)
        y = torch.cat([y, y[..., :2]], 3)
        truth = torch.autograd.grad(n.module[:4](y).pow(2).sum() / 2, x)[0]
        for room in (1e9, 4e4):
            cut = tiles.Tiles.of(n, ["3"], (16, 24), room)
            assert (cut.count > 1) == (room < 1e9)
            found = tiles.gradient(n, x.detach(), ["3"], lambda seen, _: [(a, a.detach()) for a in seen.values()], cut, move=move)
            assert (found - truth).abs().max() < 1e-4 * truth.abs().mean()


def test_the_jitter_moves_what_the_net_sees_and_nothing_else() -> None:
    """A net without borders (it sees pixels one by one) dreams the same wherever the picture is rolled to."""
    module = nn.Sequential(nn.Conv2d(3, 5, 1), nn.Tanh())
    n, x = net(module, side=16), photo(16, 24)
    common = {"layer": "1", "octaves": 1, "steps": 5, "rate": 3, "size": 24}
    pictures = [list(dream.run(n, x, s=dream.Settings(jitter=j, **common)))[-1].image() for j in (0, 8)]  # type: ignore[arg-type]
    assert torch.allclose(*pictures, atol=1e-5)
    toys = [list(dream.run(net(), x, s=dream.Settings(jitter=j, **common)))[-1].image() for j in (0, 8)]  # type: ignore[arg-type]
    assert not torch.allclose(*toys, atol=1e-3)


class Picky(nn.Module):
    """No padding: a picture of fewer than 23 pixels has no unit."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 6, 7, stride=2), nn.ReLU(), nn.Conv2d(6, 8, 5), nn.ReLU(), nn.Conv2d(8, 8, 5))
        self.sizes: list[tuple[int, int]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.body(x)
        self.sizes.append((x.shape[2], x.shape[3]))  # what it could not take is not in it
        return out.mean((2, 3))  # type: ignore[no-any-return]


@pytest.mark.parametrize("hw", [(1, 1), (30, 70), (100, 60)], ids=str)
def test_no_octave_is_smaller_than_the_net_takes(hw: tuple[int, int]) -> None:
    module = Picky()
    n, x = net(module, side=64), photo(*hw)
    s = dream.Settings(layer="body.4", octaves=8, steps=1)
    steps = list(dream.run(n, x, s=s))
    assert steps[-1].image().shape == x.shape
    assert min(min(size) for size in module.sizes) >= 23
    sizes = dream.octaves(n, hw, s, ["body.4"])
    assert sizes == sorted(sizes)
    if hw == (100, 60):
        assert len(sizes) > 1, "it does not give up all of them"


def test_each_octave_ends_above_its_start() -> None:
    losses: dict[int, list[float]] = {}
    for step in dream.run(net(), photo(60, 80), s=dream.Settings(layer=("3", "4:2"), octaves=3, steps=8, jitter=0)):
        losses.setdefault(step.stage, []).append(step.loss)
        assert set(step.parts) == {"3", "4:2"}
    assert len(losses) == 3
    for each in losses.values():
        assert each[-1] < each[0]


def test_no_rate_is_no_change() -> None:
    x = photo(37, 51)
    for more in ({}, {"full": True}):
        *_, last = dream.run(net(), x, s=dream.Settings(layer="3", octaves=2, steps=2, rate=0, size=24, **more))
        assert torch.allclose(last.image(), x, atol=1e-6)


def test_full_works_at_every_pixel() -> None:
    """A dream of fine grain differs from pixel to pixel only where it was worked at every pixel."""
    n, x, grain = net(), torch.full((1, 3, 61, 94), 0.5), []
    for full in (False, True):
        s = dream.Settings(layer="0", octaves=1, steps=3, rate=8, size=24, full=full)
        start = x + 0.01 * torch.rand(x.shape, generator=torch.Generator().manual_seed(0))
        *_, last = dream.run(n, start, s=s)
        change = last.image() - start
        assert change.shape == x.shape
        grain.append(float((change[..., 1:] - change[..., :-1]).abs().mean()))
    assert grain[1] > 3 * grain[0]
    sizes = dream.octaves(n, (61, 94), dream.Settings(octaves=2, size=24, full=True), ["0"])
    assert sizes[-1] == (61, 94)
    assert max(b[1] / a[1] for a, b in itertools.pairwise(sizes)) < 1.6
    assert dream.octaves(n, (61, 94), dream.Settings(octaves=1, size=500, full=True), ["0"]) == [(61, 94)]


def test_tiles_dream_what_the_whole_dreams(monkeypatch: pytest.MonkeyPatch) -> None:
    """With jitter and sides that are no multiples of the net's stride."""
    x, pictures, counts = photo(75, 118), [], []
    s = dream.Settings(layer=("4", "3:2"), octaves=1, steps=4, rate=4, size=60, full=True)
    plain = tiles.Tiles.of.__func__  # type: ignore[attr-defined]

    def counted(cls: Any, *given: Any) -> Any:
        counts.append(plain(cls, *given).count)
        return plain(cls, *given)

    monkeypatch.setattr(tiles.Tiles, "of", classmethod(counted))
    monkeypatch.setattr(tiles, "ALL", 0)  # as beside a picture that leaves nothing else
    for room in (1 << 30, 200_000):
        monkeypatch.setattr(tiles, "ROOM", room)
        *_, last = dream.run(net(), x, s=s)
        pictures.append(last.image())
        counts.append(-1)
    assert set(counts[: counts.index(-1)]) == {1}
    assert max(counts[counts.index(-1) :]) > 8
    assert (pictures[0] - pictures[1]).abs().max() < 1e-4


def test_a_net_of_one_size_dreams_of_every_pixel_too() -> None:
    module = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 16 * 16, 5))
    n, x = net(module, side=16), photo(40, 27)
    assert n.step("3") == 0
    *_, last = dream.run(n, x, s=dream.Settings(layer="3:2", octaves=2, steps=2, full=True))
    changed = (last.image() - x).abs().mean((0, 1))
    assert changed.shape == (40, 27)
    assert (changed.mean(0) > 1e-4).all()
    assert (changed.mean(1) > 1e-4).all()


def test_enlarging_keeps_the_centre() -> None:
    """A ramp stays a ramp about its middle, with its slope divided by the factor."""
    ramp = 0.5 + 0.01 * (torch.arange(41) - 20.0)
    x = ramp.expand(1, 3, 30, 41).clone()
    found = _dream.enlarged(x, 1.25)
    assert torch.allclose(found[..., 4:-4], (0.5 + 0.01 * (torch.arange(41) - 20.0) / 1.25).expand_as(x)[..., 4:-4], atol=1e-3)
    assert torch.allclose(_dream.enlarged(x.transpose(2, 3), 1.25), found.transpose(2, 3), atol=1e-5)
    assert torch.allclose(_dream.enlarged(x, 1.0), x, atol=1e-6)


def test_contrast_is_held_and_a_flat_colour_stays_flat() -> None:
    x, like = photo(seed=1), 0.5 + 0.2 * (photo(seed=2) - 0.5)
    found = _dream.calmed(x, like)
    assert torch.allclose(found.mean((2, 3)), like.mean((2, 3)), atol=1e-3)
    assert torch.allclose(found.std((2, 3)), like.std((2, 3)), rtol=1e-2)
    assert torch.allclose(_dream.calmed(like, x).std((2, 3)), like.std((2, 3)), rtol=1e-2), "never more than it has"
    assert torch.isfinite(_dream.calmed(torch.full_like(x, 0.3), x)).all()


def test_each_frame_is_the_last_one_enlarged_and_dreamt_on() -> None:
    n, x = net(), photo(32, 48)
    common = {"layer": "3", "octaves": 2, "steps": 3, "size": 48}
    steps = list(dream.run(n, x, s=dream.Settings(frames=3, zoom=1.1, **common)))  # type: ignore[arg-type]
    frames = [s.image() for s in steps if s.shot]  # type: ignore[attr-defined]
    assert len(frames) == 3
    assert [s.stage for s in steps] == [k for k in range(1, 7) for _ in range(3)]
    assert {s.stages for s in steps} == {6}
    *_, alone = dream.run(n, x, s=dream.Settings(**common))  # type: ignore[arg-type]
    assert torch.equal(frames[0], alone.image()), "the first is what a call without a film gives"
    still = list(dream.run(n, x, s=dream.Settings(frames=4, zoom=1.1, **(common | {"rate": 0}))))  # type: ignore[arg-type]
    wanted = x
    for _ in range(3):
        wanted = _dream.enlarged(wanted, 1.1)
    assert torch.allclose(still[-1].image(), wanted, atol=2e-2), "without a rate it is the photo, enlarged three times"
    on = _dream.enlarged(_dream.calmed(frames[1], frames[0]), 1.1)
    far, before = (frames[2] - on).abs().mean(), (frames[2] - frames[1]).abs().mean()
    assert 0.005 < far < before


def test_in_a_film_what_is_masked_stays_too() -> None:
    x, m = photo(32, 48), torch.zeros(1, 3, 32, 48)
    m[..., 30:] = 1
    steps = list(dream.run(net(), x, mask=m, s=dream.Settings(layer="3", octaves=1, steps=2, rate=20, frames=3, zoom=1.1)))
    wanted = _dream.enlarged(_dream.enlarged(x, 1.1), 1.1)
    assert torch.allclose(steps[-1].image()[..., :24], wanted[..., :24], atol=1e-5)
    assert (steps[-1].image() - wanted)[..., 40:].abs().mean() > 0.02


def film_of(path: Path) -> list[np.ndarray]:
    import av

    with av.open(str(path)) as film:
        return [f.to_ndarray(format="rgb24") for f in film.decode(video=0)]


def test_the_film_has_one_picture_a_frame_and_ctrl_c_keeps_those_so_far(tmp_path: Path) -> None:
    m = jobs.method("see", "dream")
    x = (photo(32, 48)[0].permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    few = {"layer": ("3",), "octaves": 2, "steps": 2, "frames": 5, "zoom": 1.1}

    def job(name: str) -> jobs.Job:
        return jobs.Job(m, net(), {"photo": x}, m.fill(None, few), io.Film(tmp_path / name))

    shown = [step.image() for step in job("whole.mp4").steps() if step.shot]  # type: ignore[attr-defined]
    frames = film_of(tmp_path / "whole.mp4")
    assert len(frames) == len(shown) == 5
    for k, frame in enumerate(frames):
        far = [np.abs(frame / 255 - picture[0].permute(1, 2, 0).numpy()).mean() for picture in shown]
        assert int(np.argmin(far)) == k

    cut = job("cut.mp4")

    def interrupted() -> None:
        for step in cut.steps():
            if step.stage == 6:  # in the middle of the third frame
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(film_of(tmp_path / "cut.mp4")) == 2
    assert cut.result().numpy().shape == (32, 48, 3)


@pytest.mark.parametrize("name", dream.PRESETS)
def test_presets_go(name: str) -> None:
    s = dream.PRESETS[name]
    s = dream.Settings(**(vars(s) | {"frames": min(s.frames, 2), "size": 40, "layer": "3"}))
    *_, last = dream.run(net(), photo(40, 60), s=s)
    assert (last.image() - photo(40, 60)).abs().mean() > 0.005


def test_half_precision_dreams_as_single_does() -> None:
    x = photo(48, 64)
    single, half = one_step(net(), x, "3"), one_step(net(toy().half()), x, "3")
    assert torch.corrcoef(torch.stack([single.flatten(), half.flatten()]))[0, 1] > 0.99
    assert pixels.Shot  # the door that the desk knows films by
