"""The ONNX file of a network that locates against `locate predict`, in onnxruntime: sizes, ties, one box and many; what it says of itself; what is refused."""

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
from tests.locate.exported import Cells, Halving, drawn, net
from tests.locate.test_locate_predict import saved_run
from tests.locating.painted import painted, tensor
from zorki import lens
from zorki.core.errors import InputError, UnknownName
from zorki.locating import decoding, looking
from zorki.locating import exporting as filed
from zorki.locating import whole as wholes
from zorki.nets.detector import Detector
from zorki.nets.locator import Locator
from zorki.weights import exporting

pytestmark = pytest.mark.unit
SIZES = [(61, 83), (40, 64), (7, 5), (1, 1), (1, 90), (90, 1), (180, 251)]


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    """What is compiled for one export is of no use to the next."""
    yield
    torch._dynamo.reset()


def runs(file: Path) -> Callable[[torch.Tensor, float], np.ndarray]:
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return lambda x, least: session.run(None, {"picture": x.numpy(), "least": np.array(least, np.float32)})[0]


def predicted(seeing: lens.Net, x: torch.Tensor, least: float) -> np.ndarray:
    """What `locate predict` finds, as rows of the file's."""
    some = looking.found(seeing, x[0], least)
    return torch.cat([some.boxes, some.scores[:, None], some.labels[:, None].float()], 1).numpy()


def exported(seeing: Any, folder: Path, **more: Any) -> Path:
    return Path(zorki.locate.export(seeing, out=folder / "net.onnx", **more)[0])


def assert_predicts(seeing: lens.Net, file: Path, sizes: list[tuple[int, int]], least: tuple[float, ...]) -> int:
    """Says how many boxes there were."""
    answer, count = runs(file), 0
    for h, w in sizes:
        for sure in least:
            x = drawn(h, w, seed=1)
            wanted, got = predicted(seeing, x, sure), answer(x, sure)
            assert got.shape == wanted.shape, (h, w, sure)
            assert (np.abs(got - wanted) <= 1e-3 * np.maximum(1, np.abs(wanted))).all(), (h, w, sure)
            count += len(got)
    return count


@pytest.fixture(scope="module")
def cells() -> lens.Net:
    return net(Cells(), name="cells", classes=("a", "b", "c"), mean=(0.1, 0.2, 0.3), std=(0.9, 1.1, 1.0))


@pytest.fixture(scope="module")
def file(cells: lens.Net, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(cells, tmp_path_factory.mktemp("file"))


def test_what_lies_on_one_another_is_left_out_as_predict_does(file: Path, cells: lens.Net) -> None:
    assert assert_predicts(cells, file, SIZES, (0.0, 0.5, 0.9)) > 300
    raw = looking.looked(cells, drawn(180, 251, seed=1))
    assert int((raw.logits.sigmoid() >= 0.5).sum()) > 2 * len(predicted(cells, drawn(180, 251, seed=1), 0.5)), "else nothing is left out"


def test_what_the_file_says_of_itself(file: Path) -> None:
    made = onnx.load(file)
    onnx.checker.check_model(made, full_check=True)
    shapes = {v.name: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in (*made.graph.input, *made.graph.output)}
    assert shapes == {"picture": [1, 3, "height", "width"], "least": [], "detections": ["found", 6]}
    told = {p.key: p.value for p in made.metadata_props}
    assert json.loads(told["classes"]) == ["a", "b", "c"]
    assert len(json.loads(told["colours"])) == 3
    assert (told["name"], told["least"]) == ("cells", "0.3")
    assert float(told["parity"].split()[0]) < 1e-3
    data = file.read_bytes()
    assert not [p for p in (str(Path(zorki.__file__).parent), str(Path(torch.__file__).parent)) if p.encode() in data]


@pytest.mark.slow
def test_a_net_of_one_box_answers_in_the_picture(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Locator("plain", classes=5, width=8).eval()
    with torch.no_grad():
        for edges in (module.columns, module.rows):
            edges.where.weight.mul_(400)
        module.classes.weight.mul_(20)
    seeing = lens.Net(module, name="one", side=64, step=1, channels=3)
    made = exported(seeing, tmp_path)
    assert assert_predicts(seeing, made, SIZES, (0.0,)) == len(SIZES)
    assert not len(runs(made)(drawn(20, 30), 1.0))
    told = {p.key: p.value for p in onnx.load(made).metadata_props}
    assert (told["size"], told["least"]) == ("64 × 64", "0")


@pytest.mark.slow
def test_a_run_is_shown_pictures_as_it_was_trained(tmp_path: Path) -> None:
    seeing = zorki.load(str(saved_run(tmp_path / "run")))
    assert isinstance(seeing.inner, Detector)
    with torch.no_grad():
        seeing.inner.score.weight.mul_(20_000)
        seeing.inner.sides.weight.mul_(2_000)
        seeing.inner.score.bias.fill_(0)
    made = exported(seeing, tmp_path)
    told = {p.key: p.value for p in onnx.load(made).metadata_props}
    assert told["longest_side"] == str(looking.trained(seeing))
    assert assert_predicts(seeing, made, [(61, 83), (300, 200), (200, 350), (15, 400)], (0.6,)) > 20


def test_a_net_of_ones_own_whose_sides_go_in_steps(tmp_path: Path) -> None:
    seeing = net(Halving(), name="halving", step=None, classes=("a", "b", "c"))
    assert seeing.step() == 32
    for hw, shown in (((61, 83), (64, 96)), ((1, 1), (32, 32)), ((180, 251), (192, 256)), ((48, 80), (64, 64))):
        assert looking.traced(seeing, drawn(*hw)[0], 0.5).seen.shape[2:] == shown
        assert looking.sized(seeing, drawn(*hw), 64).shape[2:] in ((64, 64), (32, 64), (64, 32))
    some = looking.found(seeing, drawn(180, 251)[0], 0.0)
    assert (some.boxes[:, :2] + some.boxes[:, 2:]).amax(0).tolist() == pytest.approx([251, 180], abs=0.01), "in the picture's own pixels"
    sizes = [(61, 83), (40, 64), (180, 251), (33, 100)]  # of one colour all cells would be alike but for rounding
    assert assert_predicts(seeing, exported(seeing, tmp_path), sizes, (0.0, 0.6)) > 200


def test_sides_are_those_of_predict() -> None:
    for hw in [(1, 1), (16, 48), (80, 47), (61, 83), (333, 500), (5, 8000)]:
        for longest, step, over in [(None, 32, (0, 0)), (64, 32, (0, 0)), (None, 14, (3, 1)), (100, 16, (0, 0))]:
            wanted = looking.enlarged(hw, longest, step, over)
            assert tuple(wholes.enlarged(torch.zeros(1, 1, *hw), longest, step, over)) == wanted
            assert [(n - more) % step for n, more in zip(wanted, over, strict=True)] == [0, 0]
    for longest in (64, 320, 416):
        for hw in [(1, 1), (3, 2), (2, 3), (61, 83), (333, 500), (1200, 1601), (5, 8000), (8000, 5), (160, 320), (4, 1280)]:
            assert tuple(wholes.enlarged(torch.zeros(1, 1, *hw), longest)) == looking.enlarged(hw, longest)


def test_what_becomes_one_pixel_wide_keeps_its_rows() -> None:
    """torch's own answer is the first row again and again; turned by a right angle it is right."""
    for hw, to in [((40, 3), (9, 1)), ((40, 1), (9, 1)), ((5, 1), (64, 1)), ((5, 2), (64, 1))]:
        x = torch.rand(1, 3, *hw, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        got = looking.brought(x, to)
        turned = looking.resized(x.transpose(2, 3).contiguous().repeat(1, 1, 2, 1)[:, :, : hw[1]], to[::-1]).transpose(2, 3)
        assert got.shape == (1, 3, *to)
        assert float((got - turned).abs().max()) < 1e-9
        assert float(got.std(2).min()) > 0


def test_boxes_are_held_against_one_another_as_detections_are() -> None:
    """The operation in torch, beside `detections.kept`, with boxes that are as sure as others."""
    g = torch.Generator().manual_seed(0)
    whole = wholes.Whole(net(Cells(), classes=None))
    for most in (0.0, 0.4):
        boxes = torch.cat([30 * torch.rand(200, 2, generator=g) - 5, 20 * torch.rand(200, 2, generator=g)], 1)
        sure = torch.rand(200, 3, generator=g)
        picture, shown = torch.zeros(1, 3, 60, 64), torch.zeros(1, 3, 30, 32)
        got = whole.detections(picture, wholes.Said(shown, sure, boxes), torch.tensor(most))
        some = decoding.surest(sure, boxes, (30, 32), most)[0]
        assert len(got) == len(some) > 20
        assert torch.allclose(got[:, :4], 2 * some.boxes)
        assert torch.equal(got[:, 4], some.scores)
        assert torch.equal(got[:, 5], some.labels.float())


def test_boxes_are_in_the_pictures_pixels_and_the_file_was_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seeing, asked, judged = net(), list[tuple[int, ...]](), wholes.judged
    monkeypatch.setattr(
        wholes, "judged", lambda whole, trial, found: asked.append(trial["picture"].shape[2:]) or judged(whole, trial, found)
    )
    answer = runs(exported(seeing, tmp_path))
    x = tensor(painted((50, 70), [(5, 4, 20, 10), (40, 20, 8, 25)], blue=(1,)))[None]
    assert answer(x, 0.3) == pytest.approx(np.array([[5, 4, 20, 10, 1 / (1 + np.exp(-4)), 0], [40, 20, 8, 25, 1 / (1 + np.exp(-1)), 1]]))
    assert answer(x, 0.9)[:, 5].tolist() == [0]
    assert answer(torch.full((1, 3, 9, 5), 0.4), 0.3).shape == (0, 6)
    assert [tuple(hw) for hw in asked] == [hw for hw in filed.TRIED for _ in range(2)]


def test_a_file_that_answers_otherwise_is_found_out(cells: lens.Net) -> None:
    whole = wholes.Whole(cells).eval()
    trial = {"picture": drawn(50, 70), "least": torch.tensor(0.5)}
    with torch.no_grad():
        right = whole(*trial.values())
    assert wholes.judged(whole, trial, right).most < 1e-5
    for which, other in (
        (1, right[1] + 0.01), (2, right[2] * 1.01), (0, right[0][1:]), (0, right[0].flip(0)), (0, right[0] + torch.tensor([0, 0, 0, 0, 0, 1])),
    ):  # fmt: skip
        wrong = list(right)
        wrong[which] = other
        assert wholes.judged(whole, trial, wrong).most > exporting.NEAR


class Branching(Cells):
    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return super().forward(x if x.mean() > 0.5 else -x)


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^branching cannot be written as an ONNX file: "):
        exported(net(Branching(), name="branching", classes=None), tmp_path)
    with pytest.raises(InputError, match="gives no boxes"):
        exported(net(nn.Conv2d(3, 4, 1), classes=None), tmp_path)
    with pytest.raises(UnknownName):
        exported(net(), tmp_path, to="tflite")
    with pytest.raises(InputError, match="are for a page"):
        exported(net(), tmp_path, runtime="there")
    assert not list(tmp_path.iterdir())


class Pointed(Cells):
    """With two points beside each box, as shares of it."""

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        said = super().forward(x)
        boxes = said["boxes"][..., None, :]
        return said | {"points": boxes[..., :2] + boxes[..., 2:] * torch.tensor([[0.25, 0.5], [1.5, 0.0]])}


def test_points_stand_behind_the_class(tmp_path: Path) -> None:
    seeing = net(Pointed(), name="pointed", classes=("a", "b", "c"))
    answer = runs(exported(seeing, tmp_path))
    x = drawn(61, 83, seed=1)
    some = looking.found(seeing, x[0], 0.5)
    assert some.points is not None
    got = answer(x, 0.5)
    assert got.shape == (len(some), 10)
    assert len(some) > 5
    assert got[:, 6:] == pytest.approx(some.points.flatten(1).numpy(), rel=1e-3, abs=1e-3)
