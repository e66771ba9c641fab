"""The detector: any size, any encoder, cells and boxes where they are said to be, and that it learns."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from zorki.core.errors import InputError
from zorki.nets import encoders
from zorki.nets.detector import Detector, Pyramid, boxed, pointed


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def made(encoder: str = "plain", classes: int = 3, seed: int = 0, **more: object) -> Detector:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Detector(encoder, classes, **({"width": 16} | more)).eval()  # type: ignore[arg-type]


@pytest.mark.unit
def test_any_size_from_one_pixel_on() -> None:
    net = made()

    @settings(max_examples=15, deadline=None, derandomize=True)
    @given(st.integers(1, 75), st.integers(1, 75), st.integers(1, 2))
    def check(h: int, w: int, b: int) -> None:
        with torch.inference_mode():
            logits, boxes = net(drawn(b, 3, h, w))
        n = sum(-(-h // s) * -(-w // s) for s in (8, 16, 32))
        assert logits.shape == (b, n, 3)
        assert boxes.shape == (b, n, 4)
        assert net.cells(h, w).shape == (n, 3)
        assert logits.isfinite().all()
        assert boxes.isfinite().all()

    check()
    with torch.inference_mode():
        assert net(drawn(1, 3, 1, 1))[0].shape == (1, 3, 3)


@pytest.mark.unit
@pytest.mark.parametrize("encoder", ["eye", "lite0", "lite0-slim", "plain", "resnet18", "separable"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_encoder_and_grey(encoder: str, channels: int) -> None:
    net = made(encoder, channels=channels)
    with torch.inference_mode():
        logits, boxes = net(drawn(1, channels, 64, 96))
    assert logits.shape[:2] == boxes.shape[:2] == (1, 96 + 24 + 6)


@pytest.mark.tiny
def test_each_box_holds_its_cell_whose_middle_is_where_it_is_said() -> None:
    """A cell's middle lies in its box, and a first box reaches two strides to each side, whatever the picture."""
    net = made()
    cells = net.cells(40, 70)
    with torch.inference_mode():
        logits, boxes = net(drawn(1, 3, 40, 70))
    assert cells[:3].tolist() == [[4, 4, 8], [12, 4, 8], [20, 4, 8]]
    assert cells[9].tolist() == [4, 12, 8], "row by row"
    assert cells[-1].tolist() == [80, 48, 32]
    beyond = cells[:, :2] - boxes[0, :, :2]
    assert (beyond > 0).all()
    assert (beyond < boxes[0, :, 2:]).all()
    assert (boxes[0, :, 2:] / cells[:, 2:]).mean() == pytest.approx(4, rel=0.2)
    assert logits.sigmoid().mean() == pytest.approx(0.01, rel=0.3)


@pytest.mark.tiny
def test_distances_become_boxes() -> None:
    cells = torch.tensor([[4.0, 12, 8], [48, 16, 32]])
    far = torch.tensor([[[0.5, 1, 2, 0.25], [1, 0, 1, 1]]])
    assert boxed(far, cells).tolist() == [[[0, 4, 20, 10], [16, 16, 64, 32]]]


@pytest.mark.tiny
def test_points_lie_about_the_middle_of_their_box() -> None:
    shares = torch.tensor([[[0.0, 0.0, -0.5, 0.25]]])
    assert pointed(shares, torch.tensor([[[10.0, 20, 40, 80]]])).tolist() == [[[[30, 60], [10, 80]]]]
    net, x = made(points=5), drawn(1, 3, 37, 50)
    with torch.inference_mode():
        logits, boxes, points = net(x)
        plain = made(points=0)(x)
    assert points.shape == (1, logits.shape[1], 5, 2)
    assert len(plain) == 2
    assert net.sizes()["points"] == 5
    assert "points" not in made().sizes(), "a net without them is what it was"
    beyond = points - boxes[..., None, :2]
    assert ((beyond > -1) & (beyond < boxes[..., None, 2:] + 1)).all(), "as it begins they lie in their box"


@pytest.mark.tiny
def test_points_teach_no_box() -> None:
    net = made(points=2)
    net(drawn(1, 3, 32, 32))[2].sum().backward()
    assert net.points is not None
    assert net.points.weight.grad is not None
    assert net.sides.weight.grad is None


@pytest.mark.tiny
def test_what_lies_beyond_the_picture_is_no_cell_and_changes_nothing_inside() -> None:
    """37 × 50 is looked at as 64 × 64; the reflection may not be seen in the numbers of cells."""
    net, x = made(), drawn(1, 3, 37, 50)
    with torch.inference_mode():
        logits, _ = net(x)
    assert logits.shape[1] == 5 * 7 + 3 * 4 + 2 * 2
    assert bool((net.cells(37, 50)[:, 0] - net.cells(37, 50)[:, 2] / 2 < 50).all()), "each begins inside"
    same = made()(torch.nn.functional.pad(x, (0, 14, 0, 27), mode="reflect"))[0]
    rows = same[0, :64].view(8, 8, 3)[:5, :7].reshape(35, 3)
    assert torch.allclose(rows, logits[0, :35], atol=1e-5)


@pytest.mark.tiny
def test_its_sizes_make_it_again() -> None:
    one = made("lite0", channels=2, depth=1, strides=(8, 16))
    two = Detector(**one.sizes()).eval()
    two.load_state_dict(one.state_dict())
    x = drawn(1, 2, 33, 20)
    assert all(torch.equal(a, b) for a, b in zip(one(x), two(x), strict=True))


@pytest.mark.tiny
def test_fewer_and_more_levels_than_the_encoder_has() -> None:
    assert made(strides=(16,)).cells(64, 64).shape == (16, 3)
    deep = made(strides=(8, 16, 32, 64))
    with torch.inference_mode():
        assert deep(drawn(1, 3, 70, 64))[0].shape[1] == 9 * 8 + 5 * 4 + 3 * 2 + 2
    assert len(deep.pyramid.halved) == 2, "32 and 64 are made, plain ends at 16"
    with pytest.raises(InputError, match="16, 32"):
        made(strides=(8, 32))
    with pytest.raises(InputError, match="no map at stride 64"):
        made(strides=(64, 128))
    with pytest.raises(InputError, match="twice"):
        Pyramid(encoders.encoder("plain"), 8, ())


@pytest.mark.tiny
def test_levels_share_the_head_but_not_its_norms() -> None:
    net = made()
    norms = [m for m in net.what.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) == 2 * 3
    assert len([m for m in net.what.modules() if isinstance(m, nn.Conv2d)]) == 2 * 2
    net.train()(drawn(2, 3, 64, 64))
    assert len({tuple(n.running_mean.tolist()) for n in norms}) == 6, "each has seen its own maps"


@pytest.mark.tiny
def test_no_number_makes_a_box_infinite() -> None:
    net = made()
    with torch.no_grad():
        net.sides.bias.fill_(1e6)
        logits, boxes = net(drawn(1, 3, 32, 32))
    assert boxes.isfinite().all()
    assert logits.isfinite().all()


@pytest.mark.tiny
def test_it_is_small() -> None:
    """What stands behind the encoder is a tenth of a million numbers, and can be made a tenth of that."""
    whole = {w: sum(p.numel() for n, p in made("lite0", width=w).named_parameters() if not n.startswith("encoder.")) for w in (64, 16)}
    assert whole[64] < 100_000
    assert whole[16] < 20_000
