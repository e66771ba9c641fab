"""What a painting is judged by, whole and in tiles; and its optimiser, which goes back, stands still and goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from zorki import lens
from zorki.core import events
from zorki.core.errors import InputError, Stopped
from zorki.painting import features, losses, optimiser, palette
from zorki.painting.checkpoint import Checkpoint
from zorki.painting.optimiser import PictureOptimiser
from zorki.painting.painter import Painter
from zorki.painting.terms import Content, OfPicture, Style
from zorki.pixels.driver import Judged
from zorki.pixels.objectives import PICTURE, variation
from zorki.pixels.tiles import Tiles

HW = (48, 64)


def net() -> lens.Net:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(8, 12, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(12, 12, 3, padding=1),
    )
    return lens.Net(module.eval(), name="small", side=32)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def painter(masked: bool = False, statistic: str = "gram") -> Painter:
    n, x, y = net(), noise(1, 3, *HW), noise(1, 3, 40, 40, seed=1) ** 2
    weights = noise(2, *HW, seed=2) if masked else None
    names = [PICTURE, "1", "4"]
    here, maps = features.measured(n, x, names, weights, keep=["5"])
    there, _ = features.measured(n, y, names)
    if masked:
        there = {k: v.regions([0, 0]) for k, v in there.items()}
    loss = losses.take(statistic)
    styles = [
        Style.at_start(k, here[k], there[k], w, palette if k == PICTURE else loss) for k, w in zip(names, (0.2, 0.5, 0.3), strict=True)
    ]
    return Painter(n, HW, [*styles, Content("5", maps["5"], 0.5), OfPicture("variation", 2.0, variation)], weights)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("statistic", ["gram", "w2"])
def test_its_slope_is_the_change_of_its_loss(masked: bool, statistic: str) -> None:
    p, x = painter(masked, statistic), noise(1, 3, *HW, seed=3)
    found = p.judge(x)
    way = found.slope / found.slope.norm()
    rise = (p.judge(x + 1e-2 * way).loss - p.judge(x - 1e-2 * way).loss) / 2e-2
    assert rise == pytest.approx(float((found.slope * way).sum()), rel=1e-2)
    assert set(found.parts) == {"style palette", "style 1", "style 4", "content 5", "variation"}
    assert found.loss == pytest.approx(sum(term.weight * found.parts[term.text] for term in p.terms))


def test_at_the_start_every_style_is_one_and_the_content_nothing() -> None:
    found = painter().judge(noise(1, 3, *HW))
    assert found.parts["style 1"] == pytest.approx(1, rel=1e-4)
    assert found.parts["style palette"] == pytest.approx(1, rel=1e-4)
    assert found.parts["content 5"] == 0


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("statistic", ["gram", "w2"])
def test_tiles_give_the_whole_pictures_statistics_and_slope(masked: bool, statistic: str) -> None:
    p, x = painter(masked, statistic), noise(1, 3, *HW, seed=3)
    whole = p.judge(x)
    for room in (1e5, 3e5):
        tiles = Tiles.of(p.net, p.layers, HW, room)
        assert tiles.count > 1
        part = replace(p, tiles=tiles, places={}).judge(x)
        assert part.loss == pytest.approx(whole.loss, rel=1e-5)
        assert float((part.slope - whole.slope).norm()) <= 1e-4 * float(whole.slope.norm())


def test_a_large_style_and_content_are_measured_in_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    n, x = net(), noise(1, 3, *HW)
    whole, maps = features.measured(n, x, ["1", "4"], noise(1, *HW, seed=1), keep=["5"])
    monkeypatch.setattr("zorki.pixels.tiles.ROOM", 1e5)
    monkeypatch.setattr("zorki.pixels.tiles.ALL", 0)
    assert Tiles.of(n, ["1", "4"], HW).count > 1
    parts, tiled = features.measured(n, x, ["1", "4"], noise(1, *HW, seed=1), keep=["5"])
    assert torch.allclose(tiled["5"], maps["5"], atol=1e-5)
    for name, m in whole.items():
        assert torch.allclose(parts[name].product, m.product, rtol=1e-4)


# ---- its optimiser


def bowl(x: torch.Tensor) -> Judged:
    """Falls towards mid-grey."""
    return Judged(float((x - 0.5).pow(2).sum()), {"bowl": 0.0}, [2 * (x - 0.5)])


def heard(e: PictureOptimiser, f: object, **more: object) -> tuple[list[float], list[str]]:
    notes: list[str] = []
    with events.listen(lambda one: notes.append(one.note)):
        losses = [s.loss for s in optimiser.paint(e, f, **more)]  # type: ignore[arg-type]
    return losses, [n for n in notes if n]


@pytest.mark.parametrize("name", ["adam", "lbfgs"])
@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_both_find_the_ground_whatever_the_losss_scale(name: str, scale: float) -> None:
    """T09."""

    def scaled(x: torch.Tensor) -> Judged:
        j = bowl(x)
        return Judged(j.loss * scale, j.parts, [j.slope * scale])

    losses, _ = heard(PictureOptimiser(noise(1, 3, 8, 8), name), scaled, steps=60)  # type: ignore[arg-type]
    assert losses[-1] < 0.05 * losses[0]


@pytest.mark.parametrize("name", ["adam", "lbfgs"])
def test_an_update_that_multiplies_the_loss_by_ten_is_taken_back(name: str) -> None:
    """T11."""
    seen = [0]

    def jumpy(x: torch.Tensor) -> Judged:
        seen[0] += 1
        j = bowl(x)
        return Judged(j.loss + 1e4, j.parts, j.slopes) if seen[0] == 3 else j

    e = PictureOptimiser(noise(1, 3, 8, 8), name)  # type: ignore[arg-type]
    losses, notes = heard(e, jumpy, steps=20)
    assert sum("taken back" in n for n in notes) == 1
    assert max(losses) <= losses[0]


@pytest.mark.parametrize("steps", [7, 11, 12, 13])
def test_of_lbfgs_pictures_the_best_is_given_and_the_last_is_judged(steps: int) -> None:
    """The loss rises from step 8 on, and the update after step 12 is a wrong one, if not by ten times."""
    seen: list[tuple[float, torch.Tensor]] = []
    steep = torch.logspace(0, 3, 192).view(1, 3, 8, 8)

    def unsteady(x: torch.Tensor) -> Judged:
        far = len(seen)
        loss = 100 + float((steep * (x - 0.5).pow(2)).sum()) + 50 * max(0, far - 8) + 200 * (far == 12)
        seen.append((loss, x.clone()))
        return Judged(loss, {}, [2 * steep * (x - 0.5)])

    e = PictureOptimiser(noise(1, 3, 8, 8), "lbfgs")
    *_, last = optimiser.paint(e, unsteady, steps=steps)
    assert len(seen) == steps + 1, "also the picture after the last update"
    assert len({loss for loss, _ in seen}) == len(seen)
    assert torch.equal(last.image(), min(seen, key=lambda one: one[0])[1])


def test_a_loss_that_only_grows_is_given_up_with_the_good_picture_kept() -> None:
    seen, start = [0], noise(1, 3, 8, 8)

    def worse(x: torch.Tensor) -> Judged:
        seen[0] += 1
        return Judged(100.0 ** seen[0], {}, bowl(x).slopes)

    e = PictureOptimiser(start)
    with pytest.raises(Stopped, match="tenfold"):
        heard(e, worse, steps=20)
    assert torch.equal(e.picture.detach(), start)


@pytest.mark.parametrize("name", ["adam", "lbfgs"])
def test_standing_still_is_told_once(name: str) -> None:
    """T09."""
    losses, notes = heard(PictureOptimiser(torch.full((1, 3, 4, 4), 0.5), name), bowl, steps=60)  # type: ignore[arg-type]
    assert losses == [0.0] * 60
    assert sum("stood still" in n for n in notes) == 1


@pytest.mark.parametrize("where", ["part", "slope"])
def test_what_is_no_number_is_named_and_the_last_good_picture_kept(where: str) -> None:
    """T07."""
    seen = [0]

    def breaks(x: torch.Tensor) -> Judged:
        seen[0] += 1
        bad = float("nan") if seen[0] == 4 else 1.0
        return Judged(bowl(x).loss, {"style relu1_1": bad if where == "part" else 1.0}, [bowl(x).slope * (bad if where == "slope" else 1)])

    e = PictureOptimiser(noise(1, 3, 4, 4))
    with pytest.raises(Stopped, match=r"Step 4 of 9: (style relu1_1|the gradient) is not a finite number"):
        heard(e, breaks, steps=9)
    assert bool(e.picture.isfinite().all())


@pytest.mark.parametrize("name", ["adam", "lbfgs"])
def test_stopped_and_gone_on_is_bit_by_bit_the_unbroken_one(name: str, tmp_path: Path) -> None:
    p, start = painter(), noise(1, 3, *HW, seed=5)
    whole = PictureOptimiser(start, name)  # type: ignore[arg-type]
    list(optimiser.paint(whole, p.judge, steps=12))
    first = PictureOptimiser(start, name)  # type: ignore[arg-type]
    for step in optimiser.paint(first, p.judge, steps=12):
        if step.i == 5:
            break
    saved = Checkpoint.at(str(tmp_path / "s.state"), "key")
    saved.keep({"optimiser": first.state()})
    kept = Checkpoint.at(str(tmp_path / "s.state"), "key").take()
    assert kept is not None
    second = PictureOptimiser(torch.zeros_like(start), name)  # type: ignore[arg-type]
    second.load(kept["optimiser"])
    list(optimiser.paint(second, p.judge, steps=12, done=5))
    assert torch.equal(second.picture, whole.picture)


def test_a_state_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    for body in (b"my notes", b""):
        (tmp_path / "s").write_bytes(body)
        with pytest.raises(InputError, match="no state, or a damaged one"):
            Checkpoint.at(str(tmp_path / "s"), "key").take()
        assert (tmp_path / "s").read_bytes() == body
    (tmp_path / "s").unlink()
    Checkpoint.at(str(tmp_path / "s"), "one").keep({"a": 1})
    with pytest.raises(InputError, match="no state of this very command"):
        Checkpoint.at(str(tmp_path / "s"), "another").take()


def test_adams_state_goes_on_at_the_next_size() -> None:
    e = PictureOptimiser(noise(1, 3, 8, 8))
    list(optimiser.paint(e, bowl, steps=5))
    larger = e.next((16, 16), noise(1, 3, 16, 16))
    (state,) = larger.optimiser.state.values()
    assert state["exp_avg"].shape == (1, 3, 16, 16)
    assert float(state["exp_avg"].mean()) == pytest.approx(
        float(next(iter(e.optimiser.state.values()))["exp_avg"].mean()), rel=0.05, abs=1e-3
    )
    list(optimiser.paint(larger, bowl, steps=2))
