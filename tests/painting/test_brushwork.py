"""Painting in strips against painting whole, and what is laid over what."""

from __future__ import annotations

import pytest
import torch
from skimage import data
from torch.nn import functional as F

from zorki import lens, weights
from zorki.core.errors import InputError
from zorki.nets.brush import Brush, moments
from zorki.painting import brushwork
from zorki.painting.strips import Sums
from zorki.pixels import colour
from zorki.weights.cards import Style

pytestmark = pytest.mark.tiny
WEIGHTS = [0.0, 2.0, 1.0]


def made(seed: int = 0, **sizes: int) -> Brush:
    """A brush whose styles differ, as after a training."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        brush = Brush(3, **(sizes or {"narrow": 8, "wide": 12, "fine": 4, "blocks": 2}))
        with torch.no_grad():
            for name, p in brush.named_parameters():
                if name.endswith(("gamma", "beta")) or name in ("paint", "ground", "keep"):
                    p.add_(torch.randn(p.shape) * 0.3)
                elif name != "to_whole.weight":
                    p.mul_(20)  # of what is normed the size is any
    return brush.eval()


@pytest.fixture(scope="module")
def net() -> lens.Net:
    return lens.Net(made(), name="toy", side=32, step=1)


def photo(h: int, w: int, seed: int = 0) -> torch.Tensor:
    """Smooth and not flat, so that each row differs from the next."""
    g = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, h // 6 + 2, w // 6 + 2, generator=g)
    return F.interpolate(coarse, (h, w), mode="bicubic", align_corners=False).clamp(0, 1)


def off(a: torch.Tensor, b: torch.Tensor) -> float:
    assert a.shape == b.shape
    return float((a - b).abs().max())


@pytest.mark.parametrize("hw", [(64, 48), (37, 51), (97, 33), (8, 200), (3, 90), (200, 3), (10, 10), (41, 1)], ids=str)
@pytest.mark.parametrize("height", [8, 16, 24, 1000])
def test_strips_are_the_whole(net: lens.Net, hw: tuple[int, int], height: int) -> None:
    x = photo(*hw)
    whole = brushwork.painted(net, x, WEIGHTS, 0.8)
    assert off(brushwork.painted(net, x, WEIGHTS, 0.8, height=height), whole) < 1 / 255
    assert off(whole, x) > 0.1


def test_strips_are_the_whole_to_far_below_what_8_bits_hold(net: lens.Net) -> None:
    """What is left is the rounding of the maps that are kept in 16 bits: no row stands out."""
    x = photo(160, 64)
    apart = (brushwork.painted(net, x, WEIGHTS, height=16) - brushwork.painted(net, x, WEIGHTS)).abs().mean((0, 1, 3))
    assert apart.max() < 2e-4
    assert apart.max() < 8 * apart.median()


def test_strips_of_every_style_that_ships_are_the_whole() -> None:
    """Strong styles make the most of what was rounded: floats of 16 bits were 2 levels off in mosaic."""
    shipped, x = weights.load("brush"), photo(96, 128)
    for shares in torch.eye(len(shipped.styles)).tolist():
        with torch.no_grad():
            whole = shipped.inner(x, torch.tensor(shares))
        assert off(brushwork.painted(shipped, x, shares, height=24), whole) < 0.5 / 255


def test_a_large_photo_is_painted_in_strips_by_itself(net: lens.Net, monkeypatch: pytest.MonkeyPatch) -> None:
    x, shares = photo(96, 64), []
    whole = brushwork.painted(net, x, WEIGHTS, tell=shares.append)
    assert shares == [], "a small photo is done before anybody could look"
    monkeypatch.setattr(brushwork, "WHOLE", 1000)
    monkeypatch.setattr(brushwork, "STRIP", 1500)
    parts = brushwork.painted(net, x, WEIGHTS, tell=shares.append)
    assert off(parts, whole) < 1 / 255
    assert len(shares) > 40
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)


def test_strips_are_painted_in_float32(net: lens.Net) -> None:
    """bfloat16 would round each strip otherwise than the whole."""
    x = photo(40, 24)
    rough = net.like(net.module, drawing=torch.bfloat16)
    assert torch.equal(brushwork.painted(rough, x, WEIGHTS, height=8), brushwork.painted(net, x, WEIGHTS, height=8))
    assert not torch.equal(brushwork.painted(rough, x, WEIGHTS), brushwork.painted(net, x, WEIGHTS))


def test_bfloat16_moves_a_pixel_by_less_than_a_level_in_the_mean() -> None:
    shipped = weights.load("brush")
    x = torch.from_numpy(data.chelsea()[::2, ::2].transpose(2, 0, 1).copy())[None].float() / 255
    for k in (0, shipped.inner.styles // 2, shipped.inner.styles - 1):  # type: ignore[operator]
        alone = [float(i == k) for i in range(shipped.inner.styles)]  # type: ignore[arg-type]
        exact, rough = (brushwork.painted(shipped.like(shipped.module, drawing=d), x, alone) for d in (torch.float32, torch.bfloat16))
        assert (exact - rough).abs().mean() < 1 / 255
        assert off(brushwork.painted(shipped, x, alone, height=32), exact) < 1 / 255


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_what_is_flat_stays_flat(level: float) -> None:
    """Where there is one colour each norm is to give its shift alone; rounding, enlarged 316 times, must not be taken for a picture."""
    shipped, one = weights.load("brush"), torch.full((1, 3, 1, 1), level)
    brush = shipped.inner
    assert isinstance(brush, Brush)
    for k in (0, brush.styles // 2, brush.styles - 1):
        alone = [float(i == k) for i in range(brush.styles)]
        rows = brush.rows(one, torch.tensor(alone), 1.0)
        maps = brush.to_whole.maps(brush.walk(one, lambda layer, _, rows=rows: (rows @ layer.norm.beta)[..., None, None]))
        exact = brush.over(one, maps[..., :1, :1], rows).clamp(0, 1)
        for hw in ((40, 24), (1, 1)):
            for height in (8, None):
                out = brushwork.painted(shipped, torch.full((1, 3, *hw), level), alone, height=height)
                assert off(out, exact.expand(1, 3, *hw)) < 0.5 / 255


def test_strength_0_in_strips_is_the_photo_to_the_bit(net: lens.Net) -> None:
    x = photo(41, 30)
    assert torch.equal(brushwork.painted(net, x, WEIGHTS, 0.0, height=8), x)


def test_neither_the_photo_nor_the_net_changes(net: lens.Net) -> None:
    brush, x = made(), photo(40, 24)
    brush.train()
    before = x.clone()
    out = brushwork.painted(lens.Net(brush, name="toy"), x, WEIGHTS, height=8)
    assert torch.equal(x, before)
    assert brush.training
    assert not out.requires_grad
    assert not out.is_inference()
    assert torch.equal(out, brushwork.painted(net, x.expand(1, 3, 40, 24), WEIGHTS, height=8))


@pytest.mark.parametrize("cuts", [[1, 5, 30], [36], [12, 12, 12]])
def test_statistics_that_are_added_up_are_those_of_all(cuts: list[int]) -> None:
    maps = photo(36, 9).mul(0.01).add(7)  # a mean that is far from 0 for what it spreads
    sums = Sums()
    for strip in maps.split(cuts, 2):
        sums.add(strip)
    for found, right in zip(sums.moments(), moments(maps.double()), strict=True):
        assert torch.allclose(found, right.float(), rtol=1e-3)


def test_the_photo_s_colours_are_its_own_and_the_lightness_the_painting_s() -> None:
    x = photo(20, 30) * 0.5 + 0.25
    painted = photo(20, 30, seed=1) * 0.2 + 0.4
    out = painted.clone()
    brushwork.lay(x, out, own_colours=True)
    assert torch.allclose(colour.lightness(out), colour.lightness(painted), atol=1e-5)
    assert torch.allclose(out - colour.lightness(out), x - colour.lightness(x), atol=1e-5)
    grey = x[:, :1].expand_as(x)
    brushwork.lay(grey, painted, own_colours=True)
    assert colour.is_grey(painted)


def test_a_cover_lays_the_painting_over_the_photo() -> None:
    x, painted = photo(20, 30), photo(20, 30, seed=1)
    cover = torch.zeros(1, 1, 20, 30)
    cover[..., 10:20], cover[..., 20:] = 0.25, 1.0
    out = painted.clone()
    brushwork.lay(x, out, cover=cover)
    assert torch.equal(out[..., :10], x[..., :10])
    assert torch.equal(out[..., 20:], painted[..., 20:])
    assert torch.allclose(out[..., 10:20], 0.75 * x[..., 10:20] + 0.25 * painted[..., 10:20])


def test_what_is_no_brush_is_refused() -> None:
    with pytest.raises(InputError, match="stranger is no brush"):
        brushwork.opened(lens.Net(torch.nn.Conv2d(3, 3, 1), name="stranger"))


def test_a_card_that_lists_other_styles_is_refused() -> None:
    two = tuple(Style(n, n, "", "") for n in "ab")
    with pytest.raises(InputError, match=r"card of toy lists 2 styles. The network has 3"):
        brushwork.opened(lens.Net(made(), name="toy", styles=two))


def test_styles_are_those_of_the_card_or_have_numbers(net: lens.Net) -> None:
    assert [s.name for s in brushwork.opened(net)[1]] == ["1", "2", "3"]
    named = tuple(Style(n, n.title(), "ours", "CC0") for n in "abc")
    known = lens.Net(made(), name="toy", styles=named)
    assert brushwork.opened(known)[1] == named
    assert brushwork.opened(known.like(known.module, name="other"))[1] == named
