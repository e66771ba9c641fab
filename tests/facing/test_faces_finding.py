"""Faces of any size in pictures of any size, each once; a picture of the usual size is looked at but once; points go where their boxes go."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.facing import faced
from zorki.core.errors import InputError
from zorki.facing import finding, glancing, reading
from zorki.facing.faces import Face
from zorki.formats import open_rectangles
from zorki.io import open_photo
from zorki.locating import looking, seams
from zorki.locating.detections import Detections

pytestmark = pytest.mark.tiny


@pytest.fixture(autouse=True)
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy was trained on pictures of 640 pixels, as the network that ships."""
    monkeypatch.setattr(looking, "trained", lambda _: 640)


def tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1))).float() / 255


def near(found: Detections, boxes: list[faced.Box]) -> bool:
    """Whether each box was found, once, and nothing else."""
    if len(found) != len(boxes):
        return False
    got = sorted(found.boxes.tolist())
    return all(np.abs(np.array(a) - b).max() <= max(4, 0.08 * max(b[2:])) for a, b in zip(got, sorted(boxes), strict=True))


@pytest.mark.parametrize(
    ("hw", "sides"),
    [((480, 640), [640, 320]), ((100, 120), [640, 320]), ((640, 832), [640, 320, 832]), ((15, 800), [640, 320, 800])],
    ids=str,
)
def test_a_picture_is_looked_at_as_often_as_its_size_needs(hw: tuple[int, int], sides: list[int]) -> None:
    """As it was learnt, once more from afar for what fills it, and closely where it has more pixels."""
    net = faced.finder()
    finding.found(net, tensor(faced.painted(hw, [])), 0.5)
    assert [max(shown) for shown in net.inner.shown] == sides


def test_what_fills_a_picture_is_found_whatever_its_size() -> None:
    """The network sees faces of up to 300 pixels."""
    for high in (400, 640, 800, 830, 1100):
        box = (high // 8, high // 5, high // 2, round(0.65 * high))
        assert near(finding.found(faced.finder(most=300), tensor(faced.painted((high, round(0.7 * high)), [box])), 0.5), [box]), high


class Unsure(faced.Finder):
    """A first look is half sure of each patch; alone it is sure of those that are brighter red."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        logits, boxes, points = super().forward(x)
        alone = x.shape[-2:] == (glancing.SIDE, glancing.SIDE)
        bright = float(x[0, 0].max()) > 0.85
        logits = torch.where(logits > 0, torch.full_like(logits, (4.0 if bright else -4.0) if alone else 0.5), logits)
        return logits, boxes, points


def test_what_is_doubted_is_looked_at_again_alone() -> None:
    one, two = (60, 60, 40, 50), (250, 200, 60, 70)
    picture = tensor(faced.painted((400, 600), [one, two]))
    picture[0, 200:270, 250:310] *= 0.8
    net = faced.finder()
    module = Unsure()
    found = finding.found(net.like(module), picture, 0.75)
    first, sure, unsure = (1 / (1 + np.exp(-z)) for z in (0.5, 4.0, -4.0))
    assert near(found, [one]), "the mean of four looks is below what is asked for of the other"
    assert found.scores.tolist() == pytest.approx([(first + 3 * sure) / 4], abs=1e-4)
    both = finding.found(net.like(module), picture, 0.1)
    assert sorted(both.scores.tolist()) == pytest.approx(sorted([(first + 3 * sure) / 4, (first + 3 * unsure) / 4]), abs=1e-4)


@pytest.mark.parametrize("hw", [(768, 1024), (1440, 1920), (1500, 2600), (3024, 4032)], ids=str)
def test_faces_from_sixteen_pixels_to_a_third_of_the_picture_are_found_once(hw: tuple[int, int]) -> None:
    """The network sees what is shown to it from 10 to 400 pixels."""
    h, w = hw
    boxes = [(20, 20, 16, 20), (w // 2, 40, 30, 36), (w - 200, h - 210, 100, 120), (60, h // 2, h // 3, h // 3)]
    boxes += [(1270, 600, 18, 18), (1024 - 9, 700, 18, 18)] if w > 2000 else []  # where pieces meet
    net = faced.finder(most=400)
    found = finding.found(net, tensor(faced.painted(hw, boxes)), 0.5)
    assert near(found, boxes), found.boxes
    assert found.points is not None
    middles = found.boxes[:, :2] + found.boxes[:, 2:] * torch.tensor([0.5, 0.6])
    assert (found.points[:, 2] - middles).abs().max() < 0.03 * max(hw), "points came along"


def test_the_same_however_the_picture_is_read() -> None:
    from zorki.pixels.pieces import Held

    class Read(Held):
        def small(self, longest: int) -> np.ndarray:
            k = longest / max(self.hw)
            size = (max(1, round(self.hw[0] * k)), max(1, round(self.hw[1] * k)))
            return torch.nn.functional.interpolate(self.picture[None], size, mode="bilinear", antialias=True)[0].permute(1, 2, 0).numpy()

    class Rows:
        def __init__(self, held: Read) -> None:
            self.hw, self.rows, self.small = held.hw, held.rows, held.small

    boxes = [(20, 20, 16, 20), (1800, 900, 500, 600), (2700, 100, 40, 44)]
    x = tensor(faced.painted((1800, 3000), boxes))
    net = faced.finder()
    assert near(finding.found(net, x, 0.5), boxes)
    assert near(finding.found(net, Rows(Read(x)), 0.5), boxes)  # type: ignore[arg-type]


def test_a_longest_side_that_is_asked_for_is_the_only_look() -> None:
    net = faced.finder()
    finding.found(net, tensor(faced.painted((768, 1024), [])), 0.5, size=320)
    assert net.inner.shown == [(240, 320)]


def test_of_two_looks_at_one_face_the_surer_is_kept() -> None:
    def one(box: tuple[float, ...], score: float) -> Detections:
        return Detections(torch.tensor([box]), torch.tensor([score]), torch.tensor([0]))

    large, part, beside = one((100, 100, 100, 120), 0.9), one((120, 120, 30, 30), 0.7), one((180, 100, 100, 120), 0.6)
    assert finding.apart([large, part, beside]).scores.tolist() == pytest.approx([0.9, 0.6])
    assert finding.apart([one((100, 100, 100, 120), 0.6), one((120, 120, 30, 30), 0.7)]).scores.tolist() == pytest.approx([0.7])
    assert len(finding.apart([Detections.none(), Detections.none()])) == 0


def test_points_are_moved_put_together_and_joined_at_seams_with_their_boxes() -> None:
    points = torch.tensor([[[10.0, 20.0], [30.0, 20.0]]])
    some = Detections(torch.tensor([[5.0, 5, 40, 40]]), torch.tensor([0.9]), torch.tensor([0]), points)
    moved = some.moved(torch.tensor([2.0, 3.0]), torch.tensor([100.0, 0.0]))
    assert moved.points is not None
    assert moved.points.tolist() == [[[120, 60], [160, 60]]]
    assert moved.boxes.tolist() == [[110, 15, 80, 120]]
    both = Detections.together([some, moved])
    assert both.points is not None
    assert both.points.shape == (2, 2, 2)
    assert both[both.scores > 0.95].points.shape == (0, 2, 2)  # type: ignore[union-attr]
    bare = Detections(some.boxes, some.scores, some.labels)
    assert Detections.together([some, bare]).points is None, "nobody knows those of the others"
    assert Detections.together([some, Detections.none()]).points is not None
    left = seams.Piece(torch.tensor([0.0, 0, 60, 60]), some)
    right = seams.Piece(torch.tensor([20.0, 0, 60, 60]), Detections(some.boxes, torch.tensor([0.8]), some.labels, points + 1))
    joined = seams.joined([left, right], (60, 80))
    assert joined.points is not None
    assert joined.points.tolist() == points.tolist(), "those of the surest"


def test_of_a_network_of_several_classes_faces_alone_count_and_one_without_is_refused() -> None:
    photo = open_photo(faced.painted((100, 120), [(20, 30, 30, 40)]))
    net = faced.finder()
    assert len(reading.found(net, photo, 0.5)) == 1
    assert reading.faces_of(net.like(net.inner)) is None
    from zorki import lens

    several = lens.Net(net.inner, name="several", classes=("dog", "face"), side=640, step=1)
    assert reading.faces_of(several) == 1
    assert reading.found(several, photo, 0.5) == ()
    with pytest.raises(InputError, match="None of them is called face"):
        reading.faces_of(lens.Net(net.inner, name="dogs", classes=("dog", "cat"), side=640, step=1))
    with pytest.raises(InputError, match="Give as faces a network"):
        reading.finder(net, lens.Net(net.inner, name="dogs", classes=("dog", "cat"), side=640, step=1))


def test_expressions_are_read_by_their_names_and_never_by_their_places() -> None:
    photo = open_photo(faced.painted((100, 120), [(20, 30, 30, 40)], happy=[0]))
    faces = [Face((20, 30, 30, 40))]
    for classes in (faced.LEARNT, faced.LEARNT[::-1], tuple(name.upper() for name in sorted(faced.LEARNT))):
        net = faced.namer(classes) if "happiness" in classes else faced.namer(faced.LEARNT)
        assert reading.named(net, photo, faces)[0].emotion == "happiness"
    for wrong in (("sad", *faced.LEARNT[1:]), faced.LEARNT[:7], tuple(map(str, range(8)))):
        with pytest.raises(InputError, match="names other things"):
            reading.named(faced.namer(wrong), photo, faces)


def test_boxes_of_ones_own_are_cut_at_the_rim_and_refused_outside() -> None:
    photo = open_photo(faced.painted((50, 80), []))
    found = reading.given(open_rectangles("-10,10,30,20;70,40,100,100;5,5,8,8"), photo)
    assert [face.box for face in found] == [(0, 10, 20, 20), (70, 40, 10, 10), (5, 5, 8, 8)]
    for outside in ("80,10,10,10", "-10,0,10,10", "0,50,9,9", "0,-20,5,20"):
        with pytest.raises(InputError, match="outside of the photo"):
            reading.given(open_rectangles(outside), photo)
