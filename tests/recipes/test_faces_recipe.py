"""The recipe of `faces`: what the teacher says, boxes that go where their faces go, scenes, the lesson, and how both are judged."""

from __future__ import annotations

import csv
import json
import math
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from recipes.faces import __main__ as recipe
from recipes.faces import figures, judge, labels, stock
from recipes.faces.lesson import Found, Shown, inside, shown
from recipes.faces.lures import lured
from recipes.faces.mixing import drawn
from recipes.faces.scenes import SURE, Scene, Shot, Turn, covered, part, pasted, squares
from recipes.faces.teacher import NONE, Faces, YuNet, decoded, kept
from zorki.weights.cards import read_card
from zorki.weights.loading import of_card

BOX = np.array([[40.0, 30.0, 40.0, 50.0]])
SPOTS = np.array([[[50.0, 45.0], [70.0, 45.0], [60.0, 55.0], [52.0, 65.0], [68.0, 65.0]]])


def faces(scores: list[float], shift: float = 0.0) -> Faces:
    return Faces(np.repeat(BOX + shift * np.array([1, 0, 0, 0]), len(scores), 0), np.array(scores), np.repeat(SPOTS, len(scores), 0))


def ellipse(size: tuple[int, int] = (120, 100), grey: int = 250) -> Image.Image:
    """A bright ellipse in BOX on black, with a red dot at the left eye."""
    out = Image.new("RGB", size)
    x, y, w, h = BOX[0]
    ImageDraw.Draw(out).ellipse([x, y, x + w - 1, y + h - 1], fill=(grey, grey, grey))
    ImageDraw.Draw(out).ellipse([47, 42, 52, 47], fill=(250, 0, 0))
    return out


def shot(scores: list[float], picture: Image.Image | None = None) -> Shot:
    image = picture or ellipse()
    return Shot(lambda: image, faces(scores) if scores else NONE)


def a_stock(count: int = 3) -> stock.Stock:
    faced, faceless = (shot([0.9]),) * count, (shot([], Image.effect_noise((90, 70), 60).convert("RGB")),) * count
    return stock.Stock(faced, faceless, (shot([0.9], ellipse((100, 100))),), faced, faceless, faceless, (shot([0.9]), shot([])))


@pytest.mark.tiny
def test_what_the_teacher_says_is_what_its_readme_says() -> None:
    """Of the cell in row 2, column 3 of a map of 5 columns, at stride 16."""
    said = {
        "cls_16": np.zeros((1, 20, 1)),
        "obj_16": np.zeros((1, 20, 1)),
        "bbox_16": np.zeros((1, 20, 4)),
        "kps_16": np.zeros((1, 20, 10)),
    }
    said["cls_16"][0, 13], said["obj_16"][0, 13] = 0.81, 0.64
    said["bbox_16"][0, 13] = 0.5, 0.25, math.log(2), math.log(3)
    said["kps_16"][0, 13, :2] = 1, -1
    found = decoded(said, 16, 5, 0.6)
    assert found.scores == pytest.approx([0.72])
    assert found.boxes == pytest.approx(np.array([[3.5 * 16 - 16, 2.25 * 16 - 24, 32, 48]]))
    assert found.points[0, 0].tolist() == [64, 16]
    assert len(decoded(said, 16, 5, 0.73).scores) == 0


@pytest.mark.tiny
def test_each_face_is_kept_once() -> None:
    some = Faces(np.array([[0.0, 0, 10, 10], [1, 0, 10, 10], [30, 0, 10, 10]]), np.array([0.6, 0.9, 0.7]), np.zeros((3, 5, 2)))
    assert kept(some).scores.tolist() == [0.9, 0.7]


@pytest.mark.tiny
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(("zoom", "degrees"), [(1.0, 0), (0.4, 0), (1.7, 25), (0.6, -40), (2.2, 10)])
def test_boxes_and_points_go_where_their_pixels_go(zoom: float, degrees: float, mirrored: bool) -> None:
    turn = Turn(zoom, (63.0, 52.0), math.radians(degrees), mirrored, 160)
    seen = np.asarray(turn.shown(ellipse(), (0, 0, 0)), float)
    boxes, points = turn.faces(faces([0.9]))
    rows, columns = np.nonzero(seen[..., 0] > 125)
    assert [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1] == pytest.approx(
        [*boxes[0, :2], *(boxes[0, :2] + boxes[0, 2:])], abs=1.6
    )
    y, x = np.nonzero((seen[..., 0] > 125) & (seen[..., 1] < 100))
    red = points[0, 1 if mirrored else 0]  # what was the left eye is the right one in a mirror
    assert [x.mean() + 0.5, y.mean() + 0.5] == pytest.approx(red.tolist(), abs=1.2)
    assert points[0, 0, 0] < points[0, 1, 0], "the eye on the left of the picture comes first"


@pytest.mark.tiny
def test_of_what_the_teacher_doubts_nothing_is_learnt() -> None:
    both = Faces(np.array([BOX[0], [90, 10, 20, 25]]), np.array([0.9, SURE - 0.1]), np.repeat(SPOTS, 2, 0))
    ignored = 0
    for seed in range(30):
        made = part(Shot(ellipse, both), 100, np.random.default_rng(seed))
        assert made.picture.shape == (100, 100, 3)
        assert len(made.boxes) <= 1
        assert len(made.boxes) == len(made.points)
        ignored += len(made.ignored)
    assert ignored > 5


@pytest.mark.tiny
def test_pasted_faces_lie_apart_and_are_there() -> None:
    nothing = Scene(np.full((200, 200, 3), 128, np.uint8), np.zeros((0, 4)), np.zeros((0, 5, 2)), np.array([[0.0, 0, 60, 200]]))
    made = pasted(nothing, [shot([0.9], ellipse((100, 100)))] * 6, np.random.default_rng(1))
    assert 1 < len(made.boxes) == len(made.points) <= 6
    for i, (x, y, w, h) in enumerate(made.boxes):
        assert x >= 60, "nothing lies where nothing is learnt"
        inside_ = made.picture[int(y) : int(y + h), int(x) : int(x + w)]
        assert inside_.std() > 2 or abs(float(inside_.mean()) - 128) > 5
        for other in made.boxes[:i]:
            apart = (made.boxes[i, :2] >= other[:2] + other[2:]) | (other[:2] >= made.boxes[i, :2] + made.boxes[i, 2:])
            assert apart.any()


@pytest.mark.tiny
def test_squares_of_scenes_and_what_covers_them() -> None:
    one = Scene(np.full((50, 50, 3), 9, np.uint8), BOX / 4, SPOTS / 4, np.zeros((0, 4)))
    made = squares([one] * 4, 2)
    assert made.picture.shape == (100, 100, 3)
    assert (made.boxes - BOX / 4)[:, :2].tolist() == [[0, 0], [50, 0], [0, 50], [50, 50]]
    assert (made.points - SPOTS / 4)[3].tolist() == [[50, 50]] * 5
    hidden = covered(made, np.random.default_rng(0), share=1.0)
    assert (hidden.picture != made.picture).any()
    assert np.array_equal(hidden.boxes, made.boxes)


@pytest.mark.tiny
def test_a_square_hangs_on_its_generator_alone() -> None:
    some = a_stock()
    one, two = (drawn(some, 100, np.random.default_rng(7)) for _ in range(2))
    assert one.picture.shape == (100, 100, 3)
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert not np.array_equal(one.picture, drawn(some, 100, np.random.default_rng(8)).picture)


@pytest.mark.tiny
def test_eyes_have_the_last_word() -> None:
    seen = {"photos/a.jpg": [(BOX[0], "nothing")], "photos/b.jpg": [(BOX[0], "likeness")]}
    assert len(stock.corrected("photos/a.jpg", faces([0.9]), seen).scores) == 0
    assert stock.DOUBT < stock.corrected("photos/b.jpg", faces([0.9]), seen).scores[0] < SURE
    assert stock.corrected("photos/c.jpg", faces([0.9]), seen).scores.tolist() == [0.9]
    assert len(stock.corrected("photos/inet_n02086910.jpg", faces([0.9]), seen).scores) == 0, "a dog"
    assert stock.corrected("photos/inet_n02108422.jpg", faces([0.93]), seen).scores.tolist() == [0.93], "its owner"
    assert len(set(stock.faceless())) == 300
    assert set(stock.eyes()) & set(stock.faceless()) == set()


def lesson(batch: int = 2) -> Found:
    return Found(recipe.begun(), a_stock(), batch, 100)


@pytest.mark.unit
def test_where_nothing_is_learnt_no_answer_is_wrong() -> None:
    """A cell that is sure of a face costs, but not inside of what is ignored."""
    it = lesson()
    x = shown([Scene(np.zeros((64, 64, 3), np.uint8), np.zeros((0, 4)), np.zeros((0, 5, 2)), np.zeros((0, 4)))])
    cells = it.net.cells(64, 64)

    class Says(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
            logits = torch.full((1, len(cells), 1), -20.0)
            logits[0, 9] = 5.0  # row 1, column 1: about (12, 12)
            return logits, torch.rand(1, len(cells), 4), torch.rand(1, len(cells), 5, 2)

        cells = staticmethod(it.net.cells)

    it.net = Says()  # type: ignore[assignment]
    assert float(it.loss(x)[0].detach()) == pytest.approx(0.75 * (1 / (1 + math.exp(-5))) ** 2 * 5.00672, rel=1e-3)
    ignored = x._replace(ignored=[torch.tensor([[8.0, 8, 8, 8]])])
    assert float(it.loss(ignored)[0].detach()) == pytest.approx(0, abs=1e-4)
    assert inside(cells[:64], torch.tensor([[8.0, 8, 8, 8]])).nonzero().tolist() == [[9]]


@pytest.mark.unit
def test_it_learns_where_boxes_and_points_are() -> None:
    it = lesson(3)
    x: Shown = it.drawn(0)
    assert x.picture.shape == (3, 3, 100, 100)
    assert it.drawn(3).picture.shape == (1, 3, 200, 200), "every fourth step looks at large ones"
    adam = torch.optim.Adam(it.net.parameters(), 5e-3)
    first = None
    for _ in range(12):
        loss, parts = it.loss(x)
        first = first or {k: float(v.detach()) for k, v in parts.items()}
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert all(float(parts[k].detach()) < 0.9 * first[k] for k in ("class", "box", "points"))


@pytest.mark.tiny
def test_counts_recall_and_false_alarms(tmp_path: Path) -> None:
    data = tmp_path / "data"
    a_set(data)
    some = judge.groups(data)
    assert [(g.faces, g.unclear, None if g.boxes is None else len(g.boxes)) for g in some] == [(1, 0, 1), (0, 1, None)]

    def finder(picture: np.ndarray) -> np.ndarray:
        """A box about whatever is bright."""
        y, x = np.nonzero(picture[..., 1] > 200)
        return np.array([[x.min(), y.min(), np.ptp(x) + 1, np.ptp(y) + 1]], float) if len(x) else np.zeros((0, 4))

    found = judge.judged(finder, data, some, ["photos/bright.jpg", "photos/dark.jpg"])
    assert (found.right, found.found, found.boxes) == (2, 1, 1)
    assert dict(found.alarms) == {"photos/bright.jpg": 1}
    assert "right count on 2 of 2 photos; 1 of 1 boxes found; 1 false alarms on 1 of 2" in found.line(2, 2)
    half = judge.sized(finder, 60)(np.asarray(ellipse()))
    assert half[0] == pytest.approx(BOX[0], abs=4), "in the pixels of what it was given"


@pytest.mark.tiny
def test_the_score_from_which_faces_are_shown_weighs_alarms() -> None:
    right, wrong = np.zeros(len(figures.SCORES)), np.zeros(len(figures.SCORES))
    right[:], wrong[:] = 10, 6
    right[5], wrong[5] = 9, 1
    assert figures.chosen(right, wrong, 10) == 5


def a_set(data: Path) -> None:
    """As much of the folder of all sets as the recipe asks for."""
    (data / "photos").mkdir(parents=True)
    stored = {"bright.jpg": ellipse(), "dark.jpg": Image.new("RGB", (80, 60), (20, 30, 40)), "ca.jpg": ellipse()}
    with zipfile.ZipFile(data / "photos" / "photos-0.zip", "w") as archive:
        for name, picture in stored.items():
            file = BytesIO()
            picture.save(file, "JPEG", quality=95)
            archive.writestr(name, file.getvalue())
    (data / judge.GROUPS / "images").mkdir(parents=True)
    for name in ("a.png", "b.png"):
        (ellipse() if name == "a.png" else Image.new("RGB", (50, 50))).save(data / judge.GROUPS / "images" / name)
    for name, rows in (
        ("faces.csv", [("file", "faces", "unclear", "source"), ("a.png", 1, 0, ""), ("b.png", 0, 1, "")]),
        ("face_boxes.csv", [("file", "class", "x", "y", "w", "h"), ("a.png", "face", *map(int, BOX[0]))]),
    ):
        with (data / judge.GROUPS / name).open("w", newline="") as f:
            csv.writer(f).writerows(rows)


@pytest.mark.unit
def test_labels_are_kept_and_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, asked = tmp_path / "data", list[str]()
    a_set(data)

    class Teacher(YuNet):
        def __init__(self, weights: Path) -> None:
            self.file = weights

        def found(self, picture: np.ndarray, least: float = 0.6) -> Faces:
            asked.append(str(picture.shape))
            return Faces(BOX * 2, np.array([0.9]), SPOTS * 2) if picture.max() > 200 else NONE

    monkeypatch.setattr(labels, "YuNet", Teacher)
    every = labels.label(data, tmp_path / "work", labels.wanted(data))
    assert set(every) == {f"photos/{n}.jpg" for n in ("bright", "dark", "ca")}
    assert every["photos/bright.jpg"].boxes == pytest.approx(BOX), "as large as it is stored, though the teacher sees it twice as large"
    assert asked[0] == "(200, 240, 3)"
    known = (tmp_path / "work" / "labels.jsonl").read_text().splitlines()
    (tmp_path / "work" / "labels.jsonl").write_text("\n".join(known[:2]) + "\n")
    again = labels.label(data, tmp_path / "work", labels.wanted(data))
    assert len(asked) == 4, "one was missing"
    assert again["photos/ca.jpg"].points == pytest.approx(every["photos/ca.jpg"].points)
    assert [len(json.loads(text)["faces"]) for text in known] == [1, 1, 0]


class Dots(torch.nn.Module):
    """Sees a face about the brightest pixel, at each size of the picture."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        at = x.mean(1).flatten().argmax()
        middle = torch.stack([at % x.shape[-1], at // x.shape[-1]]).float()
        return torch.full((1, 1, 1), 2.0), torch.cat([middle - 3, torch.tensor([6.0, 6.0])])[None, None]


class Teacher:
    """Doubts what is red."""

    def found(self, picture: np.ndarray, _: float) -> Faces:
        h, w = picture.shape[:2]
        red = picture[h // 2, w // 2, 0] > 2 * picture[h // 2, w // 2, 1].astype(int)
        return Faces(np.array([[w / 4, h / 4, w / 2, h / 2]]), np.array([0.4]), np.zeros((1, 5, 2))) if red else NONE


def dotted(colour: tuple[int, int, int], at: tuple[int, int], size: int = 64) -> Image.Image:
    out = Image.new("RGB", (size, size), (20, 20, 20))
    out.paste(colour, (at[0] - 1, at[1] - 1, at[0] + 2, at[1] + 2))
    return out


@pytest.mark.unit
def test_what_lures_the_network_is_shown_more_often_and_doubted_where_the_teacher_doubts(tmp_path: Path) -> None:
    white, red = (shot([], dotted(colour, (20, 40))) for colour in ((250, 250, 250), (250, 60, 60)))
    known, picture = Faces(np.array([[57.0, 52, 6, 6]]), np.array([0.9]), SPOTS), dotted((250, 250, 250), (60, 55), 120)
    face = Shot(lambda: picture, known)  # what it sees there is no lure
    seen = stock.Stock((face,), (white,), (), (), (white, red), (), ())
    more = lured(Dots(), seen, Teacher, tmp_path / "lures.json")  # type: ignore[arg-type]
    assert len(more.lures) == 2, "the white dot in both parts"
    assert all(abs(one.lures[:, :2] + one.lures[:, 2:] / 2 - [20, 40]).max() < 2 for one in more.lures if one.lures is not None)
    assert len(more.tiny_faceless[0].faces.scores) == 0
    assert 0 < more.tiny_faceless[1].faces.scores[0] < SURE, "of it nothing is learnt, neither way"
    again = lured(torch.nn.Identity(), seen, Teacher, tmp_path / "lures.json")  # type: ignore[arg-type]
    assert [one.lures.tolist() for one in again.lures if one.lures is not None] == [
        one.lures.tolist() for one in more.lures if one.lures is not None
    ]
    made = [part(more.lures[0], 80, np.random.default_rng(k)) for k in range(30)]
    assert all(len(one.boxes) == 0 == len(one.ignored) for one in made)
    assert sum(one.picture.max() > 150 for one in made) > 25, "the lure is in the square"


@pytest.mark.slow
def test_what_is_written_is_a_network_with_its_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, work = tmp_path / "data", tmp_path / "work"
    a_set(data)
    work.mkdir()
    rows = [
        ("photos/bright.jpg", faces([0.9])),
        ("photos/dark.jpg", NONE),
        ("photos/ca.jpg", faces([0.9])),
    ]  # of these the last is held back
    (work / "labels.jsonl").write_text("".join(labels.line(*row) + "\n" for row in rows))
    monkeypatch.setattr(stock, "faceless", list)
    monkeypatch.setattr(
        sys, "argv", ["faces", *map(str, ["--data", data, "--work", work, "--out", tmp_path / "out", "--steps", 1, 1, 1, "--batch", 1])]
    )
    recipe.main()
    card = read_card(tmp_path / "out" / "faces.toml", "faces")
    assert card.file.stat().st_size < 2_000_000
    assert card.least is not None
    assert "of 1 faces of 1 photographs" in card.measured
    assert "of 2 photos" in card.figures["group photos"]
    logits, boxes, points = of_card(card).inner(torch.zeros(1, 3, 64, 64))
    assert (logits.shape[2], boxes.shape[2], tuple(points.shape[2:])) == (1, 4, (5, 2))
