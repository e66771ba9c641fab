"""What the methods show, against closed forms and small nets whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tests.toys import toy
from zorki import io, lens, pixels
from zorki.core.errors import InputError
from zorki.wings.see import attribution, dream, maps, maximize
from zorki.wings.style import transfer

pytestmark = pytest.mark.tiny


class Gap(nn.Module):
    """One convolution, the maps' mean, one linear layer: here Grad-CAM has a closed form."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.fc = nn.Conv2d(3, 6, 3, padding=1), nn.Linear(6, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.fc(self.conv(x).mean((2, 3)))
        return out


def test_gradcam_of_a_pooled_linear_net_is_the_class_map() -> None:
    """Grad-CAM · hw = ReLU(CAM), since the gradient of the logit on each unit of map k is w_k / hw."""
    net = lens.Net(Gap().eval(), name="gap", side=16)
    photo = torch.rand(1, 3, 32, 32)
    for number in range(4):
        found = attribution.run(net, photo, attribution.Settings(class_=number, layer="conv")).raw
        with torch.no_grad():
            a = net.module.conv(photo)[0]
            cam = torch.einsum("k,khw->hw", net.module.fc.weight[number], a).clamp_min(0)
        assert found.shape == cam.shape
        assert float(cam.max()) > 0
        assert torch.allclose(found * a[0].numel(), cam, atol=1e-5)


def test_the_strongest_maps_come_first_and_are_the_layers_own() -> None:
    net = lens.Net(toy(), name="toy", side=32)
    photo = torch.rand(1, 3, 24, 24)
    found = maps.run(net, photo, maps.Settings(layer="1", count=5, size=24))
    with torch.no_grad():
        a = net.module[:2](photo)[0]
    order = a.mean((1, 2)).numpy().argsort()[::-1][:5]
    assert list(found.channels) == order.tolist()
    assert torch.allclose(found.maps, a[list(found.channels)], atol=1e-6)


def test_a_dream_carries_its_detail_from_octave_to_octave() -> None:
    """The last octave changes nothing by itself here (its rate is next to nothing), so all that differs came from below."""
    net = lens.Net(toy(), name="toy", side=32)
    photo = torch.rand(1, 3, 64, 64)
    s = dream.Settings(layer="3", octaves=2, ratio=2.0, steps=4, rate=20, size=64, jitter=0)
    steps = list(dream.run(net, photo, s=s))
    stages = {step.stage for step in steps}
    assert stages == {1, 2}
    small, base = steps[3].image(), photo  # `image` shows the whole photo with the small octave's dream laid over it
    *_, first_of_second = (step for step in dream.run(net, photo, s=dream.Settings(**(vars(s) | {"steps": 1}))))
    alone = list(dream.run(net, photo, s=dream.Settings(**(vars(s) | {"octaves": 1, "steps": 1}))))[-1].image()
    assert (small - base).abs().mean() > 0.01
    assert (first_of_second.image() - alone).abs().mean() > 0.005


def test_the_painting_comes_nearer_to_the_style() -> None:
    net = lens.Net(toy(), name="toy", side=32)
    g = torch.Generator().manual_seed(0)
    content = torch.nn.functional.interpolate(torch.rand(1, 3, 6, 6, generator=g), (48, 48), mode="bicubic").clamp(0, 1)
    style = (torch.arange(48) // 2 % 2).float().expand(1, 3, 48, 48)  # stripes of two pixels

    def far(picture: torch.Tensor) -> float:
        with torch.no_grad():
            a, b = (pixels.objectives.gram_of(net.module[:2](x)) for x in (picture, style))
        return float((a - b).pow(2).sum())

    s = transfer.Settings(layers=("1",), content_layer="4", content_weight=0, steps=30, size=48, rate=0.03)
    styles = io.PhotoSet([style[0].permute(1, 2, 0).numpy()])
    *_, last = transfer.run(net, content, styles, s=s)
    *_, unstyled = transfer.run(net, content, styles, s=transfer.Settings(**(vars(s) | {"style_weight": 0.0})))
    assert far(last.image()) < 0.5 * far(content)
    assert far(last.image()) < 0.5 * far(unstyled.image())


def test_the_photos_range_is_kept_by_all_of_them() -> None:
    net = lens.Net(toy(), name="toy", side=32)
    extremes = torch.from_numpy(np.indices((32, 32)).sum(0) % 2).float().expand(1, 3, 32, 32)
    *_, last = dream.run(net, extremes, s=dream.Settings(layer="3", octaves=1, steps=3, rate=100, size=32))
    assert 0 <= float(last.image().min()) <= float(last.image().max()) <= 1


def test_a_caricature_is_drawn_where_the_photo_has_it() -> None:
    """Drawn from nothing, the picture answers as the photo does, place by place, and not as its mirror image does."""
    net = lens.Net(toy(), name="toy", side=32)
    photo = torch.zeros(1, 3, 32, 48)
    photo[..., 4:20, 4:16] = torch.tensor([1.0, 0.2, 0.1]).view(3, 1, 1)
    *_, last = maximize.run(net, like=photo, s=maximize.Settings(layer="3", size=48, steps=60))
    with torch.no_grad():
        drawn, wanted, mirrored = (net.module[:4](x).flatten(1) for x in (last.image(), photo, photo.flip(-1)))
        centre = wanted.mean()
    alike = torch.nn.functional.cosine_similarity(drawn - centre, wanted - centre)
    assert float(alike) > 0.3
    assert float(alike) > float(torch.nn.functional.cosine_similarity(drawn - centre, mirrored - centre)) + 0.05


def test_a_goal_a_difference_and_a_class_are_climbed() -> None:
    net = lens.Net(toy(), name="toy", side=32, classes=["a", "b", "c", "d", "e"])
    for goal, value in (
        ("3:7 - 3:9", lambda x: (net.module[:4](x)[:, 7] - net.module[:4](x)[:, 9]).mean()),
        ("class:c", lambda x: net.module(x)[:, 2].mean()),
    ):
        pictures = [step.image() for step in maximize.run(net, s=maximize.Settings(goal=goal, size=24, steps=30))]
        with torch.no_grad():
            assert value(pictures[-1]) > value(pictures[0]) + 0.002
    with pytest.raises(InputError, match="Leave one out"):
        next(maximize.run(net, like=torch.rand(1, 3, 8, 8), s=maximize.Settings(goal="3:7")))


def test_several_different_pictures_of_one_channel_are_named_and_are_what_they_are_alone() -> None:
    net = lens.Net(toy(), name="toy", side=32)
    s = maximize.Settings(layer="3", channel="2,5", different=2, variety=0, size=24, steps=6, batch=4)
    *_, last = maximize.run(net, s=s)
    assert last.image().shape[0] == 4
    assert last.labels == ("3:2 #1", "3:2 #2", "3:5 #1", "3:5 #2")
    *_, alone = maximize.run(net, s=maximize.Settings(layer="3", channel="5", size=24, steps=6))
    assert torch.allclose(last.image()[2], alone.image()[0], atol=2e-3)
    assert not torch.allclose(last.image()[3], alone.image()[0], atol=2e-2)
