"""Where a net looks, of one whose every number hangs on a known rectangle; false alarms, folders without boxes, the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import zorki
from tests.locate.known import FACE, net, photo
from zorki import lens
from zorki.core.errors import InputError, UnknownName
from zorki.wings.locate import explain

pytestmark = pytest.mark.tiny


def folder(place: Path, truths: list[str | None], reds: list[float] | None = None) -> str:
    """Pictures of the face, each with a row of boxes.csv, or none of them."""
    (place / "images").mkdir(parents=True)
    for i in range(len(truths)):
        x = photo((reds or [0.9] * len(truths))[i])
        x[:, -1, -1] = i / 255  # no two are the same
        Image.fromarray((x.permute(1, 2, 0) * 255).round().byte().numpy()).save(place / "images" / f"{i}.png")
    if any(truths):
        rows = [f"{i}.png,{row or ',,,,'}" for i, row in enumerate(truths)]
        (place / "boxes.csv").write_text("\n".join(["file,class,x,y,w,h", *rows]) + "\n", encoding="utf-8")
    return str(place)


TRUE = "cat,20,10,20,16"
OFF = "cat,45,2,12,12"


def explained(n: Any, data: str, **options: Any) -> Any:
    return zorki.locate.explain(n, data, **options)


def test_what_speaks_for_the_class_lies_where_it_hangs_on(tmp_path: Path) -> None:
    """The logit is the mean over the box: shares are those of its area that lie inside of the rim, and in it; of left's two reasons one lies outside."""
    made = explained(net(), folder(tmp_path / "d", [TRUE, TRUE]), class_="cat")
    said = made.answer()
    zones = made.each[0].cut.zones[made.each[0].cut.parts]
    left, top, w, h = FACE
    face = np.zeros(zones.shape, bool)
    face[top : top + h, left : left + w] = True
    truth = [float((face & (zones == k)).sum() / face.sum()) for k in range(3)]
    assert list(said["shares"]["class"].values()) == pytest.approx(truth, abs=0.01)
    assert said["shares"]["left"]["outside"] > 0.8, "BANK, and a little of FACE"
    assert said["shares"]["bottom"]["rim"] == pytest.approx(1, abs=1e-3), "BELT"
    assert said["at_that_side"]["bottom"]["share"] == pytest.approx(1, abs=1e-3)
    assert said["shares"]["top"] == {"inside": None, "rim": None, "outside": None}, "nothing moves it"
    assert sum(said["area"].values()) == pytest.approx(1, abs=1e-3)
    assert said["still_shown"]["outside"]["share"] == 1
    assert json.loads(json.dumps(said, allow_nan=False)) == said


def test_how_far_a_side_moves_is_told_in_widths_of_the_box(tmp_path: Path) -> None:
    """Covered with grey, BANK is as it was without its green: left goes back by 10 · 0.3 pixels, of 20."""
    one = explained(net(), folder(tmp_path / "d", [TRUE]), class_="cat").each[0]
    outside = one.cut.zones == 2
    assert one.falls[outside, 1].sum() == pytest.approx(10 * 0.3 / 20, abs=2e-3)
    assert one.gone[2, 1] == pytest.approx(10 * 0.3 / 20, abs=2e-3)
    assert one.falls[:, 0].sum() == pytest.approx(8 * 0.4, abs=0.02), "parts of a mean add up to all of it"


def test_false_alarms_are_told_apart_where_boxes_say_what_is_true(tmp_path: Path) -> None:
    made = explained(net(), folder(tmp_path / "d", [TRUE, OFF, TRUE]), class_="cat")
    said = made.answer()
    assert (said["detections"], said["false_alarms"]) == (3, 1)
    assert [one["picture"] for one in said["each"] if not one["right"]] == ["1.png"]
    assert len(made.right) == 2
    assert "1 false alarm" in "\n".join(made.lines())


def test_pictures_alone_will_do(tmp_path: Path) -> None:
    made = explained(net(), folder(tmp_path / "d", [None, None, None]), most=2, class_="cat")
    assert made.answer()["false_alarms"] is None
    assert len(made.each) == 2


def test_the_class_is_that_found_most_often_and_the_seed_says_which_pictures(tmp_path: Path) -> None:
    data = folder(tmp_path / "d", [TRUE] * 6, [0.9, 0.1, 0.1, 0.1, 0.1, 0.9])
    assert explained(net(), data).name == "dog"
    chosen = [[one.picture for one in explained(net(), data, class_="dog", most=3, seed=seed).each] for seed in (0, 0, 1, 2)]
    assert chosen[0] == chosen[1]
    assert len({*map(tuple, chosen)}) > 1


def test_intervals_are_of_pictures(tmp_path: Path) -> None:
    made = explained(net(), folder(tmp_path / "d", [TRUE] * 5, [0.6, 0.7, 0.8, 0.9, 1.0]), class_="cat")
    mid, low, high = made.shares
    assert (low <= mid)[0].all()
    assert (mid <= high)[0].all()
    alone = made.mean(lambda one: one.score)
    scores = np.array([one.score for one in made.each])
    rounds = np.random.default_rng(0).multinomial(5, np.full(5, 0.2), 1000) @ scores / 5
    assert float(alone[0]) == pytest.approx(scores.mean())
    assert [float(alone[1]), float(alone[2])] == pytest.approx(np.quantile(rounds, [0.025, 0.975]).tolist())


def test_a_net_of_one_box(tmp_path: Path) -> None:
    class One(torch.nn.Module):
        kind = "one"

        def __init__(self) -> None:
            super().__init__()
            self.many = net().inner

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            logits, boxes = self.many(x)
            return logits[:, 0], boxes[:, 0] / torch.tensor([60.0, 40.0, 60.0, 40.0])

    one = lens.Net(One(), name="one", side=(40, 60), step=1, channels=3, classes=("cat", "dog"))
    data = folder(tmp_path / "d", [TRUE])
    many, said = (explained(n, data, class_="cat").answer() for n in (net(), one))
    assert said["shares"]["class"] == pytest.approx(many["shares"]["class"], abs=1e-3)
    assert said["shares"]["left"] == pytest.approx(many["shares"]["left"], abs=1e-3)
    assert said["still_shown"] is None


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [({"class_": "cow"}, UnknownName, "cow"), ({"class_": "cat", "least": 1.0}, InputError, "No cat was found in 1 pictures")],
)
def test_what_cannot_be_explained_is_refused(tmp_path: Path, options: dict[str, Any], kind: Any, words: str) -> None:
    with pytest.raises(kind, match=words):
        explained(net(), folder(tmp_path / "d", [TRUE]), **options)


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "notes.txt").write_text("none", encoding="utf-8")
    with pytest.raises(InputError):
        explained(net(), str(tmp_path / "d"))


def test_pictures_that_cannot_be_read_are_left_out_and_named(tmp_path: Path) -> None:
    data = folder(tmp_path / "d", [None, None])
    (Path(data) / "images" / "broken.png").write_bytes(b"none")
    made = explained(net(), data, class_="cat")
    assert [name for name, _ in made.failed] == ["broken.png"]
    assert made.tried == 3
    assert len(made.each) == 2


def test_the_page_holds_maps_sentences_and_false_alarms(tmp_path: Path) -> None:
    data = folder(tmp_path / "d", [TRUE, OFF, TRUE])
    made = explained(net(), data, class_="cat", shown=1)
    out = explain.page(net(), made, explain.Settings(shown=1), "zorki locate explain d")
    keys = [section.key for section in out.sections]
    assert keys == ["where", "each", "false", "how"]
    assert out.lead.startswith("When it says cat, ")
    grid = out.sections[0].blocks[0]
    assert len(grid.tiles) == 5  # type: ignore[union-attr]
    assert len({tile.pixels.tobytes() for tile in grid.tiles}) == 5  # type: ignore[union-attr]
