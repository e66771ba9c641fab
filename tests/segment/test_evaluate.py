"""How good a segmenter is: beside a matrix made by hand, torchmetrics, and the intervals of `scores`."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import zorki
from tests.segment.judges import STEP, Red, folder, randomly
from zorki import io, lens, scores
from zorki.core import events
from zorki.core.errors import InputError

pytestmark = pytest.mark.tiny
FIELDS = ("miou", "pixel_accuracy", "mean_accuracy", "dice", "iou_by_class", "boundary_f1", "void_share")
ABC = ("a", "b", "c", "d")


def net(order: Any = range(4), classes: Any = ABC, **more: Any) -> lens.Net:
    return lens.Net(Red(order, **more), name="red", side=16, step=1, classes=classes)


def heard(call: Any) -> tuple[Any, list[str]]:
    notes: list[str] = []
    with events.listen(lambda e: notes.append(e.note) if e.note else None):
        return call(), notes


def test_the_matrix_made_by_hand(tmp_path: Path) -> None:
    """[[3, 1, 0], [1, 2, 0], [0, 0, 0]]: the third class is absent, and named."""
    truth, says = np.array([[0, 0, 0, 0, 1, 1, 1]]), np.array([[0, 0, 0, 1, 0, 1, 1]])
    data = folder(tmp_path, [(says, truth)], ("a", "b", "c"))
    found = zorki.segment.evaluate(net(range(3), ABC[:3]), data)
    said = found.answer()
    assert said["confusion"] == [[3, 1, 0], [1, 2, 0], [0, 0, 0]]
    assert said["iou_by_class"] == {"a": 0.6, "b": 0.5, "c": None}
    assert said["absent"] == ["c"]
    assert said["miou"] == pytest.approx(0.55)
    assert said["dice"] == pytest.approx((0.75 + 2 / 3) / 2, abs=1e-6)
    assert said["pixel_accuracy"] == pytest.approx(5 / 7, abs=1e-6)
    assert said["mean_accuracy"] == pytest.approx(17 / 24, abs=1e-6)
    assert said["intervals"]["miou"] == [None, None], "of one picture there is none"
    assert any("c " in line and "absent" in line for line in found.lines())


def test_as_torchmetrics_has_it(tmp_path: Path) -> None:
    """Over the whole set, at each picture's own size, void left out."""
    from torchmetrics.classification import MulticlassAccuracy, MulticlassCalibrationError, MulticlassJaccardIndex

    pairs = randomly()
    said = zorki.segment.evaluate(net(sure=2.0), folder(tmp_path, pairs, ABC, void=True)).answer()
    truth = torch.from_numpy(np.concatenate([t.reshape(-1) for _, t in pairs]))
    says = torch.from_numpy(np.concatenate([s.reshape(-1) for s, _ in pairs]))
    more: dict[str, Any] = {"num_classes": 4, "ignore_index": 255}
    assert said["miou"] == pytest.approx(float(MulticlassJaccardIndex(average="macro", **more)(says, truth)), abs=1e-6)
    assert list(said["iou_by_class"].values()) == pytest.approx(
        MulticlassJaccardIndex(average=None, **more)(says, truth).tolist(), abs=1e-6
    )
    assert said["pixel_accuracy"] == pytest.approx(float(MulticlassAccuracy(average="micro", **more)(says, truth)), abs=1e-6)
    assert said["mean_accuracy"] == pytest.approx(float(MulticlassAccuracy(average="macro", **more)(says, truth)), abs=1e-6)
    logits = 2.0 * torch.nn.functional.one_hot(says, 4).float()
    assert said["ece"] == pytest.approx(float(MulticlassCalibrationError(n_bins=15, **more)(logits.softmax(1), truth)), abs=1e-4), (
        "theirs adds up in float32"
    )
    assert said["void_share"] == pytest.approx(float((truth == 255).float().mean()), abs=1e-6)
    assert set(FIELDS) < set(said)


def test_intervals_and_the_pictures_one_by_one(tmp_path: Path) -> None:
    pairs = randomly(count=6)
    found = zorki.segment.evaluate(net(), folder(tmp_path, pairs, ABC, void=True))
    each = np.stack([scores.Confusion(4).add(t, s).matrix for s, t in pairs])
    wanted = scores.interval(each, lambda m: scores.Confusion(4, m.sum(0)).miou)
    assert found.judged.intervals["miou"] == pytest.approx(wanted)
    assert found.judged.intervals["miou"][0] < found.figures["miou"] < found.judged.intervals["miou"][1]
    said = found.answer()
    assert {p["name"]: p["miou"] for p in said["pictures"]} == {
        f"{i}.png": pytest.approx(scores.Confusion(4, m).miou, abs=1e-6) for i, m in enumerate(each)
    }
    assert [p["miou"] for p in said["pictures"]] == sorted(p["miou"] for p in said["pictures"]), "the worst first"
    outlines = [scores.boundary_f1(t, s, 4) for s, t in pairs]
    assert said["boundary_f1"] == pytest.approx(np.mean(outlines), abs=1e-6)


def test_logits_are_enlarged_not_labels(tmp_path: Path) -> None:
    says = np.kron(np.random.default_rng(1).integers(0, 4, (5, 6)), np.ones((3, 3), int))
    coarse = net(coarse=True)
    picture = np.zeros((*says.shape, 3), np.float32)
    picture[..., 0] = says * STEP / 255
    with torch.no_grad():
        maps = coarse.logits(torch.from_numpy(picture).permute(2, 0, 1)[None])
        large = torch.nn.functional.interpolate(maps, says.shape, mode="bilinear", align_corners=False)[0].argmax(0).numpy()
    labels = np.kron(maps[0].argmax(0).numpy(), np.ones((2, 2), int))
    labels = np.pad(labels, [(0, a - b) for a, b in zip(says.shape, labels.shape, strict=True)], mode="edge")
    assert (large != labels).any()
    assert zorki.segment.evaluate(coarse, folder(tmp_path, [(says, large)], ABC)).figures["pixel_accuracy"] == 1


def test_dice_leaves_out_what_is_behind(tmp_path: Path) -> None:
    pairs = randomly(classes=2, void=0)
    with_it = zorki.segment.evaluate(net(range(2), ("background", "cup")), folder(tmp_path / "one", pairs, ("background", "cup")))
    without = zorki.segment.evaluate(net(range(2), ("sky", "cup")), folder(tmp_path / "two", pairs, ("sky", "cup")))
    dice = with_it.judged.confusion.dice()
    assert with_it.figures["dice"] == pytest.approx(dice[1])
    assert without.figures["dice"] == pytest.approx(dice.mean())


def test_classes_in_another_order_are_matched_by_name(tmp_path: Path) -> None:
    data = folder(tmp_path, randomly(), ABC, void=True)
    plain = zorki.segment.evaluate(net(), data).answer()
    other, notes = heard(lambda: zorki.segment.evaluate(net((2, 0, 3, 1), ("C", "a", "_d_", "B")), data))
    assert other.answer() == plain
    assert any("another order" in one for one in notes)


def test_a_class_that_the_net_does_not_know_is_refused(tmp_path: Path) -> None:
    data = folder(tmp_path, randomly(), ("a", "b", "dog", "d"), void=True)
    with pytest.raises(InputError, match=r"red does not know dog.*a, b, c, d.*classes\.csv"):
        zorki.segment.evaluate(net(), data)


def test_one_that_no_pixel_is_of_is_absent(tmp_path: Path) -> None:
    data = folder(tmp_path, randomly(classes=3), ("a", "b", "c", "dog"), void=True)
    found, notes = heard(lambda: zorki.segment.evaluate(net(range(3), ABC[:3]), data))
    assert found.answer()["absent"] == ["dog"]
    assert math.isfinite(found.figures["miou"])
    assert any("dog" in one for one in notes)


def test_a_class_that_only_the_net_knows_is_wrong_and_in_no_mean(tmp_path: Path) -> None:
    truth, says = np.array([[0, 0, 1, 1]] * 4), np.array([[0, 2, 1, 1]] * 4)
    found = zorki.segment.evaluate(net(range(3), ("a", "b", "tree")), folder(tmp_path, [(says, truth)], ("a", "b")))
    assert found.answer()["iou_by_class"] == {"a": 0.5, "b": 1.0}
    assert found.figures["miou"] == 0.75
    assert found.answer()["other_classes"] == ["tree"]


def test_predicted_but_never_true_counts_as_0(tmp_path: Path) -> None:
    truth, says = np.array([[0, 0, 1, 1]] * 4), np.array([[0, 2, 1, 1]] * 4)
    found = zorki.segment.evaluate(net(range(3), ABC[:3]), folder(tmp_path, [(says, truth)], ("a", "b", "c")))
    assert found.answer()["iou_by_class"] == {"a": 0.5, "b": 1.0, "c": 0.0}
    assert found.figures["miou"] == 0.5


def test_classes_without_names_are_matched_by_their_order_which_is_said(tmp_path: Path) -> None:
    pairs = [(s, np.where(t == 1, 255, 0)) for s, t in randomly(classes=2, void=0)]
    found, notes = heard(lambda: zorki.segment.evaluate(net(range(2), ("background", "person")), folder(tmp_path, pairs)))
    assert any("foreground is person" in one for one in notes)
    assert found.figures["pixel_accuracy"] > 0.7
    with pytest.raises(InputError, match="does not know background, foreground"):
        zorki.segment.evaluate(net(), tmp_path)


def test_which_part(tmp_path: Path) -> None:
    """val/ where there is one; another where it is asked for; one that is not there is refused."""
    pairs = randomly(count=4)
    for split, some in (("train", pairs[:3]), ("val", pairs[3:])):
        folder(tmp_path, some, ABC, split, void=True)
    found, notes = heard(lambda: zorki.segment.evaluate(net(), tmp_path))
    assert (found.split, found.answer()["count"]) == ("val", 1)
    assert any("val (1 of 4 pictures)" in one for one in notes)
    assert zorki.segment.evaluate(net(), tmp_path, split="all").answer()["count"] == 4
    assert zorki.segment.evaluate(net(), tmp_path, split="train").answer()["count"] == 3
    with pytest.raises(InputError, match=r"no pictures for split=test.*train, val and all"):
        zorki.segment.evaluate(net(), tmp_path, split="test")


def test_a_run_of_these_very_data_is_held_against_what_it_did_not_learn_from(tmp_path: Path) -> None:
    """Also where they were moved; others are taken whole, and their masks are read as the run was taught."""
    from safetensors.torch import save_file

    from zorki.nets.segmenter import Segmenter
    from zorki.segmenting import record, sets

    data = io.open_labelled(folder(tmp_path / "data", randomly(count=5, classes=3, void=0)))
    learnt, held = sets.splits(data)
    run = tmp_path / "run"
    run.mkdir()
    made = Segmenter("pyramid", "lite0", 3)
    save_file({k: v.contiguous() for k, v in made.state_dict().items()}, run / "best.safetensors")
    sizes = "".join(f"{k} = {json.dumps(v)}\n" for k, v in made.sizes().items())
    (run / "config.toml").write_text("steps = 1\n")
    (run / "card.toml").write_text(
        'title = "t"\ntask = "segment"\nlicence = "mine"\nbuild = "zorki.nets.segmenter:Segmenter"\nparameters = 1\nside = 16\ndata = "d"\n'
        f'not_fit_for = "use"\nclasses = {json.dumps(list(learnt.table.names))}\n[arguments]\n{sizes}'
    )
    for damaged in ("[]", '{"table": [], "train": [], "val": []}'):
        (run / record.FILE).write_text(damaged)
        with pytest.raises(InputError, match=r"data\.json cannot be read"):
            zorki.segment.evaluate(tmp_path / "data", model=str(run))
    record.write(run, learnt, held)
    found = zorki.segment.evaluate(tmp_path / "data", model=str(run))
    assert found.split == "val"
    assert {p.name for p in found.judged.pictures} == {e.picture.name for e in held.examples}
    assert zorki.segment.evaluate(tmp_path / "data", model=str(run), split="train").answer()["count"] == len(learnt)
    (tmp_path / "data").rename(tmp_path / "moved")
    found, said = heard(lambda: zorki.segment.evaluate(tmp_path / "moved", model=str(run)))
    assert found.split == "val"
    assert not any("says no names" in note for note in said), "it learnt from these very masks"
    other = [(s, np.where(t == 1, 0, t)) for s, t in randomly(seed=3, count=3, classes=3, void=0)]
    found, said = heard(lambda: zorki.segment.evaluate(folder(tmp_path / "other", other), model=str(run)))
    assert any("other says no names" in note and "0 is background, 1 is class 1" in note for note in said)
    assert (found.split, len(found.judged.pictures)) == ("all", 3)
    assert found.judged.names == learnt.table.names, "values 0 and 2 alone are still the first and the last class"


def test_the_command(tmp_path: Path, command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table on stdout; one JSON value; a page or a sheet where one is asked for; a folder with broken masks and a part that is not there: 2."""
    monkeypatch.chdir(tmp_path)
    data = folder(tmp_path / "data", randomly(count=3, classes=3), ("background", "cup", "pen"), void=True)
    model = f"{Path(__file__).with_name('judges.py')}:three"
    status, out, _ = command("segment", "evaluate", data, "--model", model)
    assert status == 0
    assert "mIoU" in out
    assert "cup" in out
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data"], "nothing is written unasked"
    status, out, _ = command("segment", "evaluate", data, "--model", model, "--json", "--out", "report.html")
    said = json.loads(out)
    assert (status, said["command"], said["out"]) == (0, ["segment", "evaluate"], ["report.html"])
    assert set(FIELDS) < set(said)
    assert all(isinstance(said[name], float) for name in FIELDS if name != "iou_by_class")
    html = Path("report.html").read_text(encoding="utf-8")
    assert "What is taken for what" in html
    assert html.count("z-plate") > 3
    assert command("segment", "evaluate", data, "--model", model, "--out", "worst.png")[0] == 0
    assert io.open_photo("worst.png").hw[0] > 100
    status, _, err = command("segment", "evaluate", data, "--model", model, "--split", "test")
    assert (status, len(err.strip().splitlines()) <= 4) == (2, True)
    (data / "masks" / "1.png").write_bytes(b"no mask")
    status, _, err = command("segment", "evaluate", data, "--model", model)
    assert status == 2
    assert "1.png" in err


def test_a_picture_that_is_all_void_is_the_last_and_in_no_figure(tmp_path: Path) -> None:
    pairs = randomly(count=3)
    data = folder(tmp_path, [*pairs, (pairs[0][0], np.full_like(pairs[0][1], 255))], ABC, void=True)
    found = zorki.segment.evaluate(net(), data)
    assert found.answer()["pictures"][-1]["miou"] is None
    assert found.figures["miou"] == pytest.approx(scores.Confusion(4, sum(scores.Confusion(4).add(t, s).matrix for s, t in pairs)).miou)
