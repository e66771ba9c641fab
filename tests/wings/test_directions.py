"""What a net without classes is asked: cosines by hand, gradients by hand, and a picture in which one knows what is like what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import zorki
from tests.toys import toy
from tests.zoo import ViT
from zorki import io, jobs, lens
from zorki.core.errors import InputError
from zorki.explaining import classes
from zorki.explaining.directions import direction
from zorki.wings.see import attribution, maximize
from zorki.wings.see.attribution import Settings

pytestmark = pytest.mark.tiny


class Encoder(nn.Module):
    """The toy's five numbers, of length 1; times what `scale` makes of the picture."""

    def __init__(self, scale: Any = None) -> None:
        super().__init__()
        self.body, self.scale = toy(inplace=False), scale

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        unit = F.normalize(self.body(x), dim=1)
        return unit if self.scale is None else unit * self.scale(x)


class Colour(nn.Module):
    """The picture's mean colour, taken from grey: what is like a red picture is where it is red."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        with torch.no_grad():
            self.conv.weight.copy_(torch.eye(3)[..., None, None])
            self.conv.bias.fill_(-0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.normalize(self.conv(x).mean((2, 3)), dim=1)


class Tokens(ViT):
    """A transformer's tokens, as they leave the last norm."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        return self.norm(self.blocks(torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.position))  # type: ignore[no-any-return]


def picture(h: int = 32, w: int = 32, seed: int = 0) -> torch.Tensor:
    return torch.rand(1, 3, h, w, generator=torch.Generator().manual_seed(seed))


def cosine(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return (a * b).sum() / (a.square().sum().sqrt() * b.square().sum().sqrt())


def vector(seed: int = 0) -> io.Vector:
    return io.open_vector(np.random.default_rng(seed).normal(size=5))


# ---- who is taken for an encoder


def test_vectors_of_length_one_are_no_logits_unless_somebody_says_so() -> None:
    net = lens.Net(Encoder(), side=32)
    with pytest.raises(InputError, match=r"length 1.*like=PICTURE and towards"):
        attribution.run(net, picture())
    assert attribution.run(net, picture(), Settings(class_=3)).class_ == 3
    assert attribution.run(lens.Net(Encoder(), side=32, classes=list("abcde")), picture()).class_ is not None


def test_a_classifier_is_one_though_an_answer_has_length_one() -> None:
    """By chance for one picture, or since a softmax is sure."""
    x = picture()
    chance = lens.Net(Encoder(lambda y: 1 + (y.mean((1, 2, 3)) - x.mean()).abs()[:, None]), side=32)
    assert classes.of_length_one(chance.logits(x))
    assert attribution.run(chance, x).class_ is not None
    sure = nn.Sequential(toy(), nn.Softmax(1))
    with torch.no_grad():
        sure[0][7].bias[2] = 99
        assert float(sure(x).norm()) == pytest.approx(1)
    assert attribution.run(lens.Net(sure, side=32), x).class_ == 2


def test_what_comes_straight_out_of_a_layer_norm_is_no_logits() -> None:
    class Bare(Tokens):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x)[:, 0]

    class Held(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = Bare()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.body(x)  # type: ignore[no-any-return]

    class ZeroShot(Bare):
        """The norm is the last module to run, and what follows compares with seven texts."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x) @ torch.ones(16, 7).cumsum(1)

    torch.manual_seed(0)
    for make in (Bare, Held):
        with pytest.raises(InputError, match="ends in a LayerNorm"):
            attribution.run(lens.Net(make(), side=32), picture())
    assert attribution.run(lens.Net(ZeroShot(), side=32), picture(), Settings(method="gradient")).class_ is not None
    assert attribution.run(lens.Net(ViT(), side=32), picture(), Settings(method="gradient")).class_ is not None


# ---- what a direction is


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_the_gradient_is_that_of_the_cosine(dtype: torch.dtype) -> None:
    module, x, v = Encoder().to(dtype), picture(), vector()
    y = x.to(dtype).clone().requires_grad_(True)
    near = cosine(module.body(y)[0], torch.from_numpy(v.values).to(dtype))
    (want,) = torch.autograd.grad(near, y)
    made = attribution.run(lens.Net(module, side=32), x, Settings(method="gradient"), towards=v)
    assert torch.allclose(made.raw, want[0].abs().amax(0).float(), atol=1e-4 * float(want.abs().max()))
    answer = made.answer()
    assert answer["cosine"] == pytest.approx(float(near.detach()), abs=1e-4)
    assert (answer["class"], answer["top"]) == (None, [])
    assert made.lines() == [f"{float(near.detach()):6.3f}  cosine with the vector"]


def test_another_picture_is_the_direction_of_its_own_answer() -> None:
    module, x, other = Encoder(), picture(), picture(seed=1)
    net = lens.Net(module, side=32)
    s = Settings(method="integrated", steps=200)
    by_picture = attribution.run(net, x, s, like=other)
    by_vector = attribution.run(net, x, s, towards=io.open_vector(3 * module(other)[0]))
    assert torch.allclose(by_picture.raw, by_vector.raw, atol=1e-5 * float(by_vector.raw.abs().max()))
    grey = torch.full_like(x, 0.5)
    with torch.no_grad():
        change = float(cosine(module(x)[0], module(other)[0]) - cosine(module(grey)[0], module(other)[0]))
    assert float(by_picture.raw.sum()) == pytest.approx(change, rel=0.02)
    assert attribution.run(net, x, Settings(), like=x).answer()["cosine"] == 1


@pytest.mark.parametrize("method", ["occlusion", "gradcam", "layercam", "integrated"])
def test_what_is_like_a_red_picture_is_red(method: Any) -> None:
    x = torch.full((1, 3, 32, 64), 0.5)
    x[:, 0, :, :32], x[:, 2, :, 32:] = 1, 1
    red, blue = torch.zeros(2, 1, 3, 20, 20)
    red[:, 0], blue[:, 2] = 1, 1
    for like, left in ((red, True), (blue, False)):
        raw = attribution.run(lens.Net(Colour(), side=32, step=1), x, Settings(method=method), like=like).raw
        w = raw.shape[1]
        assert (float(raw[:, : w // 2].sum()) > float(raw[:, w // 2 :].sum())) == left


def test_of_tokens_one_is_compared_or_their_mean() -> None:
    torch.manual_seed(0)
    module, x, v = Tokens().eval(), picture(), io.open_vector(np.random.default_rng(0).normal(size=16))
    net, w = lens.Net(module, side=32), torch.from_numpy(v.values)
    tokens = module(x)[0].detach()
    for token, seen in ((None, tokens.mean(0)), (0, tokens[0]), (16, tokens[16])):
        made = attribution.run(net, x, Settings(method="gradient", token=token), towards=v)
        assert made.answer()["cosine"] == pytest.approx(float(cosine(seen, w)), abs=1e-4)
    with pytest.raises(InputError, match=r"no token 17.*17 tokens, 0 to 16"):
        attribution.run(net, x, Settings(token=17), towards=v)
    with pytest.raises(InputError, match="no tokens"):
        attribution.run(lens.Net(Encoder(), side=32), x, Settings(token=0), towards=vector())
    with pytest.raises(InputError, match="like=PICTURE"):
        attribution.run(net, x, Settings(token=0))
    with pytest.raises(InputError, match=r"\(17, 16\) numbers.*like=PICTURE"):
        attribution.run(net, x)


@pytest.mark.parametrize("last", [False, True], ids=["channels first", "channels last"])
def test_of_maps_the_mean_over_places_is_compared(last: bool) -> None:
    class Maps(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 5, 4, stride=4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.conv(x)
            return y.permute(0, 2, 3, 1) if last else y  # type: ignore[no-any-return]

    torch.manual_seed(0)
    module, x, v = Maps(), picture(32, 48), vector()
    made = attribution.run(lens.Net(module, side=(32, 48), step=4), x, Settings(method="gradient"), towards=v)
    want = cosine(module.conv(x).mean((2, 3))[0].detach(), torch.from_numpy(v.values))
    assert made.answer()["cosine"] == pytest.approx(float(want), abs=1e-4)


@pytest.mark.parametrize("name", ["image_embeds", "pooler_output"])
def test_an_embedding_is_taken_by_its_name(name: str) -> None:
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = toy()

        def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
            y = self.body(x)
            return {"last_hidden_state": y[:, None].expand(-1, 7, -1), name: y}

    assert lens.Net(Named(), side=32).logits(picture()).shape == (1, 5)


def test_what_is_no_direction_is_told() -> None:
    net, x = lens.Net(Encoder(), side=32), picture()
    for kwargs, said in (
        ({"like": x, "towards": vector()}, "Leave one out"),
        ({"towards": io.open_vector([1, 2, 3])}, "has 3 numbers.*gives 5"),
        ({"towards": io.open_vector([0.0] * 5)}, "0 throughout"),
        ({"towards": io.open_vector([1, 2, 3, 4, float("nan")])}, "not finite"),
    ):
        with pytest.raises(InputError, match=said):
            attribution.run(net, x, **kwargs)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="Leave out class_"):
        attribution.run(net, x, Settings(class_=1), towards=vector())
    assert direction(net, None, None) is None


def test_a_vector_is_a_row_of_plain_numbers(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.arange(4, dtype=np.float16)[None])
    np.save(tmp_path / "square.npy", np.ones((3, 3)))
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}]), allow_pickle=True)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "v.npy").read_bytes()[:-3])
    found = io.open_vector(tmp_path / "v.npy")
    assert (found.values.tolist(), found.name, found.values.dtype) == ([0, 1, 2, 3], "v.npy", np.float32)
    assert io.open_vector(torch.ones(3, dtype=torch.bfloat16, requires_grad=True)).values.tolist() == [1, 1, 1]
    for name, said in (("square", "one row"), ("objects", "plain numbers"), ("cut", "plain numbers"), ("missing", "no file")):
        with pytest.raises(InputError, match=said):
            io.open_vector(tmp_path / f"{name}.npy")
    with pytest.raises(InputError, match="row of numbers"):
        io.open_vector([[1, 2], [3]])


def test_a_result_remembers_its_direction(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", vector().values)
    m = jobs.method("see", "attribution")
    job = jobs.Job(
        m,
        lens.Net(Encoder(), name="eye", side=32),
        {"photo": np.zeros((9, 9, 3), np.uint8), "towards": tmp_path / "v.npy"},
        m.fill(None, {}),
    )
    job.finish()
    assert job.command() == "zorki see attribution picture --towards v.npy"
    assert job.record()["marks"]["towards"] == io.marked(io.open_vector(vector().values))
    assert job.record()["marks"]["towards"] != io.marked(vector(1))


# ---- drawn


def test_a_direction_is_climbed() -> None:
    """Towards red the drawing turns red, and its cosine is what the last step says."""
    for given in ({"towards": [1.0, 0.0, 0.0]}, {"goal": "like", "like": np.full((16, 16, 3), (255, 0, 0), np.uint8)}):
        steps = list(zorki.see.maximize.steps(lens.Net(Colour(), side=32, step=1), size=32, steps=60, jitter=0, **given))
        assert steps[-1].loss < steps[0].loss
        assert -1 - 1e-4 < steps[-1].loss < -0.85
        red, green, blue = steps[-1].image().mean((0, 2, 3)).tolist()
        assert red > max(green, blue) + 0.01


def test_a_goal_names_directions_that_are_given() -> None:
    net, x = lens.Net(Encoder(), side=32), picture()
    for s, kwargs, said in (
        (maximize.Settings(goal="towards"), {}, "towards is not given"),
        (maximize.Settings(goal="class:1"), {"like": x}, "both goals"),
        (maximize.Settings(token=0, goal="like"), {"like": x}, "no tokens"),
    ):
        with pytest.raises(InputError, match=said):
            next(maximize.run(net, s=s, **kwargs))
    step = next(maximize.run(net, s=maximize.Settings(goal="2*towards - like", size=32), like=x, towards=vector()))
    assert list(step.parts) == ["towards", "like"]
