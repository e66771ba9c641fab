"""Attribution against closed forms, brute force, derivatives by hand, and Captum where Captum is right."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from captum import attr
from scipy.stats import spearmanr
from torch import nn
from torch.nn import functional as F

from tests.elsewhere import TwoDevices, moved
from tests.toys import state, toy
from tests.zoo import SIZES, ZOO, ViT
from zorki import jobs, lens
from zorki.core import events
from zorki.core.errors import InputError, UnknownName
from zorki.explaining import attribution as by
from zorki.wings.see import attribution
from zorki.wings.see.attribution import Settings

pytestmark = pytest.mark.tiny
NAMES = ["tabby, tabby cat", "Egyptian cat", "crane", "espresso", "crane"]


def net(**more: Any) -> lens.Net:
    return lens.Net(toy(inplace=False), name="toy", side=32, **more)


def picture(h: int = 32, w: int = 32, seed: int = 0) -> torch.Tensor:
    return torch.rand(1, 3, h, w, generator=torch.Generator().manual_seed(seed))


def heard(work: Callable[[], Any]) -> tuple[Any, list[str]]:
    notes: list[str] = []
    with events.listen(lambda e: notes.append(e.note)):
        made = work()
    return made, [n for n in notes if n]


class Linear(nn.Module):
    """F(x) = Σ w x + b for any size, with w the same everywhere of a colour; class k has k + 1 times that."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        self.w, self.b = nn.Parameter(torch.tensor([1.0, -2.0, 0.5])), nn.Parameter(torch.ones(()))
        self.classes = classes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        one = (x * self.w.view(3, 1, 1)).sum((1, 2, 3)) + self.b
        return torch.stack([one * (k + 1) for k in range(self.classes)], 1)


class Cubes(nn.Module):
    """F(x) = Σ x³ / 3, so its gradient is x² and under noise, on average, x² + σ²."""

    def __init__(self) -> None:
        super().__init__()
        self.none = nn.Conv2d(3, 3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x**3 / 3).sum((1, 2, 3))[:, None]


class Constant(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x).mean((2, 3)) * 0 + 7


class Maps(nn.Module):
    """A segmenter of `classes` maps, half as large as its picture; counts the pictures that go through it."""

    def __init__(self, classes: int = 13) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, classes, 3, padding=1, stride=2))
        self.seen = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen += len(x)
        return self.body(x)  # type: ignore[no-any-return]


# ---- Captum, where the method is the same


def test_gradients_are_captums() -> None:
    n, x = net(), picture()
    want = attr.Saliency(n.module).attribute(x.clone().requires_grad_(True), target=2)[0].amax(0)
    found = attribution.run(n, x, Settings(method="gradient", class_=2))
    assert torch.allclose(found.raw, want, atol=1e-4 * float(want.max()))


@pytest.mark.filterwarnings("ignore:Setting backward hooks")
@pytest.mark.parametrize(("method", "theirs"), [("guided", attr.GuidedBackprop), ("deconvnet", attr.Deconvolution)])
def test_backward_rules_are_captums(method: Any, theirs: Any) -> None:
    n, x = net(), picture()
    want = theirs(n.module).attribute(x.clone().requires_grad_(True), target=2)[0].detach().abs().amax(0)
    found = attribution.run(n, x, Settings(method=method, class_=2)).raw
    plain = attribution.run(n, x, Settings(method="gradient", class_=2)).raw
    assert torch.allclose(found, want, atol=1e-4 * float(want.max()))
    assert not torch.allclose(found, plain, atol=0.1 * float(plain.max()))


def test_gradcam_is_captums() -> None:
    n, x = net(), picture(64, 64)  # a net of 32 pixels is shown twice that
    want = attr.LayerGradCam(n.module, n.module[3]).attribute(x, target=1, relu_attributions=True)[0, 0].detach()
    found = attribution.run(n, x, Settings(class_=1, layer="3"))
    assert found.maps[0].more["layer"] == "3"
    assert float(want.max()) > 0
    assert torch.allclose(found.raw, want, atol=1e-4 * float(want.max()))


@pytest.mark.parametrize("kind", ["grey", "black", "blurred"])
def test_integrated_gradients_are_captums(kind: Any) -> None:
    n, x = net(), picture()
    base = by.baseline(x, kind)
    want = attr.IntegratedGradients(n.module).attribute(x, base, target=0, n_steps=50, method="gausslegendre")[0].sum(0)
    found = attribution.run(n, x, Settings(method="integrated", class_=0, baseline=kind))
    assert torch.allclose(found.raw, want.float(), atol=1e-4 * float(want.abs().max()))
    assert found.answer()["baseline"] == kind


@pytest.mark.parametrize(("window", "stride"), [(8, 4), (4, 4), (16, 8)])
def test_occlusion_is_captums_where_windows_fit(window: int, stride: int) -> None:
    n, x = net(), picture()
    theirs = attr.Occlusion(n.module)
    want = theirs.attribute(x, (3, window, window), strides=(3, stride, stride), baselines=0.5, target=3)[0, 0]
    found = attribution.run(n, x, Settings(method="occlusion", class_=3, window=window, stride=stride)).raw
    assert torch.allclose(found, want.float(), atol=1e-4 * float(want.abs().max()) + 1e-8)


# ---- closed forms


def test_gradcam_plus_weighs_as_the_paper_says() -> None:
    """The anchors' numbers, and the paper's own definition by second and third derivatives of exp(score)."""
    g = torch.tensor([0.5, 2.0, 0.0, 1.0]).view(1, 2, 2)
    a = torch.ones(1, 2, 2)
    assert torch.allclose(by.shares_of_slope(a, g).flatten(), torch.tensor([0.25, 0.1, 0.0, 1 / 6]))
    torch.manual_seed(1)
    maps, slope = torch.rand(3, 4, 5, dtype=torch.float64), torch.randn(3, 4, 5, dtype=torch.float64)
    expected = torch.zeros(4, 5, dtype=torch.float64)
    for k in range(3):
        weight = 0.0
        for i in range(4):
            for j in range(5):
                at = maps[k, i, j].clone().requires_grad_(True)
                score = (slope * maps).sum() + slope[k, i, j] * (at - maps[k, i, j])  # a score that is linear in the maps
                (first,) = torch.autograd.grad(torch.exp(score), at, create_graph=True)
                (second,) = torch.autograd.grad(first, at, create_graph=True)
                (third,) = torch.autograd.grad(second, at)
                alpha = second / (2 * second + maps[k].sum() * third)
                weight += float(alpha.detach()) * max(float(slope[k, i, j]), 0.0)
        expected += weight * maps[k]
    assert torch.allclose(by.gradcam_plus(maps, slope), expected.clamp_min(0))
    assert not torch.isnan(by.gradcam_plus(torch.ones(1, 1, 1), torch.full((1, 1, 1), -2.0))).any(), "the bottom is 0 there"


def test_layercam_is_gradcam_where_slopes_are_the_same_all_over_a_map() -> None:
    a, g = torch.randn(4, 5, 6), torch.rand(4, 1, 1).expand(4, 5, 6)
    assert torch.allclose(by.layercam(a, g), by.gradcam(a, g), atol=1e-6)
    g = torch.randn(4, 5, 6)
    want = [[max(0.0, sum(max(0.0, float(g[k, i, j])) * float(a[k, i, j]) for k in range(4))) for j in range(6)] for i in range(5)]
    assert torch.allclose(by.layercam(a, g), torch.tensor(want), atol=1e-5)


@pytest.mark.parametrize("steps", [1, 2, 50])
@pytest.mark.parametrize("kind", ["grey", "black", "blurred"])
def test_integrated_gradients_of_a_linear_net_are_its_weights_times_the_change(steps: int, kind: str) -> None:
    module = Linear().double()
    x = picture(9, 13).double()
    base = by.baseline(x, kind)
    found, total, change = by.integrated(by.Ask(lens.Net(module, side=8), 1), x, base, steps)
    assert torch.allclose(found, (2 * module.w.view(3, 1, 1) * (x - base)[0]).detach(), atol=1e-12)
    assert abs(total - change) <= 1e-6


def test_completeness_grows_with_steps_and_is_told() -> None:
    n, x = net(), picture()
    few, many = (attribution.run(n, x, Settings(method="integrated", class_=0, steps=k)).answer() for k in (2, 200))
    assert many["completeness_error"] < few["completeness_error"]
    change = float((n.logits(x) - n.logits(torch.full_like(x, 0.5)))[0, 0])
    assert many["difference"] == pytest.approx(change, abs=1e-5)
    assert many["sum"] == pytest.approx(change, rel=0.02)


def test_smoothgrad_of_a_linear_net_is_its_gradient_and_of_cubes_what_noise_adds() -> None:
    x = picture(8, 10)
    flat = by.smoothed(by.Ask(lens.Net(Linear(), side=8), 0), x, 5, 0.2, 0)
    assert torch.allclose(flat, torch.tensor([1.0, -2.0, 0.5]).view(3, 1, 1).expand_as(flat), atol=1e-5)
    x = 0.5 + 0.25 * x / x.max()
    sigma = 0.2 * float(x.max() - x.min())
    found = by.smoothed(by.Ask(lens.Net(Cubes(), side=8), 0), x, 2000, 0.2, 0)
    assert float((found - x[0] ** 2).mean()) == pytest.approx(sigma**2, rel=0.1)


def test_a_copys_noise_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are made at a time; another seed gives another map."""
    n, x = net(), picture()
    ask = by.Ask(n, 0)
    together = by.smoothed(ask, x, 7, 0.2, 0)
    monkeypatch.setattr(by, "AT_ONCE", 3)
    most = float(together.abs().max())
    assert torch.allclose(together, by.smoothed(ask, x, 7, 0.2, 0), atol=1e-4 * most)
    assert not torch.allclose(together, by.smoothed(ask, x, 7, 0.2, 1), atol=1e-2 * most)


def test_memory_decides_how_many_go_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from zorki.lens import chunks

    sizes: list[int] = []
    n = net()
    n.module.register_forward_pre_hook(lambda _, given: sizes.append(len(given[0])))
    x = picture()
    ask = by.Ask(n, 0)
    by.integrated(ask, x, x * 0, 10)
    assert max(sizes) == 10
    sizes.clear()
    monkeypatch.setattr(chunks, "free_memory", lambda _: 4 * 3.5 * by.bytes_for(n, x))
    by.integrated(ask, x, x * 0, 10)
    assert max(sizes) == 3


@pytest.mark.parametrize("method", list(attribution.TITLES))
def test_a_constant_net_gives_zeros_and_says_so(method: Any) -> None:
    made, notes = heard(lambda: attribution.run(lens.Net(Constant(), side=16), picture(16, 16), Settings(method=method, samples=2)))
    assert float(made.raw.abs().max()) == 0
    assert made.answer()["flat"]
    assert "flat" in made.tiles()[1].caption
    assert any("flat" in note for note in notes)


# ---- occlusion (S27)


@pytest.mark.parametrize(("window", "stride"), [(4, 3), (8, 20), (300, 1), (7, 7)])
def test_what_is_measured_is_constant_for_a_constant_and_the_rest_is_not_zero(window: int, stride: int) -> None:
    module = Linear()
    with torch.no_grad():
        module.w.fill_(1.0)
    x = torch.ones(1, 3, 31, 255)
    s = Settings(method="occlusion", class_=0, window=window, stride=stride, baseline="black")
    found = attribution.run(lens.Net(module, side=(31, 255)), x, s)
    assert found.raw.shape == (31, 255)
    raw = found.raw
    known = raw.isfinite()
    assert torch.allclose(raw[known], torch.full_like(raw[known], 3.0 * min(window, 31) * min(window, 255)), rtol=1e-3)
    assert known[0].any()
    assert known[-1].any()
    assert known[:, -1].any(), "the last window is moved to the edge"
    assert bool(known.all()) == (stride <= window)
    assert ("striped" in found.tiles()[1].caption) == (stride > window)
    assert (found.answer()["unmeasured"] > 0) == (stride > window)  # type: ignore[operator]
    assert math.isfinite(found.maximum)


def test_occlusion_averages_what_covers_a_pixel() -> None:
    """By brute force, on a net that is not linear, where windows do not fit."""
    n, x = net(), picture(13, 11)
    base = by.baseline(x, "blurred")
    tops, lefts = [0, 3, 6, 8], [0, 3, 6]
    sums: dict[tuple[int, int], list[float]] = {}
    for top in tops:
        for left in lefts:
            y = x.clone()
            y[..., top : top + 5, left : left + 5] = base[..., top : top + 5, left : left + 5]
            drop = float((n.logits(x) - n.logits(y))[0, 4])
            for i in range(top, top + 5):
                for j in range(left, left + 5):
                    sums.setdefault((i, j), []).append(drop)
    found = by.occluded(by.Ask(n, 4), x, base, 5, 3)
    most = float(found.abs().max())
    assert len(sums) == found.numel()
    for (i, j), drops in sums.items():
        assert float(found[i, j]) == pytest.approx(float(np.mean(drops)), abs=1e-3 * most)


def test_numbers_of_parts_may_have_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    """S15: eight ids between 0 and 12 cost nine pictures, and each part has its own drop."""
    module = Maps()
    n = lens.Net(module, side=(75, 134))
    x = picture(75, 134)
    ids = torch.tensor([0, 1, 2, 4, 5, 9, 10, 12])[torch.arange(134) * 8 // 134].expand(75, 134)
    ask = by.Ask(n, 12, torch.ones(38, 67))
    ask.net.layers()
    module.seen = 0
    found = by.occluded_parts(ask, x, x * 0, ids)
    assert module.seen == 9
    for k in (0, 9, 12):
        y = torch.where(ids == k, 0.0, x)
        want = float(ask.scores(x)[0] - ask.scores(y)[0])
        assert torch.allclose(found[ids == k], torch.full_like(found[ids == k], want), atol=1e-3)


def test_parts_come_from_a_picture_of_flat_colours() -> None:
    module = Linear()
    colours = torch.zeros(1, 3, 16, 20)
    colours[:, 0, :, 10:] = 1
    x = picture(16, 20)
    found = attribution.run(lens.Net(module, side=16, step=1), x, Settings(method="occlusion", class_=0, baseline="black"), parts=colours)
    small = F.interpolate(colours, found.raw.shape, mode="nearest-exact")[0, 0]
    assert len(found.raw.unique()) == 2
    assert found.raw[small == 1].unique().numel() == 1
    assert found.answer()["parts"] == 2
    with pytest.raises(InputError, match=r"colours.*PNG"):
        attribution.run(lens.Net(module, side=64), x, Settings(method="occlusion", class_=0), parts=picture(64, 80))


@pytest.mark.parametrize("what", ["parts", "at"])
def test_turned_parts_are_refused_with_both_sizes(what: str) -> None:
    """A mask turned by a quarter would be stretched without a word."""
    with pytest.raises(InputError, match=f"^{what} has 16 × 20 pixels, the photo 20 × 16"):
        attribution.run(lens.Net(Linear(), side=16, step=1), picture(16, 20), Settings(class_=0), **{what: torch.ones(1, 3, 20, 16)})


# ---- where things are, and how large (S09, S11)


@pytest.mark.parametrize("method", list(attribution.TITLES))
def test_a_blob_top_right_stays_top_right(method: Any) -> None:
    """S11: 334 x 500, a bright block in rows 10-60, columns 430-490."""
    x = torch.zeros(1, 3, 334, 500)
    x[..., 10:60, 430:490] = 1
    module = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    with torch.no_grad():
        module[0].weight.fill_(0.1)
        module[0].bias.fill_(-0.3)
        module[4].weight.copy_(torch.tensor([[1.0] * 4, [-1.0] * 4]))
    made = attribution.run(lens.Net(module, side=128), x, Settings(method=method, class_=0, samples=4, noise=0.05, baseline="black"))
    raw = made.raw.clamp_min(0)
    h, w = raw.shape
    assert w > h
    weight = raw / raw.sum()
    down, right = float((weight.sum(1) * torch.arange(h)).sum()), float((weight.sum(0) * torch.arange(w)).sum())
    if method == "deconvnet":
        return  # it passes signals back where nothing came in, so all of the picture answers
    assert down < h / 2
    assert right > w / 2
    shown = made.tiles()[1].pixels.astype(float).mean(2)
    assert shown.shape == (334, 500)
    assert np.unravel_index(int(shown.argmax()), shown.shape)[1] > 400


@pytest.mark.parametrize("method", [m for m in attribution.TITLES if m != "gradcam++"])
def test_small_logits_give_the_same_picture_and_a_small_maximum(method: Any) -> None:
    """S09. Grad-CAM++ is left out: by its own formula it changes when logits are scaled."""
    plain, small = toy(), toy()
    with torch.no_grad():
        small[7].weight.mul_(1e-7)
        small[7].bias.mul_(1e-7)
    s = Settings(method=method, class_=1, samples=4)
    a, b = (attribution.run(lens.Net(m, side=32), picture(), s) for m in (plain, small))
    seen = [m.tiles()[1].pixels.astype(float).ravel() for m in (a, b)]
    assert float(np.corrcoef(*seen)[0, 1]) > 0.999
    assert a.maximum / b.maximum == pytest.approx(1e7, rel=0.05)
    assert f"{b.maximum:.3g}" in b.tiles()[1].caption


# ---- classes


@pytest.mark.parametrize(
    ("wanted", "number"), [(3, 3), ("3", 3), ("espresso", 3), ("Tabby", 0), ("tabby  CAT", 0), ("Egyptian", 1), ("tabby, tabby cat", 0)]
)
def test_a_class_has_a_number_and_names(wanted: int | str, number: int) -> None:
    assert attribution.run(net(classes=NAMES), picture(), Settings(class_=wanted)).class_ == number


def test_a_wrong_class_is_answered_with_the_right_ones() -> None:
    n, x = net(classes=NAMES), picture()
    with pytest.raises(InputError, match="0 to 4"):
        attribution.run(n, x, Settings(class_=5))
    with pytest.raises(InputError, match="0 to 4"):
        attribution.run(n, x, Settings(class_=-1))
    with pytest.raises(UnknownName, match="espresso"):
        attribution.run(n, x, Settings(class_="expresso"))
    with pytest.raises(InputError, match=r"0 tabby cat, 1 Egyptian cat"):
        attribution.run(n, x, Settings(class_="cat"))
    with pytest.raises(InputError, match=r"2 crane, 4 crane"):
        attribution.run(n, x, Settings(class_="crane"))
    with pytest.raises(InputError, match="no names"):
        attribution.run(net(), x, Settings(class_="cat"))
    assert attribution.run(net(classes=NAMES[:2]), x, Settings(class_=4)).name == "class 4"


def test_every_word_of_the_command_line_arrives() -> None:
    from zorki.cli import wing

    m = jobs.method("see", "attribution")
    for given in ({"class_": 33}, {"class_": "Egyptian cat"}, {"method": "gradcam++"}, {"window": 8, "stride": 3}, {"sanity": True}):
        words = m.command({"photo": "cat.jpg"}, m.fill(None, given)).split(" ", 2)[2]
        import shlex

        _, bound, _ = wing.build("see", "attribution").parse_args(shlex.split(words), exit_on_error=False, print_error=False)
        assert dict(bound.kwargs) == given


# ---- segmenters


def test_a_segmenters_class_is_summed_over_its_own_pixels() -> None:
    module = Maps(4).eval()
    n, x = lens.Net(module, side=(24, 32), classes=["sky", "road", "tree", "car"]), picture(24, 32)
    with torch.no_grad():
        given = module(x)[0].argmax(0)
    number = int(given.flatten().mode().values)
    made, notes = heard(lambda: attribution.run(n, x, Settings(method="gradient")))
    assert made.class_ == number
    y = x.clone().requires_grad_(True)
    module(y)[0, number][given == number].sum().backward()
    assert y.grad is not None
    assert torch.allclose(made.raw, y.grad[0].abs().amax(0), atol=1e-5)
    share = float((given == number).float().mean())
    assert made.top[0] == (n.classes[number], pytest.approx(share))  # type: ignore[index]
    assert any("summed over" in note and f"{share:.1%}" in note for note in notes)


def test_a_segmenter_is_asked_where_a_mask_is_bright() -> None:
    module = Maps(4).eval()
    n, x = lens.Net(module, side=(24, 32)), picture(24, 32)
    at = torch.zeros(1, 3, 24, 32)
    at[..., :8, 16:] = 1
    made, notes = heard(lambda: attribution.run(n, x, Settings(method="gradient", class_=2), at=at))
    y = x.clone().requires_grad_(True)
    module(y)[0, 2, :4, 8:].sum().backward()
    assert y.grad is not None
    assert torch.allclose(made.raw, y.grad[0].abs().amax(0), atol=1e-5)
    assert float(made.raw[12:].abs().max()) == 0
    assert any("the bright pixels of at" in note for note in notes)
    with pytest.raises(InputError, match="dark"):
        attribution.run(n, x, at=at * 0)


def test_a_class_that_a_segmenter_sees_nowhere_is_summed_everywhere_and_told() -> None:
    module = Maps(3).eval()
    with torch.no_grad():
        module.body[2].bias[1] = -1e4
    made, notes = heard(lambda: attribution.run(lens.Net(module, side=24), picture(24, 24), Settings(method="gradient", class_=1)))
    assert made.maximum > 0
    assert any("none" in note for note in notes)


@pytest.mark.parametrize("method", [*attribution.TITLES, "all"])
@pytest.mark.parametrize("classes", [1, 13])
def test_every_method_works_for_segmenters(method: Any, classes: int) -> None:
    module = Maps(classes)
    before = state(module)
    made = attribution.run(lens.Net(module, side=24), picture(24, 30), Settings(method=method, samples=2, steps=3))
    assert all(m.raw.isfinite().all() for m in made.maps)
    assert state(module) == before


@pytest.mark.parametrize("method", ["gradcam", "occlusion"])
def test_masks_and_parts_go_to_the_nets_device(method: Any) -> None:
    with_at, parts = (picture(24, 30, seed=k) for k in (1, 2))
    parts = (parts[..., ::12, ::15] * 4).round().repeat_interleave(12, 2).repeat_interleave(15, 3) / 4
    s = Settings(method=method, class_=3)
    plain = attribution.run(lens.Net(Maps(), side=24), picture(24, 30), s, parts, with_at)
    away = lens.Net(moved(Maps()), side=24)
    with TwoDevices():
        found = attribution.run(away, picture(24, 30), s, parts, with_at)
    assert torch.allclose(found.raw, plain.raw, atol=1e-4 * plain.maximum)


# ---- rules that cannot hold, transformers, all at once


@pytest.mark.parametrize("name", ["functional relu", "relu6", "reused relu"])
def test_guided_is_another_map_wherever_the_relus_are(name: str) -> None:
    torch.manual_seed(0)
    n = lens.Net(ZOO[name](), side=24)
    x = picture(24, 24)
    guided, plain = (attribution.run(n, x, Settings(method=m, class_=0)).raw for m in ("guided", "gradient"))
    assert not torch.allclose(guided, plain, atol=0.01 * float(plain.max()))


@pytest.mark.filterwarnings("ignore")
def test_a_rule_that_does_not_hold_is_one_sentence() -> None:
    x = picture(24, 24)
    for name, said in (("silu", "SiLU"), ("gelu", "GELU")):
        with pytest.raises(InputError, match=said):
            attribution.run(lens.Net(ZOO[name](), side=24), x, Settings(method="guided"))
    script = torch.jit.trace(toy(), x)  # type: ignore[no-untyped-call]
    with pytest.raises(InputError, match=r"relu.*does not reach"):
        attribution.run(lens.Net(script, side=24), x, Settings(method="guided"))
    exported = torch.export.export(toy(), (x,)).module()
    with pytest.raises(InputError, match=r"relu.*does not reach"):
        attribution.run(lens.Net(exported, side=24, step=0, batch=1), x, Settings(method="deconvnet"))


def test_edges_are_warned_of() -> None:
    _, notes = heard(lambda: attribution.run(net(), picture(), Settings(method="guided")))
    assert any("Adebayo" in note for note in notes)
    assert attribution.run(net(), picture(), Settings(method="guided")).answer()["survives_random_weights"] is True
    assert attribution.run(net(), picture(), Settings()).answer()["survives_random_weights"] is False


def test_all_leaves_out_what_cannot_be_and_says_so() -> None:
    s = Settings(method="all", samples=2, steps=3)
    made = attribution.run(net(), picture(), s)
    assert [m.method for m in made.maps] == list(attribution.TITLES)
    assert len(made.tiles()) == 1 + len(attribution.TITLES)
    answer = made.answer()
    assert answer["method"] == "all"
    assert answer["maximum"] == made.maps[0].maximum
    made, notes = heard(lambda: attribution.run(lens.Net(ZOO["silu"](), side=24), picture(), s))
    assert {"guided", "deconvnet"}.isdisjoint(m.method for m in made.maps)
    assert sum("left out" in note for note in notes) == 2


def test_gradcam_of_a_transformer_is_on_its_patches() -> None:
    """Not the last layer, which only the class token leaves, and rows and columns as they are."""
    torch.manual_seed(0)
    vit = ViT((24, 40))
    made = attribution.run(lens.Net(vit, side=SIZES["vit, not square"]), picture(24, 40), Settings(method="layercam"))
    assert made.raw.shape == (3, 5)
    assert str(made.maps[0].more["layer"]).startswith("blocks.1")
    swin = attribution.run(lens.Net(ZOO["swin-like"](), side=32), picture(32, 64), Settings(method="layercam", layer="norm"))
    assert swin.raw.shape == (12, 22), "a quarter of 48 x 88, though laid out (rows, columns, channels)"


# ---- random weights


def test_ranks_are_scipys() -> None:
    g = torch.Generator().manual_seed(0)
    a, b = torch.randint(-4, 9, (7, 9), generator=g).float(), torch.randn(7, 9, generator=g)
    b[2, 3] = math.nan
    good = b.isfinite()
    assert by.rank_correlation(a, b) == pytest.approx(spearmanr(a[good].abs(), b[good].abs()).statistic, abs=1e-6)
    assert by.rank_correlation(a, a * 0) is None


def test_random_weights_are_the_same_numbers_elsewhere_and_the_net_is_untouched() -> None:
    n = net()
    before = state(n.module)
    copy = by.randomised(n, 0).module
    for p, q in zip(n.module.parameters(), copy.parameters(), strict=True):
        assert torch.equal(p.flatten().sort().values, q.flatten().sort().values)
    assert not torch.equal(n.module[0].weight, copy[0].weight)
    assert torch.equal(copy[0].weight, by.randomised(n, 0).module[0].weight)
    assert not torch.equal(copy[0].weight, by.randomised(n, 0, 1).module[0].weight)
    made = attribution.run(n, picture(), Settings(method="gradient", sanity=True))
    assert -1 <= made.answer()["sanity"] <= 1  # type: ignore[operator]
    assert state(n.module) == before


def test_a_net_without_anything_learnt_gives_the_same_map_at_random() -> None:
    module = Linear()
    with torch.no_grad():
        module.w.fill_(1.0)
    made, notes = heard(lambda: attribution.run(lens.Net(module, side=16), picture(16, 16), Settings(method="integrated", sanity=True)))
    assert made.maps[0].sanity == pytest.approx(1, abs=1e-6)
    assert any("1.00" in note for note in notes)


def test_sanity_is_the_mean_rank_correlation_with_the_maps_of_copies() -> None:
    """Of a linear net the map is w · x, summed over colours, and so is each copy's with its own w."""
    n, x = lens.Net(Linear(), side=16), picture(16, 16)

    def mapped(net: lens.Net) -> torch.Tensor:
        return (x[0] * net.module.w.detach().view(3, 1, 1)).sum(0).abs()  # type: ignore[operator, union-attr]

    made = attribution.run(n, x, Settings(method="integrated", baseline="black", sanity=True, seed=3))
    copies = [mapped(by.randomised(n, 3, k)) for k in range(attribution.SHUFFLES)]
    expected = np.mean([spearmanr(mapped(n).flatten(), copy.flatten()).statistic for copy in copies])
    assert expected < 0.95
    assert made.maps[0].sanity == pytest.approx(float(expected), abs=1e-4)


def test_what_takes_long_tells_how_far_it_is() -> None:
    told: list[events.Event] = []
    with events.listen(told.append):
        attribution.run(net(), picture(), Settings(method="all", samples=40, steps=40))
    clock = events.Clock()
    for stage, of in (("SmoothGrad", 40), ("integrated gradients", 40)):
        steps = [e for e in told if e.stage == stage]
        assert [e.step for e in steps] == sorted(e.step for e in steps)
        assert steps[-1].step == steps[-1].of == of
        assert [clock.left(e) for e in steps][-1] == 0
    assert any(e.stage == "occlusion" for e in told)


# ---- empty maps say why


def negative() -> nn.Module:
    """Sure of class 2, by its bias alone: each of its maps speaks against it."""
    module = toy(inplace=False)
    with torch.no_grad():
        module[7].weight[2] = -module[7].weight[2].abs()
        module[7].bias[2] = 9
    return module


def test_an_empty_gradcam_says_why_and_offers_what_is_not_empty() -> None:
    made, notes = heard(lambda: attribution.run(lens.Net(negative(), side=32), picture()))
    assert made.top[0][1] > 0.99
    assert made.answer()["flat"] is True
    assert "all 12 maps of 4 have a mean slope of 0 or less" in str(made.answer()["why"])
    assert len([n for n in notes if "flat" in n]) == 1
    assert "occlusion and integrated" in notes[-1]
    assert "layercam" not in notes[-1], "whose map is empty too, as each slope of a map is its mean"


def test_layercam_is_offered_where_it_is_not_empty() -> None:
    """Slopes that are below 0 on the mean and above it at one place, where the map answers."""
    a, g = torch.zeros(2, 3, 3), torch.full((2, 3, 3), -1.0)
    a[:, 1, 1], g[:, 1, 1] = 1, 2
    a[:, 0, 0] = 9
    assert float(by.gradcam(a, g).max()) == 0
    assert float(by.layercam(a, g).max()) > 0
    assert "--method=layercam" in by.why_empty(a, g, "4")
    assert "nothing in 4 changes the answer" in by.why_empty(a, g * 0, "4")
    a[0], g[0] = -5, 1
    assert "add up to nothing above 0" in by.why_empty(a, g, "4")


def test_a_map_that_is_not_empty_gives_no_reason() -> None:
    assert "why" not in attribution.run(net(), picture(), Settings(method="gradient")).answer()
    assert all("why" not in m.answer() for m in attribution.run(lens.Net(Maps(), side=24), picture(24, 24), Settings()).maps)
