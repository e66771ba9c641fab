"""Every method on every awkward net: it works, or it says in one sentence why not; and the net comes back as it was."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from tests.toys import state
from tests.wings.contract import SHOWN, job
from tests.zoo import REFUSED, SIZES, ZOO
from zorki import jobs, lens
from zorki.core import events
from zorki.core.errors import InputError, ZorkiError
from zorki.jobs.methods import Method

pytestmark = pytest.mark.tiny
PHOTO_NEEDS_THREE = ("4 channels", "13 channels")


def made(make: Callable[[], nn.Module], name: str) -> lens.Net:
    torch.manual_seed(0)
    module = make().train("train mode" in name)
    return lens.Net(module, name=name.replace(" ", "-"), side=SIZES.get(name))


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize("m", SHOWN, ids=lambda m: f"{m.wing} {m.name}")
def test_it_works_and_the_net_comes_back(m: Method, name: str) -> None:
    net = made(ZOO[name], name)
    before = state(net.module)
    wrong = None
    if any(not i.option for i in m.inputs.values()) and name in PHOTO_NEEDS_THREE:
        wrong = "a photo has three"
    if wrong:
        with pytest.raises(InputError, match=wrong):
            job(m, net).finish()
    else:
        picture = job(m, net).finish().numpy()
        assert picture.size
        assert m.name == "filters" or picture.std() > 0, "something is to be seen"
    assert state(net.module) == before


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("m", SHOWN, ids=lambda m: f"{m.wing} {m.name}")
def test_what_cannot_be_is_one_sentence(m: Method, name: str) -> None:
    make, said = REFUSED[name]
    torch.manual_seed(0)
    module = make()
    lazy = any(isinstance(p, nn.parameter.UninitializedParameter) for p in module.parameters())
    before = None if lazy else state(module)
    reads_only = m.name in ("filters", "maps") or (name, m.name) == ("no grad", "classify")
    reads_only |= name == "list" and m.name not in ("attribution", "classify")
    if reads_only and name in ("no grad", "list"):
        assert job(m, lens.Net(module, name="net")).finish().numpy().size
    else:
        with pytest.raises(ZorkiError, match=said) as told:
            job(m, lens.Net(module, name="net")).finish()
        assert len(str(told.value).splitlines()) <= 4
    assert before is None or state(module) == before


def test_a_grey_net_sees_the_luminance_of_a_photo() -> None:
    net = made(ZOO["1 channel"], "grey")
    x = torch.rand(2, 3, 20, 20)
    y = (x * torch.tensor([0.2126, 0.7152, 0.0722]).view(3, 1, 1)).sum(1, keepdim=True)
    assert torch.allclose(net.logits(x), net.logits(y), atol=1e-6)
    assert net.channels == 1


def test_drawings_for_many_channels_are_drawn_in_all_of_them() -> None:
    """The net sees thirteen channels; a person sees the first three, and is told so."""
    net = made(ZOO["13 channels"], "many")
    heard: list[str] = []
    with events.listen(lambda e: heard.append(e.note or "")):
        m = next(m for m in SHOWN if m.name == "maximize")
        jobs.Job(m, net, {}, m.fill(None, {"steps": 20, "size": 24, "channel": "0-1", "layer": "3"})).finish()
    assert any("13 channels" in note for note in heard)


@pytest.mark.parametrize(("name", "step"), [("relu in place", 1), ("fixed size", 0), ("vit", 0), ("swin-like", 8)])
def test_the_sizes_that_a_net_takes_are_found(name: str, step: int) -> None:
    net = made(ZOO[name], name)
    assert net.step() == step
    assert name != "fixed size" or net.step("3") == 1, "before the linear layer any size goes"


def test_a_size_may_be_hinted_by_the_model() -> None:
    """As timm's and Hugging Face's models do: 40 is in no list of ours."""
    from tests.zoo import ViT

    for holder in (None, "config", "default_cfg"):
        vit = ViT((40, 40))
        if holder is None:
            vit.img_size = 40  # type: ignore[assignment]
        elif holder == "config":
            vit.config = type("Config", (), {"image_size": (40, 40)})()  # type: ignore[assignment]
        else:
            vit.default_cfg = {"input_size": (3, 40, 40)}  # type: ignore[assignment]
        assert lens.Net(vit).hw == (40, 40)
    with pytest.raises(InputError, match="side"):
        lens.Net(ViT((40, 40))).layers()
    assert lens.Net(ViT((24, 40)), side=(24, 40)).layers()


def test_tokens_are_shown_as_the_grid_that_they_are() -> None:
    """A bright patch answers where it is, in a picture that is not square."""
    net = made(ZOO["vit, not square"], "vit, not square")
    with torch.no_grad():
        net.module.patch.weight.fill_(0.01)
        net.module.position.zero_()
    photo = torch.zeros(1, 3, 24, 40)
    photo[..., 8:16, 32:40] = 1  # row 1, column 4 of 3 x 5
    from zorki.wings.see import maps

    found = maps.run(net, photo, maps.Settings(layer="blocks.0.norm1", size=40)).maps
    assert found.shape[1:] == (3, 5)
    differs = (found - found[:, :1, :1]).abs().sum(0)
    assert np.unravel_index(int(differs.argmax()), (3, 5)) == (1, 4)
