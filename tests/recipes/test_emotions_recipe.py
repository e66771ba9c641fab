"""The recipe of `emotions`: votes as they were given, no photograph on both sides, figures by hand, and files that are what was measured."""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from recipes.emotions import __main__ as recipe
from recipes.emotions import changes, faces, judging, twins
from zorki.nets.expression import CLASSES
from zorki.weights.cards import read_card
from zorki.weights.loading import of_card

FEW = 24


def a_face(seed: int, side: int) -> np.ndarray:
    """Large blobs and small ones: no two are alike."""
    dice = np.random.default_rng(seed)
    large, small = (
        np.asarray(Image.fromarray(dice.uniform(0, high, (n, n)).astype(np.float32)).resize((side, side), Image.Resampling.BICUBIC))
        for n, high in ((4, 200), (16, 60))
    )
    return (large + small).clip(0, 255).astype(np.uint8)


def a_set(folder: Path, pictures: list[np.ndarray], rows: list[dict[str, object]]) -> Path:
    folder.mkdir()
    with zipfile.ZipFile(folder / "faces-0.zip", "w") as archive:
        for k, picture in enumerate(pictures):
            data = io.BytesIO()
            Image.fromarray(picture).convert("RGB").save(data, "WEBP", lossless=True)
            archive.writestr(f"{k}.webp", data.getvalue())
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as f:
        table = csv.DictWriter(f, ["file", "zip", *rows[0]])
        table.writeheader()
        table.writerows({"file": f"{k}.webp", "zip": "faces-0.zip"} | row for k, row in enumerate(rows))
    return folder


def both(folder: Path) -> tuple[Path, Path]:
    """Votes: FEW to learn from, FEW that judge, and of the first two judges a copy to learn from: moved and paler, and mirrored. Names: ten persons, two faces each."""
    folder.mkdir()
    pictures = [a_face(k, 48) for k in range(2 * FEW)]
    moved = np.pad(pictures[FEW], ((1, 0), (2, 0)), "edge")[:48, :48] * 0.6 + 60
    pictures += [moved.astype(np.uint8), pictures[FEW + 1][:, ::-1]]
    votes = []
    for k in range(len(pictures)):
        said = dict.fromkeys((f"votes_{name}" for name in (*CLASSES, "unknown", "NF")), 0)
        said[f"votes_{CLASSES[k % 8]}"] += 6
        said[f"votes_{CLASSES[(k + 1) % 8]}"] += 2
        said[f"votes_{CLASSES[(k + 2) % 8]}"] += 1
        said["votes_unknown"] += 1
        votes.append({"person": "", "emotion": CLASSES[k % 8], "usage": "PublicTest" if FEW <= k < 2 * FEW else "Training"} | said)
    named = [{"person": f"P{k // 2}", "emotion": CLASSES[k % 8], "annotator": "a"} for k in range(80)]
    return a_set(folder / "votes", pictures, votes), a_set(folder / "named", [a_face(100 + k, 96) for k in range(80)], named)


@pytest.fixture
def every(tmp_path: Path) -> faces.Faces:
    return faces.read(*both(tmp_path / "data"), tmp_path)


@pytest.mark.unit
def test_what_people_said(every: faces.Faces) -> None:
    assert every.said.sum(1) == pytest.approx(np.ones(len(every)), abs=1e-6)
    assert every.said[3, [3, 4, 5]] == pytest.approx([6 / 8, 2 / 8, 0])  # one vote of ten is a slip
    assert every.weight[3] == pytest.approx(0.9)  # one did not know
    first = 2 * FEW + 2
    assert (every.top[first:] == np.arange(80) % 8).all()
    assert every.said[first, 0] == pytest.approx(0.8 + 0.2 * 6 / 8)
    assert every.said[first, 1] == pytest.approx(0.2 * 2 / 8)


@pytest.mark.unit
def test_no_photograph_and_no_person_is_on_both_sides(every: faces.Faces) -> None:
    assert (every.part[FEW : 2 * FEW] == "judge").all()
    assert (every.part[2 * FEW : 2 * FEW + 2] == "").all()
    assert (every.part == "").sum() == 2
    held = set(every.of("judge persons").person)
    assert 0 < len(held) < 40
    assert not held & set(every.of("learn").person)
    assert {"learn", "judge"} < set(every.part)


@pytest.mark.unit
def test_a_group_of_twins_chooses_as_a_whole() -> None:
    group = np.repeat(np.arange(400), 2)
    parts = faces.parts(np.array(["Training"] * 800), np.array([""] * 800), group)
    assert (parts[::2] == parts[1::2]).all()
    assert 10 < (parts == "choose").sum() / 2 < 40


@pytest.mark.unit
def test_twins_are_one_photograph_and_strangers_are_not() -> None:
    one, *others = (a_face(k, 48) for k in range(6))
    covered = one.copy()
    covered[20:22, ::3] = 255
    groups = twins.groups(np.stack([one, covered, np.pad(one, ((0, 2), (0, 0)), "edge")[2:, ::-1], *others]))
    assert len(set(groups[:3].tolist())) == 1
    assert len(set(groups.tolist())) == 6


@pytest.mark.unit
def test_faces_change_within_their_range_and_alike_for_one_seed() -> None:
    x = torch.from_numpy(np.stack([a_face(k, 48) for k in range(64)]))[:, None].float() / 255
    with torch.random.fork_rng():
        torch.manual_seed(3)
        once = changes.changed(x, 40)
        torch.manual_seed(3)
        assert torch.equal(changes.changed(x, 40), once)
        said = torch.eye(8).repeat(8, 1)
        face, target, weight = changes.mixed(once, said, torch.ones(64))
    assert once.shape == (64, 1, 40, 40)
    assert float(once.min()) >= 0
    assert float(once.max()) <= 1
    assert torch.allclose(target.sum(1), torch.ones(64))
    assert torch.allclose(weight, torch.ones(64))
    share = float(target[0, 0])
    assert torch.allclose(face[0], share * once[0] + (1 - share) * once[-1], atol=1e-6)
    assert share >= 0.5


@pytest.mark.unit
def test_figures_by_hand() -> None:
    truth, called = [0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 1, 0]
    some = faces.Faces(
        np.zeros((6, 48, 48), np.uint8), np.eye(8, dtype=np.float32)[truth], np.ones(6), np.array(list("aabbcc")), np.full(6, "judge")
    )
    found = judging.judged(10 * np.eye(8)[called], some)
    assert found.accuracy == pytest.approx(4 / 6)
    assert found.macro_f1 == pytest.approx((2 / 3 + 4 / 5 + 0) / 3)
    assert found.calibration.ece == pytest.approx(1 / (1 + 7 * np.exp(-10)) - 4 / 6, abs=1e-6)
    assert found.interval("accuracy")[0] < 4 / 6 < found.interval("accuracy")[1]
    persons = judging.judged(10 * np.eye(8)[called], some, by_person=True)
    assert persons.each.shape == (3, 8, 8)
    assert persons.macro_f1 == found.macro_f1
    said = judging.told(found, "here")
    assert said["here: neutral"].startswith("F1 0.67")
    assert said["here: neutral"].endswith("its 3 were called neutral 2, happiness 1")
    assert "here: fear" not in said


@pytest.mark.unit
def test_the_temperature_of_what_is_three_times_too_sure_is_three_times_higher() -> None:
    dice = np.random.default_rng(0)
    top = np.arange(4000) % 8
    logits = dice.normal(0, 1, (4000, 8)) + 2 * np.eye(8)[top]
    some = faces.Faces(np.zeros((4000, 1, 1), np.uint8), np.eye(8, dtype=np.float32)[top], np.ones(4000), top, top)
    assert judging.temperature(3 * logits, some) / judging.temperature(logits, some) == pytest.approx(3, rel=0.01)


@pytest.mark.slow
def test_what_is_written_is_a_network_with_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(recipe, "RECIPE", replace(recipe.RECIPE, batch=4))
    monkeypatch.setattr(faces, "CHOOSING", 3)
    votes, named = both(tmp_path / "data")
    words = ["--votes", votes, "--named", named, "--work", tmp_path / "work", "--out", tmp_path / "out", "--steps", "2"]
    monkeypatch.setattr(sys, "argv", ["emotions", *map(str, words)])
    recipe.main()
    assert "FER+: macro-F1" in capsys.readouterr().out
    card = read_card(tmp_path / "out" / "emotions.toml", "emotions")
    assert card.task == "faces"
    assert card.classes == CLASSES
    assert card.parameters <= 1_000_000
    assert {
        f"{among}: {what}" for among in ("FER+", "other persons") for what in ("accuracy", "macro-F1", "calibration")
    } < card.figures.keys()
    net = of_card(card)
    every = faces.read(votes, named, tmp_path / "work")
    held = every.of("judge")
    assert card.accuracy == round(judging.judged(judging.answers(net.inner, held), held).accuracy, 4)
    kept, learnt = load_file(card.file), load_file(tmp_path / "work" / "run" / "last.safetensors")
    assert all(torch.equal(kept[k], v.half() if v.is_floating_point() else v) for k, v in learnt.items() if not k.startswith("fc"))
    heat = learnt["fc.weight"] / kept["fc.weight"].float()
    assert torch.allclose(heat, heat.mean(), rtol=0.01)
    recipe.main()  # finished already: the same files
    assert "finished already" in capsys.readouterr().out
