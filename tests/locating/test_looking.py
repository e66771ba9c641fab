"""What is found in pictures of any size: where it lies, in pieces as at once, and what a net is shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tests.locating.painted import CELLS, Painted, net, painted, tensor
from zorki import io, lens
from zorki.core import events
from zorki.core.errors import InputError, Stopped
from zorki.locating import looking, seams
from zorki.locating.detections import Detections
from zorki.locating.looking import found
from zorki.scores import boxes as geometry

pytestmark = pytest.mark.tiny


def sorted_boxes(some: Detections) -> np.ndarray:
    return np.array(sorted(np.rint(some.boxes.numpy()).tolist())).reshape(-1, 4)


def test_boxes_classes_and_scores_of_what_is_looked_at_at_once() -> None:
    boxes = [(5, 4, 20, 10), (40, 20, 8, 25)]
    some = found(net(), tensor(painted((50, 70), boxes, blue=(1,))))
    assert some.labels.tolist() == [0, 1]
    assert some.boxes.tolist() == [list(map(float, box)) for box in boxes]
    assert some.scores.tolist() == pytest.approx([1 / (1 + np.exp(-4)), 1 / (1 + np.exp(-3.99))])


def test_how_sure_and_how_many() -> None:
    picture = tensor(painted((30, 200), [(10 * i, 5, 6, 10) for i in range(18)]))
    assert len(found(net(), picture)) == 18
    assert len(found(net(), picture, most=7)) == 7
    assert len(found(net(), picture, least=0.99)) == 0
    some = found(net(), picture, most=7)
    assert (some.scores.diff() <= 0).all()


def apart(boxes: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Those of them that keep three pixels from all before."""
    out: list[tuple[int, int, int, int]] = []
    for x, y, w, h in boxes:
        if all(x > a + c + 3 or a > x + w + 3 or y > b + d + 3 or b > y + h + 3 for a, b, c, d in out):
            out.append((x, y, w, h))
    return out


PLACES = st.lists(st.tuples(st.integers(0, 210), st.integers(0, 150), st.integers(3, 190), st.integers(3, 140)), min_size=1, max_size=9)


@settings(deadline=None, max_examples=60)
@given(PLACES, st.sampled_from([48, 64, 90]))
def test_what_seams_cut_is_one_again(boxes: list[tuple[int, int, int, int]], tile: int) -> None:
    hw = (170, 230)
    true = apart([(x, y, min(w, hw[1] - x), min(h, hw[0] - y)) for x, y, w, h in boxes])
    picture = tensor(painted(hw, true, blue=tuple(range(0, 9, 2))))
    some = looking.in_pieces(net(), looking.Held(picture), 0.3, 100, None, tile)
    assert sorted_boxes(some).tolist() == sorted(map(list, true))


def test_without_joining_there_would_be_several() -> None:
    """The check of the check: each piece does see a part of its own."""
    picture = tensor(painted((64, 300), [(20, 20, 250, 20)]))
    each = [found(net(), picture[..., left : left + 64]) for left in range(0, 236, 32)]
    assert sum(map(len, each)) == 8
    assert sorted_boxes(looking.in_pieces(net(), looking.Held(picture), 0.3, 100, None, 64)).tolist() == [[20, 20, 250, 20]]


def test_neighbours_of_one_class_stay_two() -> None:
    boxes = [(10, 10, 50, 30), (62, 10, 60, 30), (10, 42, 50, 50)]
    picture = tensor(painted((100, 130), boxes))
    for tile in (48, 56, 64, 80):
        assert sorted_boxes(found(net(), picture, tile=tile)).tolist() == sorted(map(list, boxes))


def test_two_things_on_each_other_in_one_piece_are_two() -> None:
    window = torch.tensor([[0.0, 0, 100, 100], [50.0, 0, 100, 100]])
    two = Detections(torch.tensor([[55.0, 10, 30, 60], [60.0, 15, 30, 60]]), torch.tensor([0.9, 0.8]), torch.zeros(2, dtype=torch.int64))
    some = seams.joined([seams.Piece(window[0], two), seams.Piece(window[1], two)], (100, 150))
    assert sorted_boxes(some).tolist() == [[55, 10, 30, 60], [60, 15, 30, 60]]


def test_a_thing_that_no_piece_shows_whole_is_found_by_the_look_at_the_whole() -> None:
    class Whole(Painted):
        """Finds only what it sees all of, as a taught net does."""

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            logits, boxes = super().forward(x)
            low, high = boxes[..., :2].amin(-1), (boxes[..., :2] + boxes[..., 2:] - boxes.new_tensor([x.shape[3], x.shape[2]])).amax(-1)
            logits[(low <= 0) | (high >= 0)] = -9
            return logits, boxes

    boxes = [(20, 30, 260, 120), (300, 20, 20, 20), (305, 150, 12, 9)]
    seeing = lens.Net(Whole().eval(), side=64, step=1, channels=3, classes=("apple", "plum"))
    some = found(seeing, tensor(painted((200, 340), boxes)), tile=64)
    assert sorted_boxes(some).tolist() == sorted(map(list, boxes))


@pytest.mark.parametrize("hw", [(1, 1), (10, 10), (1, 90), (90, 1), (15, 800)])
@pytest.mark.parametrize("one", [False, True])
def test_pictures_of_any_size(hw: tuple[int, int], one: bool) -> None:
    some = found(net(one), torch.rand(3, *hw, generator=torch.Generator().manual_seed(0)), least=0.0)
    assert some.boxes.isfinite().all()
    edges = geometry.corners(some.boxes)
    assert (edges >= 0).all()
    assert (edges <= torch.tensor([hw[1], hw[0]] * 2) + 1e-3).all()


def test_a_net_of_one_box_sees_its_square_and_answers_in_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.Size] = []
    run = lens.Net.run
    monkeypatch.setattr(lens.Net, "run", lambda self, x, **how: seen.append(x.shape) or run(self, x, **how))
    some = found(net(one=True), tensor(painted((320, 160), [(40, 80, 60, 120)], blue=(0,))), tile=64)
    assert set(seen) == {torch.Size([1, 3, 64, 64])}
    assert some.labels.tolist() == [1]
    assert (some.boxes - torch.tensor([[40.0, 80, 60, 120]])).abs().max() <= 5


def test_size_is_what_the_net_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.Size] = []
    run = lens.Net.run
    monkeypatch.setattr(lens.Net, "run", lambda self, x, **how: seen.append(x.shape) or run(self, x, **how))
    picture = tensor(painted((300, 400), [(100, 80, 200, 120)]))
    small, large, each = (found(net(), picture, size=size) for size in (100, 800, None))
    assert [tuple(shape[2:]) for shape in seen] == [(75, 100), (600, 800), (300, 400)]
    for some in (small, large, each):
        assert (some.boxes - torch.tensor([[100.0, 80, 200, 120]])).abs().max() <= 4


def test_pieces_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[events.Event] = []
    with events.listen(heard.append):
        found(net(), tensor(painted((100, 200), [(5, 5, 9, 9)])), tile=64)
    steps = [(e.step, e.of) for e in heard if e.stage == "pieces"]
    assert steps[0][0] == 1
    assert steps[-1][0] == steps[-1][1] == len(steps) > 10


def test_what_is_too_large_to_be_opened_is_read_in_rows(tmp_path: Path) -> None:
    boxes = [(30, 40, 500, 50), (900, 700, 40, 60), (10, 900, 8, 8)]
    tifffile.imwrite(tmp_path / "scan.tif", painted((1000, 1500), boxes), tile=(128, 128), photometric="rgb", compression="zlib")
    large = io.Large(tmp_path / "scan.tif")
    some = found(net(), large, tile=256)
    assert sorted_boxes(some).tolist() == sorted(map(list, boxes))


def test_in_a_large_picture_there_may_be_more_than_in_one_look() -> None:
    boxes = [(x, y, 5, 5) for x in range(5, 395, 12) for y in range(5, 395, 12)]
    some = found(net(), tensor(painted((400, 400), boxes)), most=150, tile=100)
    assert len(some) == len(boxes) > CELLS


class Broken(nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.what = kind

    def forward(self, x: torch.Tensor) -> object:
        n = len(x)
        given = {
            "one tensor": torch.zeros(n, 3),
            "maps": (torch.zeros(n, 3, 8, 8), torch.zeros(n, 4, 8, 8)),
            "five": (torch.zeros(n, 7, 3), torch.zeros(n, 7, 5)),
            "nan": (torch.zeros(n, 7, 3), torch.full((n, 7, 4), float("nan"))),
        }
        return given[self.what]


@pytest.mark.parametrize("kind", ["one tensor", "maps", "five"])
def test_a_net_without_boxes_is_refused(kind: str) -> None:
    with pytest.raises(InputError, match="gives no boxes"):
        found(lens.Net(Broken(kind).eval(), side=32, step=1, channels=3), torch.zeros(3, 40, 40))


def test_what_is_no_number_is_said() -> None:
    with pytest.raises(Stopped, match="no number"):
        found(lens.Net(Broken("nan").eval(), side=32, step=1, channels=3), torch.zeros(3, 40, 40))


def test_names_of_classes() -> None:
    assert looking.classes(net()) == ("apple", "plum")
    assert looking.classes(net(classes=None)) == ("class 0", "class 1")
    assert looking.classes(net(one=True, classes=None)) == ("class 0", "class 1")
