"""The ONNX file against torch, in onnxruntime: sizes, styles, strengths; what it says of itself; what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

import zorki
from tests.nets.test_brush import unlike
from tests.style.brushes import run_folder
from tests.toys import toy
from zorki import lens
from zorki.cli.main import run
from zorki.core import events
from zorki.core.errors import InputError, Stopped, UnknownName
from zorki.nets.brush import Brush
from zorki.weights import exporting

pytestmark = pytest.mark.unit
STYLES = 3


def small(seed: int = 1) -> lens.Net:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return lens.Net(unlike(Brush(STYLES, narrow=8, wide=12, fine=4, blocks=1), seed), name="small", side=32)


@pytest.fixture(scope="module")
def net() -> lens.Net:
    return small()


@pytest.fixture(scope="module")
def file(net: lens.Net, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(zorki.style.export(net, out=tmp_path_factory.mktemp("export") / "small.onnx")[0])


@pytest.fixture(scope="module")
def paint(file: Path) -> Callable[..., np.ndarray]:
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return lambda *given: session.run(None, dict(zip(("picture", "styles", "strength"), map(np.asarray, given), strict=True)))[0]


def drawn(h: int, w: int) -> torch.Tensor:
    return torch.rand(1, 3, h, w, generator=torch.Generator().manual_seed(h * w))


@pytest.mark.parametrize("hw", [(333, 517), (480, 640), (2, 3), (7, 9), (8, 8), (1, 40), (64, 128), (65, 127)], ids=str)
def test_it_paints_as_torch_does(net: lens.Net, paint: Any, hw: tuple[int, int]) -> None:
    x = drawn(*hw)
    for styles, strength in (([1, 0, 0], 1.0), ([0, 0, 1], 1.0), ([2, 1, 0.5], 1.0), ([0, 3, 1], 0.5)):
        weights, t = torch.tensor(styles, dtype=torch.float32), torch.tensor(strength)
        with torch.inference_mode():
            want = net.inner(x, weights, t)
        got = paint(x, weights, t)
        assert got.shape == x.shape
        assert np.abs(got - want.numpy()).max() < 1e-3
        assert np.abs(got - x.numpy()).max() > 1e-2


@pytest.mark.parametrize("hw", [(1, 1), (13, 50), (480, 640)], ids=str)
def test_strength_0_is_the_photo(paint: Any, hw: tuple[int, int]) -> None:
    x = drawn(*hw)
    assert np.array_equal(paint(x, torch.tensor([1.0, 2.0, 0.0]), torch.tensor(0.0)), x.numpy())


def test_it_says_what_it_takes_and_what_it_is(file: Path) -> None:
    made = onnx.load(file)
    onnx.checker.check_model(made, full_check=True)
    shapes = {v.name: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in (*made.graph.input, *made.graph.output)}
    size = [1, 3, "height", "width"]
    assert shapes == {"picture": size, "styles": [STYLES], "strength": [], "painting": size}
    told = {p.key: p.value for p in made.metadata_props}
    assert told["name"] == "small"
    assert len(json.loads(told["styles"])) == STYLES
    assert float(told["parity"].split()[0]) < 1e-3


@pytest.mark.wings
def test_the_brush_that_ships_says_its_licences(tmp_path: Path) -> None:
    """One style of it, folded in."""
    net, path = zorki.load("brush"), tmp_path / "wave.onnx"
    zorki.style.export(net, style="wave:2,scream", out=path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert [i.name for i in session.get_inputs()] == ["picture", "strength"]
    told = session.get_modelmeta().custom_metadata_map
    names = [one.name for one in net.styles]
    assert [(s["name"], bool(s["licence"])) for s in json.loads(told["styles"])] == [(name, True) for name in names]
    assert told["style"] == "wave:2,scream"
    assert told["licence"]
    assert told["not_fit_for"]
    x, weights = drawn(61, 90), torch.tensor([{"wave": 2.0, "scream": 1.0}.get(name, 0.0) for name in names])
    with torch.inference_mode():
        want = net.inner(x, weights, 0.7)
    got = session.run(None, {"picture": x.numpy(), "strength": np.array(0.7, np.float32)})[0]
    assert np.abs(got - want.numpy()).max() < 1e-3


def test_what_is_not_installed_is_said(net: lens.Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"onnx and onnxscript are not installed.*zorki\[export\]"):
        zorki.style.export(net, out=tmp_path / "a.onnx")
    assert not list(tmp_path.iterdir())


def test_without_onnxruntime_it_says_that_nothing_was_checked(
    net: lens.Net, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "find_spec", lambda name: None if name == "onnxruntime" else True)
    monkeypatch.setattr(exporting, "converted", lambda *_: file.read_bytes())
    heard: list[str] = []
    with events.listen(lambda event: heard.append(event.note)):
        zorki.style.export(net, out=tmp_path / "a.onnx")
    assert any("not checked" in note for note in heard)
    assert {p.key: p.value for p in onnx.load(tmp_path / "a.onnx").metadata_props}["parity"] == "not checked"


def test_a_file_that_paints_otherwise_is_not_written(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "converted", lambda *_: file.read_bytes())
    with pytest.raises(Stopped, match="nothing was written"):
        zorki.style.export(small(seed=2), out=tmp_path / "a.onnx")
    assert not list(tmp_path.iterdir())


def test_json_tells_how_far_the_file_is_from_the_network(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    run_folder(tmp_path / "toy")
    monkeypatch.setattr(exporting, "converted", lambda *_: file.read_bytes())
    monkeypatch.setattr(exporting, "distances", lambda *_: iter([exporting.Apart(2e-7, 0), exporting.Apart(3e-6, 0)]))
    assert run(["style", "export", "--model", str(tmp_path / "toy"), "--out", str(tmp_path / "a.onnx"), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["parity"] == "3e-06 at most, in onnxruntime"


def test_the_exporter_says_nothing(file: Path, net: lens.Net, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    example = {"picture": drawn(61, 83), "styles": torch.ones(STYLES), "strength": torch.tensor(1.0)}
    exporting.converted(net.inner, example, "painting", {"picture": {2: "height", 3: "width"}})
    assert capfd.readouterr() == ("", "")


def test_no_file_tells_where_it_was_made(file: Path) -> None:
    data = file.read_bytes()
    assert not [p for p in (str(Path(zorki.__file__).parent), str(Path(torch.__file__).parent), "stack_trace") if p.encode() in data]


def test_wrong_options_and_networks_are_refused(net: lens.Net, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    taken = tmp_path / "taken.onnx"
    taken.write_bytes(b"mine")
    for words, said in (
        (("--to", "tflite"), "tflite"),
        (("--model", "eye"), "brush"),
        (("--out", "-"), "one stream"),
        (("--out", str(tmp_path / "b.png")), "does not end in .onnx"),
        (("--out", str(taken)), "taken.onnx"),
        (("--style", "wafe"), "wave"),
    ):
        assert run(["style", "export", *words]) == 2, words
        assert said in capfd.readouterr().err, words
    assert taken.read_bytes() == b"mine"
    with pytest.raises(InputError, match="no brush"):
        zorki.style.export(lens.Net(toy(), name="toy", side=32), out=tmp_path / "a.onnx")
    with pytest.raises(UnknownName):
        zorki.style.export(net, style="nothing", out=tmp_path / "a.onnx")
