"""What nets that locate are asked: beside finite differences and a net whose every number hangs on a known rectangle; and that drawings raise what they climb."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from skimage import data

import zorki
from tests.locate.known import BANK, BELT, FACE, HW, net, photo
from tests.locate.small import detector, locator
from tests.toys import toy
from zorki import lens
from zorki.core import events
from zorki.core.errors import InputError
from zorki.explaining import attribution as by
from zorki.explaining import reading
from zorki.wings.see import attribution

pytestmark = pytest.mark.tiny
SIDES = list(reading.SIDES)


def asked(n: Any, x: torch.Tensor, **options: Any) -> Any:
    return zorki.see.attribution(n, x, **options).raw


def heard(n: Any, x: torch.Tensor, **options: Any) -> tuple[Any, str]:
    notes: list[str] = []
    with events.listen(lambda e: notes.append(e.note) if e.note else None):
        return asked(n, x, **options), "\n".join(notes)


def within(places: list[tuple[int, int, int, int]], more: int = 0) -> torch.Tensor:
    out = torch.zeros(HW, dtype=torch.bool)
    for left, top, w, h in places:
        out[max(0, top - more) : top + h + more, max(0, left - more) : left + w + more] = True
    return out


PHOTO = torch.nn.functional.interpolate(torch.rand(1, 3, 5, 6, generator=torch.Generator().manual_seed(5)), (40, 56), mode="bicubic")[
    0
].clamp(0, 1)


@pytest.mark.parametrize("method", ["gradient", "smoothgrad", "integrated", "occlusion"])
@pytest.mark.parametrize(
    ("options", "places"), [({"class_": "cat"}, [FACE]), ({"box": "height", "detection": 1}, [BELT]), ({"box": "left", "detection": 1}, [BANK, FACE])]
)  # fmt: skip
def test_all_of_the_map_lies_where_the_number_hangs_on(method: str, options: dict[str, Any], places: list[Any]) -> None:
    more = {"window": 4, "stride": 2} if method == "occlusion" else {}
    raw = asked(net(), photo(), method=method, **options, **more).raw
    there = within(places, 3 if method == "occlusion" else 0)
    assert raw[there].abs().sum() > 0
    assert raw[~there].abs().max() == 0
    assert all(raw[within([place])].abs().sum() > 0 for place in places)


@pytest.mark.parametrize("side", SIDES)
def test_the_slope_of_a_side_is_that_of_finite_differences(side: reading.Side) -> None:
    n, x = detector(), PHOTO[None]
    cell = int(n.logits(x)[0].amax(1).argmax())
    ask = by.Ask(n.like(n.inner, output=1), 0, read=reading.of_side(side, (1.5, 2.0), [cell]))
    slope = ask.slopes(x)
    some = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
    for way in (slope / slope.norm(), slope.sign() * some.abs() / some.norm()):
        apart = float(ask.scores(x + 0.0005 * way) - ask.scores(x - 0.0005 * way)) / 0.001
        assert float((slope * way).sum()) == pytest.approx(apart, abs=0.02 * float(slope.norm()))
    x0, y0, w, h = n.run(x)[1][0, cell].tolist()
    truth = {"left": 2 * x0, "right": 2 * (x0 + w), "top": 1.5 * y0, "bottom": 1.5 * (y0 + h), "width": 2 * w, "height": 1.5 * h}
    assert float(ask.scores(x)) == pytest.approx(truth[side], rel=1e-5)


@pytest.mark.parametrize("made", [detector, locator])
@pytest.mark.parametrize("options", [{"class_": "b"}, {"detection": 1}, {"box": "right"}])
def test_every_method_has_a_map(made: Any, options: dict[str, Any]) -> None:
    found = asked(made(), PHOTO, method="all", samples=2, steps=4, window=14, stride=14, **options)
    assert [m.method for m in found.maps] == list(attribution.TITLES)
    for m in found.maps:
        assert m.raw.isfinite().all()
        if m.method != "gradcam++":  # whose sum of positive slopes may leave nothing of maps that untaught numbers gave
            assert float(m.counted.max()) > float(m.counted.min()), m.method
    assert json.loads(json.dumps(found.answer(), allow_nan=False))["side"] == options.get("box")
    assert len(found.tiles()) == 1 + len(attribution.TITLES)


def test_what_moves_a_side_is_the_same_for_the_side_and_its_opposite_sign() -> None:
    n = detector()
    cell = int(n.logits(PHOTO[None])[0].amax(1).argmax())
    maps = []
    for sign in (1.0, -1.0):
        ask = by.Ask(n.like(n.inner, output=1), 0, read=reading.of_side("left", (1, sign), [cell]), either=True)
        a, g, _ = by.weighed(ask, PHOTO[None], lens.choosing.read(n))
        maps.append([by.cam(ask, method, a, g) for method in ("gradcam", "gradcam++", "layercam")])
        assert torch.allclose(maps[-1][0], (g.mean((1, 2), keepdim=True) * a).sum(0).abs())
    assert all(torch.allclose(one, other, atol=1e-6) for one, other in zip(*maps, strict=True))


def test_detections_have_the_numbers_that_predict_gives_them() -> None:
    n = net()
    boxes = zorki.locate.predict(n, photo()).boxes
    assert [b["class"] for b in boxes] == ["cat", "dog"]
    found, said = heard(n, photo(), detection=2, method="gradient")
    assert (found.question.boxes.rows(), found.name) == (list(boxes), "dog 2")
    assert "Detection 2, dog, 73.1% sure" in said
    answer = asked(n, photo(), detection=1, box="bottom", method="gradient").answer()
    assert answer["value"] == pytest.approx(boxes[0]["y"] + boxes[0]["h"], abs=0.01)
    assert answer["cells"] == [0]
    assert [line[0] for line in asked(n, photo(), class_="dog", method="gradient").lines()] == [" ", ">"]


def test_of_a_class_the_logits_of_all_its_detections_are_added_up() -> None:
    n = detector()
    with torch.no_grad():
        said = n.run(PHOTO[None])
    found, note = heard(n, PHOTO, class_="c")
    cells = found.question.boxes.read.cells
    shown = [b for b in zorki.locate.predict(n, PHOTO, most=100).boxes if b["class"] == "c"]
    assert len(cells) == len(shown) > 1
    assert sorted(round(v, 4) for v in said[0][0, list(cells), 2].sigmoid().tolist()) == sorted(b["score"] for b in shown)
    assert found.answer()["value"] == pytest.approx(float(said[0][0, list(cells), 2].sum()), abs=1e-3)
    assert f"the {len(cells)} cells" in note


def test_gradcam_weighs_the_level_that_a_detection_is_said_at_and_layercam_the_encoder() -> None:
    n = detector()
    strides = n.inner.cells(40, 56)[:, 2].tolist()  # type: ignore[operator]
    met = set[float]()
    for number in range(1, len(zorki.locate.predict(n, PHOTO).boxes) + 1):
        (cell,) = asked(n, PHOTO, detection=number, method="gradient").answer()["cells"]
        met.add(strides[cell])
        maps = {m.method: m for m in asked(n, PHOTO, detection=number, method="all", samples=1, steps=1, window=20).maps}
        for method in ("gradcam", "gradcam++"):
            assert maps[method].more["layer"] == {8: "pyramid.looked.0", 16: "pyramid.looked.1"}[strides[cell]]
            assert maps[method].raw.shape == {8: (6, 8), 16: (3, 4)}[strides[cell]]  # with what is reflected
        assert maps["layercam"].more["layer"] == "encoder.relu4"
    assert met == {8, 16}
    assert asked(n, PHOTO, detection=1, layer="encoder.relu3").maps[0].more["layer"] == "encoder.relu3"
    assert asked(locator(), PHOTO, detection=1).maps[0].more["layer"] == "encoder.relu4"


def test_of_boxes_of_several_levels_that_of_most_is_weighed_and_this_is_said_once() -> None:
    n = detector()
    found, note = heard(n, PHOTO, class_="a", method="all", samples=1, steps=1, window=20)
    cells = found.question.boxes.read.cells
    strides = [int(n.inner.cells(40, 56)[cell, 2]) for cell in cells]  # type: ignore[operator]
    fine = strides.count(8)
    assert 0 < fine < len(cells)
    level, count = (0, fine) if fine > len(cells) - fine else (1, len(cells) - fine)
    assert found.maps[0].more["layer"] == f"pyramid.looked.{level}"
    assert note.count(f"pyramid.looked.{level} is weighed, from which {count} of the {len(cells)} boxes are said") == 1


def test_gradcam_of_a_small_face_lies_on_it() -> None:
    small = torch.from_numpy(data.astronaut().copy()).permute(2, 0, 1)[None] / 255
    small = torch.nn.functional.interpolate(small, (160, 160), mode="bilinear", antialias=True)[0]
    picture = torch.nn.functional.pad(small, (0, 480, 0, 480), value=0.5)
    found = zorki.see.attribution(zorki.load("faces"), picture, detection=1).raw
    x, y, w, h = found.question.boxes.found.boxes[0].tolist()
    row, column = divmod(int(found.raw.argmax()), found.raw.shape[1])
    assert float(found.raw.max()) > 0, "of the deepest map all mean slopes are below 0"
    assert x < (column + 0.5) * 640 / found.raw.shape[1] < x + w
    assert y < (row + 0.5) * 640 / found.raw.shape[0] < y + h


def test_where_nothing_is_shown_what_comes_nearest_is_asked() -> None:
    found, said = heard(net(), photo(0.1), class_="cat", method="gradient")
    assert "No cat is shown: the cell is asked that comes nearest to one, 3.9% sure." in said
    assert found.answer()["cells"] == [0]
    assert found.raw[within([FACE])].min() > 0
    side = heard(net(), photo(0.1), class_="cat", box="left", method="gradient")[0]
    assert side.answer()["value"] == pytest.approx(FACE[0] + 10 * 0.3 + 0.1**2 - 0.81, abs=1e-3)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"detection": 3}, "no detection 3"), ({"detection": 1, "class_": "dog"}, "is no dog"), ({"class_": 7}, "no class 7")],
)
def test_what_is_not_there_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        asked(net(), photo(), **options)


def test_what_has_no_boxes_is_not_asked_for_them() -> None:
    classifier = lens.Net(toy(), name="toy", side=32)
    with pytest.raises(InputError, match="toy gives no boxes"):
        asked(classifier, photo(), box="left", method="gradient")
    with pytest.raises(InputError, match="One map shows one"):
        zorki.see.attribution(classifier, photo(), like=photo(), detection=1)
    with pytest.raises(InputError, match=r"is of [abc]"):
        said = int(locator().logits(torch.nn.functional.interpolate(PHOTO[None], (48, 48))).argmax())
        asked(locator(), PHOTO, class_=(said + 1) % 3, box="left")


def test_the_side_asked_about_is_drawn_white() -> None:
    tile = asked(net(), photo(), detection=1, box="left", method="gradient").tiles()[1].pixels
    x, y, _, h = zorki.locate.predict(net(), photo()).found.boxes[0].round().int().tolist()
    assert (tile[y + 3 : y + h - 3, x] == 255).all()
    assert not (tile[y + 3 : y + h - 3, x + 8] == 255).all()


@pytest.mark.parametrize(("goal", "made"), [("class:b", detector), ("class:1", locator), ("encoder.relu4:2", detector)])
def test_a_drawing_raises_what_it_climbs(goal: str, made: Any) -> None:
    n = made()

    def value(picture: torch.Tensor) -> float:
        if not goal.startswith("class"):
            return float(lens.capture(n, picture, "encoder.relu4")["encoder.relu4"][0, 2].mean())
        logits = n.logits(picture)[0]
        if logits.ndim == 1:
            return float(logits[1])
        cells = n.inner.cells(48, 48)  # type: ignore[operator]
        (middle,) = [k for k, (x, y, stride) in enumerate(cells.tolist()) if stride == 16 and (x, y) == (24, 24)]
        return float(logits[middle, 1])

    first, *_, last = zorki.see.maximize.steps(n, goal=goal, size=48, steps=16)
    assert value(last.image().float()) > value(torch.full((1, 3, 48, 48), 0.5)) + 0.05
    assert last.loss < first.loss
