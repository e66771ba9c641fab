"""Segmenters: any size, the papers' numbers of parameters, closed forms of the ways back, and that each of them learns."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from zorki.core.errors import UnknownName
from zorki.nets import decoders, encoders
from zorki.nets.decoders import fcn, maxunpool
from zorki.nets.segmenter import Segmenter, reflected

NETS = decoders.names()
CLASSIC = {  # arguments, parameters as published or counted in their authors' code
    "unet 2015": ({"net": "unet", "encoder": "unet2015", "channels": 1, "norm": False}, 31_030_658),
    "unet milesial": ({"net": "unet", "encoder": "unet"}, 31_037_698),
    "unet bilinear": ({"net": "unet", "encoder": "unet512", "up": "bilinear"}, 17_263_042),
    "segnet": ({"net": "maxunpool", "encoder": "segnet", "classes": 11, "convs": (1, 2, 3, 3, 3), "bias": True}, 29_449_355),
    "fcn-32s": ({"net": "fcn", "encoder": "fcn", "classes": 21, "hidden": 4096, "finest": 32}, 134_346_581),
    "fcn-16s": ({"net": "fcn", "encoder": "fcn", "classes": 21, "hidden": 4096, "finest": 16}, 134_357_354),
    "fcn-8s": ({"net": "fcn", "encoder": "fcn", "classes": 21, "hidden": 4096, "finest": 8}, 134_362_751),
}


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def made(net: str, encoder: str = "plain", classes: int = 3, seed: int = 0, **more: object) -> Segmenter:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Segmenter(net, encoder, classes, **({"width": 16} | more)).eval()  # type: ignore[arg-type]


@pytest.mark.tiny
@pytest.mark.parametrize("name", CLASSIC)
def test_the_papers_nets_have_as_many_parameters(name: str) -> None:
    given, count = CLASSIC[name]
    with torch.random.fork_rng(), pytest.MonkeyPatch.context() as m, torch.no_grad():
        m.setattr(nn.init, "kaiming_uniform_", lambda x, *_, **__: x)  # nobody looks at the numbers
        m.setattr(nn.init, "kaiming_normal_", lambda x, *_, **__: x)
        net = Segmenter(**given)  # type: ignore[arg-type]
    kernels = sum(p.numel() for m in net.modules() if isinstance(m, fcn.Enlarged) for p in m.parameters())  # the authors' are fixed
    assert sum(p.numel() for p in net.parameters()) - kernels == count


@pytest.mark.unit
@pytest.mark.parametrize("net", NETS)
def test_any_size_from_one_pixel_on(net: str) -> None:
    segmenter = made(net)

    @settings(max_examples=12, deadline=None, derandomize=True)
    @given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 2))
    def check(h: int, w: int, b: int) -> None:
        with torch.inference_mode():
            out = segmenter(drawn(b, 3, h, w))
        assert out.shape == (b, 3, h, w)
        assert out.isfinite().all()

    check()
    with torch.inference_mode():
        assert segmenter(drawn(1, 3, 1, 1)).shape == (1, 3, 1, 1)


@pytest.mark.unit
@pytest.mark.parametrize("encoder", [n for n in encoders.names() if n not in ("unet", "unet512", "unet2015", "segnet", "fcn")])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_every_encoder_says_the_truth_of_its_maps(encoder: str, channels: int) -> None:
    part = encoders.encoder(encoder, channels).eval()
    assert part.name == encoder
    assert [b / a for a, b in zip(part.strides, part.strides[1:], strict=False)] == [2.0] * (len(part.strides) - 1)
    with torch.inference_mode():
        maps = part(drawn(2, channels, 64, 96))
    assert [tuple(m.shape) for m in maps] == [(2, c, 64 // s, 96 // s) for c, s in zip(part.channels, part.strides, strict=True)]


@pytest.mark.tiny
def test_what_an_encoder_pools_by_maximum_is_known() -> None:
    assert encoders.encoder("plain").pooled == (True,) * 4 + (False,)
    assert encoders.encoder("segnet").pooled == (True,) * 5 + (False,)
    assert not any(encoders.encoder("lite0").pooled)
    assert not any(encoders.encoder("resnet18").pooled), "3×3 with stride 2 has no switches of squares"


@pytest.mark.tiny
def test_unknown_names_are_told_with_near_ones() -> None:
    with pytest.raises(UnknownName, match="unet"):
        Segmenter("unett")
    with pytest.raises(UnknownName, match="lite0"):
        Segmenter(encoder="lite1")


@pytest.mark.tiny
@pytest.mark.parametrize("net", NETS)
def test_its_sizes_make_it_again(net: str) -> None:
    one = made(net, "lite0", channels=2)
    two = Segmenter(**one.sizes()).eval()
    two.load_state_dict(one.state_dict())
    assert torch.equal(one(drawn(1, 2, 33, 20)), two(drawn(1, 2, 33, 20)))
    assert one.sizes()["encoder"] == ("none" if net == "naive" else "lite0")


@pytest.mark.tiny
def test_what_a_way_back_is_told_is_among_its_sizes() -> None:
    assert made("fcn", finest=16).sizes()["finest"] == 16
    with pytest.raises(TypeError, match="finest"):
        made("unet", finest=16)


@pytest.mark.tiny
@given(st.integers(1, 9), st.integers(1, 9), st.booleans(), st.integers(0, 99))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_unpooling_is_torchs_to_the_bit_with_ties_and_odd_sides(h: int, w: int, tied: bool, seed: int) -> None:
    finer = drawn(2, 3, h, w, seed=seed) - 0.5
    finer = (finer * 3).round().relu() if tied else finer
    top, at = F.max_pool2d(finer, 2, ceil_mode=True, return_indices=True)
    y = drawn(*top.shape, seed=seed + 1)
    assert torch.equal(maxunpool.unpooled(y, finer), F.max_unpool2d(y, at, 2, output_size=finer.shape))


@pytest.mark.tiny
def test_unpooling_is_deterministic_where_torchs_refuses() -> None:
    y = drawn(1, 2, 3, 3).requires_grad_()
    torch.use_deterministic_algorithms(True)
    try:
        maxunpool.unpooled(y, drawn(1, 2, 6, 6)).sum().backward()
    finally:
        torch.use_deterministic_algorithms(False)
    assert y.grad is not None
    assert torch.equal(y.grad, torch.ones_like(y))


@pytest.mark.tiny
@pytest.mark.parametrize("by", [2, 8, 16, 32])
def test_enlarging_begins_bilinear_up_to_the_border(by: int) -> None:
    enlarged, x = fcn.Enlarged(3, by), drawn(2, 3, 5, 4)
    assert torch.allclose(enlarged(x), F.interpolate(x, scale_factor=by, mode="bilinear", align_corners=False), atol=1e-6)
    assert enlarged.kernel_size == (2 * by, 2 * by)
    ramp = torch.arange(6.0).expand(1, 3, 6, 6)
    inside = enlarged(ramp)[..., by:-by]
    assert torch.allclose(inside.diff(dim=-1), torch.tensor(1 / by), atol=1e-5)


@pytest.mark.tiny
def test_fcn_with_silent_skips_is_fcn_32() -> None:
    whole, deep = made("fcn", "lite0", finest=8), made("fcn", "lite0", finest=32, seed=1)
    state = {k: v for k, v in whole.state_dict().items() if not k.startswith(("decoder.skips", "decoder.twice", "decoder.whole"))}
    deep.load_state_dict(state, strict=False)
    x = drawn(1, 3, 96, 96)
    middle = slice(32, 64)  # enlarging in steps differs from enlarging at once near the border
    apart = (whole(x) - deep(x)).abs()
    assert apart[..., middle, middle].max() < 0.35 * deep(x).std() + 1e-3


@pytest.mark.tiny
@pytest.mark.parametrize("net", ["nearest", "pyramid"])
def test_what_is_flat_stays_flat(net: str) -> None:
    """No checkerboard, whatever the weights are: all but a rim, where zeros stand beyond the border, is one number."""
    segmenter = made(net)
    with torch.inference_mode():
        out = segmenter.decoder(drawn(1, 3, 1, 1), [drawn(1, c, 1, 1, seed=c).expand(1, c, 512 // s, 512 // s) for c, s in zip(segmenter.encoder.channels, segmenter.encoder.strides, strict=True)])  # fmt: skip
    rim = out.shape[-1] // 4
    inside = out[..., rim:-rim, rim:-rim]
    assert float((inside.amax((2, 3)) - inside.amin((2, 3))).max()) < 1e-5
    assert float(out.std()) > 0


@pytest.mark.unit
@pytest.mark.parametrize("encoder", ["plain", "lite0"])
@pytest.mark.parametrize("net", NETS)
def test_gradients_reach_every_parameter(net: str, encoder: str) -> None:
    segmenter = made(net, encoder).train()
    segmenter(drawn(2, 3, 64, 64)).square().mean().backward()
    assert not [n for n, p in segmenter.named_parameters() if p.grad is None or not float(p.grad.abs().max()) > 0]


@pytest.mark.unit
@pytest.mark.parametrize("net", NETS)
def test_a_picture_is_learnt(net: str) -> None:
    """A disc, a square and the ground, by their colours and places: every way back comes to an IoU above .99."""
    rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    truth = ((rows - 5) ** 2 + (columns - 5) ** 2 < 13).long()
    truth[9:14, 8:14] = 2
    truth = truth.repeat_interleave(2, 0).repeat_interleave(2, 1)  # no finer than the coarsest logits
    x = F.one_hot(truth, 3).permute(2, 0, 1)[None].float() * 0.6 + 0.4 * drawn(1, 3, 32, 32)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        segmenter = Segmenter(net, "plain", 3, width=32, **({"finest": 2} if net == "fcn" else {})).train()  # type: ignore[arg-type]  # 8 is coarse here
        moved = torch.optim.AdamW(segmenter.parameters(), 3e-3, weight_decay=0)
        for _ in range(150):
            moved.zero_grad()
            F.cross_entropy(segmenter(x), truth[None]).backward()
            moved.step()
    with torch.no_grad():
        found = segmenter(x).argmax(1)[0]
    each = [float(((found == k) & (truth == k)).sum() / ((found == k) | (truth == k)).sum()) for k in range(3)]
    assert min(each) > 0.99


@pytest.mark.slow
@pytest.mark.parametrize(("net", "encoder"), [*((net, "plain") for net in NETS), ("pyramid", "lite0")])
def test_what_is_exported_takes_every_size(net: str, encoder: str) -> None:
    segmenter, free = made(net, encoder), torch.export.Dim.DYNAMIC
    program = torch.export.export(segmenter, (drawn(1, 3, 45, 70),), dynamic_shapes=({2: free, 3: free},))
    for hw in ((64, 96), (33, 50), (97, 41)):
        x = drawn(1, 3, *hw)
        assert torch.allclose(program.module()(x), segmenter(x), atol=1e-4)


@pytest.mark.tiny
@given(st.integers(1, 40), st.sampled_from([1, 2, 16, 32]))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_reflecting_is_numpys(size: int, step: int) -> None:
    import numpy as np

    x = drawn(1, 2, size, 3)
    more = -size % step
    want = np.pad(x.numpy(), ((0, 0), (0, 0), (0, more), (0, -3 % step)), mode="reflect") if size > 1 else None
    got = reflected(x, step)
    assert got.shape == (1, 2, size + more, 3 + -3 % step)
    assert want is None or np.array_equal(got.numpy(), want)
