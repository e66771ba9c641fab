"""The ONNX file of a segmenter against torch, in onnxruntime: every net, every size, whose network it may be; what it says of itself; what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

import zorki
from benchmarks.export import alive, pictures
from tests.segment.quartered import CODE, Red
from tests.segment.test_predict_runs import saved_run
from zorki import lens
from zorki.cli.main import run
from zorki.core.errors import InputError, Stopped, UnknownName
from zorki.nets import decoders
from zorki.nets.segmenter import Segmenter
from zorki.segmenting import tiles
from zorki.weights import exporting

pytestmark = pytest.mark.unit
SIZES = [(1, 64, 96), (3, 33, 50), (1, 97, 41), (2, 7, 5), (1, 1, 1), (1, 180, 251)]  # pictures, height, width
RARE = 0.05  # of a max-unpooling net's logits, where rounding turns a switch


def said(file: Path) -> dict[str, str]:
    return {p.key: p.value for p in onnx.load(file).metadata_props}


def runs(file: Path) -> Callable[[torch.Tensor], torch.Tensor]:
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return lambda x: torch.from_numpy(session.run(None, {"picture": x.numpy()})[0])


def exported(net: Any, folder: Path, **more: Any) -> Path:
    return Path(zorki.segment.export(net, out=folder / "net.onnx", **more)[0])


def assert_torchs(net: str, encoder: str, folder: Path, **more: Any) -> None:
    module = alive(net, encoder, 5, width=16, **more)
    file = exported(lens.Net(module, name=net, side=64, step=1), folder)
    answer, rare = runs(file), RARE if net == "maxunpool" else 0
    other, numbers = 0, 0
    for size in SIZES:
        x = pictures(*size, seed=1)
        with torch.inference_mode():
            want = module(x)
        got = answer(x)
        assert got.shape == (size[0], 5, *size[1:])
        apart = (got - want).abs()
        other, numbers = other + int((apart > 1e-3).sum()), numbers + apart.numel()
        assert rare or not other, (size, float(apart.max()))
        assert rare or float((got.argmax(1) != want.argmax(1)).float().mean()) <= 1e-3  # two classes may be as likely
    assert other <= rare * numbers, "a switch that rounding turns changes a spot, which in a small picture is much of it"
    assert float(want.std()) > 0.5, "else being near means nothing"
    assert float(answer(x.flip(3)).flip(3).sub(want).abs().max()) > 1e-2, "it does not look at the picture"


# What an encoder gives a way back are maps, channels and strides, so not each is written with each. Those of a paper go with its own.
PAPERS = {"fcn": "fcn", "unet": "unet2015", "maxunpool": "segnet"}
OTHERS = {"pyramid": ("lite0", "resnet18", "eye"), "maxunpool": ("none",)}
PLAIN = [(net, "plain") for net in decoders.names() if net not in {*PAPERS, *OTHERS}]
PAIRS = [*PAPERS.items(), *((net, encoder) for net, some in OTHERS.items() for encoder in some), *PLAIN]


@pytest.mark.slow
@pytest.mark.parametrize(("net", "encoder"), PAIRS)
def test_every_way_back_and_every_encoder_answer_as_in_torch(net: str, encoder: str, tmp_path: Path) -> None:
    assert_torchs(net, encoder, tmp_path, **({"convs": (1, 2, 3, 3, 3), "bias": True} if encoder == "segnet" else {}))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> lens.Net:
    return zorki.load(str(saved_run(tmp_path_factory.mktemp("small") / "cups", resize=48)))


@pytest.fixture(scope="module")
def file(small: lens.Net, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(small, tmp_path_factory.mktemp("file"))


def test_a_run_says_its_classes_their_colours_and_its_card(file: Path, small: lens.Net) -> None:
    made = onnx.load(file)
    onnx.checker.check_model(made, full_check=True)
    shapes = {v.name: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in (*made.graph.input, *made.graph.output)}
    assert shapes == {"picture": ["batch", 3, "height", "width"], "logits": ["batch", 3, "height", "width"]}
    told = said(file)
    assert json.loads(told["classes"]) == ["void of things", "cup", "pen"]
    assert json.loads(told["colours"]) == ["#010203", "#ff8800", "#0088ff"]
    assert (told["name"], told["licence"], told["not_fit_for"], told["shorter_side"]) == ("cups", "none", "anything", "48")
    assert float(told["parity"].split()[0]) < 1e-3
    x = pictures(2, 50, 71)
    assert torch.allclose(runs(file)(x), small.logits(x), atol=1e-4)


def test_no_file_tells_where_it_was_made(file: Path) -> None:
    data = file.read_bytes()
    assert not [p for p in (str(Path(zorki.__file__).parent), str(Path(torch.__file__).parent), "stack_trace") if p.encode() in data]


class Blocks(nn.Module):
    """Takes sides of whole eights alone, and answers at an eighth of the size."""

    def __init__(self) -> None:
        super().__init__()
        self.fold, self.unfold, self.score = nn.Conv2d(3, 12, 8, stride=8), nn.ConvTranspose2d(12, 8, 4, stride=4), nn.Conv2d(8, 4, 1)
        self.side = nn.Conv2d(3, 8, 2, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scored: torch.Tensor = self.score(self.unfold(self.fold(x).relu()) + self.side(x))
        return 9 * scored


class Named(nn.Module):
    """One map, in half precision, in a dict beside another."""

    def __init__(self) -> None:
        super().__init__()
        self.score, self.other = nn.Conv2d(3, 1, 5, padding=2), nn.Conv2d(3, 2, 1)
        self.half()

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"out": self.score(x), "aux": self.other(x)}


class OneSize(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.all = nn.Linear(3 * 24 * 40, 2 * 24 * 40)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.all(x.flatten(1)).reshape(-1, 2, 24, 40)  # type: ignore[no-any-return]


def theirs(kind: str) -> lens.Net:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        nets: dict[str, Callable[[], lens.Net]] = {
            "blocks": lambda: lens.Net(Blocks().eval(), name="blocks", mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.25)),
            "named": lambda: lens.Net(Named().eval(), name="named"),
            "one map": lambda: lens.Net(
                Segmenter("naive", classes=1, width=16).eval(), name="one map", mean=(0.1, 0.2, 0.3), std=(2, 2, 2)
            ),
            "grey": lambda: lens.Net(nn.Conv2d(1, 3, 3, padding=1).eval(), name="grey"),
            "one size": lambda: lens.Net(OneSize().eval(), name="one size", side=(24, 40)),
        }
        return nets[kind]()


@pytest.mark.parametrize("kind", ["blocks", "named", "one map", "grey", "one size"])
def test_a_net_of_the_users_answers_as_predict_sees_it(kind: str, tmp_path: Path) -> None:
    """`tiles.once` is what `segment predict` looks through: scale, channels, reflection and size are its business there, and the file's here."""
    net = theirs(kind)
    before = {k: v.clone() for k, v in net.inner.state_dict().items()}
    answer = runs(exported(net, tmp_path))
    for size in [(1, 24, 40)] if kind == "one size" else [(1, 64, 96), (2, 33, 50), (1, 7, 5)]:
        x = pictures(*size, seed=2)
        assert torch.allclose(answer(x), tiles.once(net, x), atol=1e-2 if kind == "named" else 1e-4)  # half precision here, single there
    assert all(torch.equal(v, before[k]) and v.dtype == before[k].dtype for k, v in net.inner.state_dict().items()), "it came back changed"


def test_code_on_the_command_line_and_probabilities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(CODE, encoding="utf-8")
    assert run(["segment", "export", "--model", f"{tmp_path}/net.py:red", "--gives", "probabilities", "--json"]) == 0
    out, err = capfd.readouterr()
    told = json.loads(out)
    assert told["out"] == ["net.py-red.export.onnx"]
    assert float(told["parity"].split()[0]) < 1e-3
    assert told["bytes"] == Path(told["out"][0]).stat().st_size
    assert "checked in onnxruntime" in err
    assert said(Path(told["out"][0]))["name"] == "net.py:red", "and not whose disk it lies on"
    x = pictures(2, 21, 34)
    got = runs(Path(told["out"][0]))(x)
    assert torch.allclose(got, Red()(x).softmax(1), atol=1e-4)
    assert torch.allclose(got.sum(1), torch.ones(2, 21, 34), atol=1e-5)


class Branching(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if x.mean() > 0.5 else -x


class Leaving(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(np.sort(x.detach().numpy(), 1))


class Fixed(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + torch.zeros(int(x.shape[2]), 1)


class Unknown(nn.Module):
    """An operation that ONNX has not."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + torch.linalg.svdvals(x.mean((0, 1)))[0]


@pytest.mark.parametrize("kind", [Branching, Leaving, Fixed, Unknown])
def test_what_cannot_be_written_is_one_sentence(kind: type[nn.Module], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match=rf"^{kind.__name__} cannot be written as an ONNX file: ") as told:
        exported(kind().eval(), tmp_path)
    assert len(str(told.value)) < 420
    assert capfd.readouterr() == ("", "")
    assert not list(tmp_path.iterdir())


def test_a_file_that_answers_otherwise_is_not_written(file: Path, small: lens.Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = zorki.load(str(saved_run(tmp_path / "other")))
    with torch.no_grad():
        other.inner.decoder.score.bias.add_(0.01)  # type: ignore[union-attr, operator]
    monkeypatch.setattr(exporting, "converted", lambda *_: file.read_bytes())
    with pytest.raises(Stopped, match=r"by 0\.01.*nothing was written"):
        exported(other, tmp_path)
    assert not (tmp_path / "net.onnx").exists()


def test_of_max_unpooling_a_few_spots_may_differ_and_are_counted(
    file: Path, small: lens.Net, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(exporting, "converted", lambda *_: file.read_bytes())
    apart = [exporting.Apart(1e-6, 0, 500), exporting.Apart(0.08, 0.04, 500)]
    monkeypatch.setattr(exporting, "distances", lambda *_: iter(apart))
    given = (small.inner, {}, "logits", {}, {"name": "cups"}, [])
    data = exporting.to_onnx(*given, rare=RARE)
    assert exporting.parity(data) == "0.001 but for 2.00%, there 0.08 at most, in onnxruntime"
    for rare in (0, 0.01):
        with pytest.raises(Stopped):
            exporting.to_onnx(*given, rare=rare)


def test_what_is_no_number_or_has_another_shape_is_infinitely_far(file: Path) -> None:
    class Other(nn.Module):
        def __init__(self, shape: tuple[int, ...], of: float) -> None:
            super().__init__()
            self.answer = torch.zeros(shape)
            self.answer[0, 0] = of

        def forward(self, _: torch.Tensor) -> torch.Tensor:
            return self.answer

    given = [{"picture": pictures(1, 7, 9)}]
    (far,), (flat,) = (
        exporting.distances(file.read_bytes(), exporting.beside(Other(*one)), given)
        for one in (((1, 3, 7, 9), float("nan")), ((1, 3, 8, 9), 0))
    )
    assert far.most == flat.most == float("inf")
    assert far.beyond >= 1 / 3


def test_wrong_options_and_networks_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    Path("net.py").write_text(CODE, encoding="utf-8")
    Path("taken.onnx").write_bytes(b"mine")
    red = ("--model", "net.py:red")
    for words, told in (
        ((*red, "--to", "tflite"), "tflite"),
        ((*red, "--gives", "labels"), "probabilities"),
        (("--model", "eye"), "classify"),
        ((*red, "--out", "-"), "one stream"),
        ((*red, "--out", "b.png"), "does not end in .onnx"),
        ((*red, "--out", "taken.onnx"), "taken.onnx"),
        ((*red, "--picture", "net.py", "--demo"), "net.py"),
        ((*red, "--runtime", "there"), "--demo"),
        ((*red, "--demo"), "--runtime fetch"),
        ((*red, "--demo", "--runtime", "nowhere"), "nowhere"),
    ):
        assert run(["segment", "export", *words]) == 2, words
        err = capfd.readouterr().err
        assert told in err, words
        assert len([line for line in err.splitlines() if not line.startswith("net.py:red gets")]) <= 5, err
    assert Path("taken.onnx").read_bytes() == b"mine"
    assert sorted(p.name for p in Path().iterdir() if p.name not in ("__pycache__", "cache")) == ["net.py", "taken.onnx"]
    with pytest.raises(InputError, match="A segmenter gives a map for each class"):
        exported(nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval(), tmp_path)
    with pytest.raises(UnknownName):
        exported(Red(), tmp_path, to="tflite")


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    """What is compiled for one export is of no use to the next."""
    yield
    torch._dynamo.reset()
