"""The two ONNX files of faces against Zorki, in onnxruntime: one after the other they give its answer; what they say of themselves; what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from skimage import data

import zorki
from tests.locate.exported import drawn
from zorki import io, lens, weights
from zorki.core.errors import InputError, UnknownName
from zorki.facing import reading
from zorki.facing.emotions import EMOTIONS
from zorki.facing.faces import Face
from zorki.nets.detector import Detector
from zorki.nets.expression import CLASSES, Expression
from zorki.weights import exporting
from zorki.weights.quick import quick as quickly
from zorki.wings.faces import _whole, export

pytestmark = pytest.mark.unit
SIZES = [(61, 83), (40, 64), (1, 1), (1, 90), (180, 251)]


def detector(points: int = 5) -> lens.Net:
    """Untaught, with scores and boxes that differ."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = Detector("separable", width=16, depth=1, points=points).eval()
        with torch.no_grad():
            module.score.weight.mul_(2_000)
            module.score.bias.fill_(0)
            module.sides.weight.mul_(300)
            if module.points is not None:
                module.points.weight.mul_(50)
    return lens.Net(module, name="finds", side=64, step=32, channels=3, classes=("face",))


def namer(classes: tuple[str, ...] = CLASSES) -> lens.Net:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        module = Expression(widths=(16, 16), strides=(2, 2), stem=8).eval()
        with torch.no_grad():
            module.fc.weight.mul_(20)
    return lens.Net(module, name="names", side=48, step=1, channels=3, classes=classes)


def photo(x: torch.Tensor) -> io.Photo:
    return io.open_photo(x[0].permute(1, 2, 0).numpy())


def session(file: Path) -> Any:
    made = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return lambda **given: made.run(None, given)[0]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    found, named = zorki.faces.export(detector(), emotions=namer(), out=tmp_path_factory.mktemp("files"))
    torch._dynamo.reset()
    return Path(found), Path(named)


def test_one_after_the_other_they_give_zorkis_answer(files: tuple[Path, Path]) -> None:
    finds, names = map(session, files)
    for h, w in SIZES:
        x = drawn(h, w, seed=2)
        for least in (0.3, 0.6):
            faces = finds(picture=x.numpy(), least=np.array(least, np.float32))
            own = reading.read(detector(), namer(), photo(x), least)
            assert faces.shape == (len(own), 15)
            scores = names(picture=x.numpy(), faces=faces)
            assert scores.shape == (len(own), 8)
            assert [dict(zip(("left", "top", "width", "height"), whole(row[:4]), strict=True)) for row in faces] == [
                f.rectangle for f in own
            ]
            for row, face in zip(faces, own, strict=True):
                assert face.points is not None
                assert row[5:].reshape(5, 2) == pytest.approx(face.points, rel=1e-3, abs=2e-3)
            assert scores == pytest.approx(np.array([f.shares for f in own]).reshape(-1, 8), abs=2e-3)


def whole(box: np.ndarray) -> list[int]:
    """As Zorki says it."""
    return list(Face(tuple(box.tolist())).rectangle.values())


def test_faces_are_cut_out_as_zorki_cuts_them() -> None:
    """Turned any way, larger than the picture, beyond it, without points."""
    module = _whole.Namer(namer()).eval()
    for trial in export.tried(module):
        with torch.no_grad():
            scores = module(**trial).numpy()
        given = [
            Face(tuple(row[:4]), 1.0, None if np.isnan(row[5:]).any() else row[5:].reshape(5, 2)) for row in trial["faces"].double().numpy()
        ]
        own = reading.named(namer(), photo(trial["picture"]), given)
        assert scores == pytest.approx(np.array([f.shares for f in own]).reshape(-1, 8), abs=1e-4)


def test_no_faces_are_no_scores(files: tuple[Path, Path]) -> None:
    finds, names = map(session, files)
    x = drawn(20, 30).numpy()
    none = finds(picture=x, least=np.array(1.0, np.float32))
    assert none.shape == (0, 15)
    assert names(picture=x, faces=none).shape == (0, 8)


def test_what_the_files_say_of_themselves(files: tuple[Path, Path]) -> None:
    shapes = []
    for file in files:
        made = onnx.load(file)
        onnx.checker.check_model(made, full_check=True)
        shapes.append(
            {v.name: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in (*made.graph.input, *made.graph.output)}
        )
        told = {p.key: p.value for p in made.metadata_props}
        assert float(told["parity"].split()[0]) < exporting.NEAR
        assert str(Path(zorki.__file__).parent).encode() not in file.read_bytes()
    assert shapes == [
        {"picture": [1, 3, "height", "width"], "least": [], "faces": ["found", 15]},
        {"picture": [1, 3, "height", "width"], "faces": ["found", 15], "scores": ["found", 8]},
    ]
    assert json.loads(told["classes"]) == list(EMOTIONS)
    assert len(json.loads({p.key: p.value for p in onnx.load(files[0]).metadata_props}["faces"])) == 15


def test_names_decide_the_order_and_nothing_else() -> None:
    turned = tuple(reversed(CLASSES))
    one, other = (_whole.Namer(namer(classes)).eval() for classes in (CLASSES, turned))
    trial = next(export.tried(one))
    with torch.no_grad():
        mine, theirs = one(**trial), other(**trial)
    at = [EMOTIONS.index(turned[CLASSES.index(name)]) for name in EMOTIONS]
    assert torch.equal(mine, theirs[:, at])


def test_a_detector_without_points_gives_none() -> None:
    finder = _whole.Finder(detector(0)).eval()
    with torch.no_grad():
        faces = finder(drawn(61, 83), torch.tensor(0.3))[0]
    assert len(faces)
    assert bool(faces[:, 5:].isnan().all())
    sizes = faces[:, 2] * faces[:, 3]
    assert bool((sizes[:-1] >= 0.9 * sizes[1:]).all())


def test_what_is_refused_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="other things than the eight"):
        zorki.faces.export(detector(), emotions=namer((*CLASSES[1:], "boredom")), out=tmp_path)
    with pytest.raises(UnknownName):
        zorki.faces.export(detector(), emotions=namer(), to="tflite", out=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not {"faces", "emotions"} <= set(weights.names()), reason="the networks of faces are not here")
def test_the_shipped_detector_is_as_quick_as_it_is_the_same() -> None:
    net = weights.load("faces")
    quick = quickly(net)
    assert quick is not net
    assert quickly(net) is quick
    x = torch.from_numpy(np.ascontiguousarray(data.astronaut().transpose(2, 0, 1)))[None].float() / 255
    with torch.no_grad():
        for plain, other in zip(net.run(x), quick.run(x), strict=True):
            assert float(((plain - other).abs() / plain.abs().clamp_min(1)).max()) < 1e-4
        next(net.inner.parameters()).mul_(1.1)
    assert quickly(net) is not quick, "its numbers have changed"
