"""Where the network looks, of one of which it is known; what it wants to see; labels; the page; bad input."""

from __future__ import annotations

import json
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import zorki
from tests.facing.faces_of_known import CLASSES, SIDE, Known, face, folder, net
from zorki import blocks, io, lens, report
from zorki.core.errors import InputError
from zorki.explaining import attribution
from zorki.facing import regions
from zorki.wings.faces import _drawn, _maps, _page, explain

pytestmark = pytest.mark.tiny
MOUTH, EYES = regions.NAMES.index("mouth"), regions.NAMES.index("eyes")


def made(place: Path, n: lens.Net | None = None, **options: Any) -> Any:
    return zorki.faces.explain(n or net(), [str(place)], **{"steps": 0, **options})


def test_all_that_speaks_for_it_lies_where_it_hangs_on(tmp_path: Path) -> None:
    found = made(folder(tmp_path / "faces"))
    of = {one.name: one for one in found.each}
    assert list(of) == ["anger", "surprise"], "in the Emotion API's order, whatever the network's is; neutral was named once"
    assert of["surprise"].shares[0] == pytest.approx(np.eye(4)[MOUTH], abs=1e-9)
    assert of["anger"].shares[0] == pytest.approx(np.eye(4)[EYES], abs=1e-9)
    for one in found.each:
        assert all(abs(np.nansum(m.shares) - 1) < 1e-9 for m in one.maps)
        outside = regions.parts(SIDE) != (MOUTH if one.name == "surprise" else EYES)
        assert not one.values[outside].any()
    assert found.counts == {"anger": 5, "contempt": 0, "disgust": 0, "fear": 0, "happiness": 0, "neutral": 1, "sadness": 0, "surprise": 6}


def test_a_map_adds_up_to_what_blurring_changes_and_each_face_of_a_batch_has_its_own() -> None:
    n = net()
    x = torch.stack([torch.from_numpy(face(kind, 3)).permute(2, 0, 1) / 255.0 for kind in ("surprise", "anger", "surprise")])
    numbers = torch.tensor([0, 2, 0])
    some = _maps.maps(n, x, numbers, np.random.default_rng(0), lambda _: None)
    base = attribution.baseline(x, "blurred")
    change = (n.logits(x) - n.logits(base)).gather(1, numbers[:, None])[:, 0]
    assert [one.values.sum() for one in some] == pytest.approx(change.tolist(), rel=1e-4)
    alone = _maps.maps(n, x[1:2], numbers[1:2], np.random.default_rng(0), lambda _: None)[0]
    assert np.allclose(alone.values, some[1].values, atol=1e-6)
    assert some[0].falls[0] > some[0].falls[1], "what is marked matters more than what is drawn at random"
    exact, total, _ = attribution.integrated(attribution.Ask(n, 0), x[:1], base[:1], 8)
    assert np.allclose(some[0].values, exact.sum(0).numpy(), atol=1e-5)
    assert some[0].values.sum() == pytest.approx(total, rel=1e-4)


def test_what_is_left_when_a_part_is_blurred_is_counted(tmp_path: Path) -> None:
    """A mouth whose brightness is told by its mean keeps it, but for what leaks over its border; only the part itself can change the answer."""
    found = made(folder(tmp_path / "faces"))
    for one in found.each:
        own = MOUTH if one.name == "surprise" else EYES
        assert all(one.kept[0][k] == 1 for k in range(4) if k != own)


def test_intervals_are_over_pictures() -> None:
    from zorki.scores import bootstrap

    values = np.array([[0.2, math.nan], [0.4, 1.0], [0.9, 0.0], [0.1, 0.5]])
    mid, low, high = bootstrap.of_groups(values, ["a", "a", "b", "c"])
    assert mid == pytest.approx([0.4, 0.5])
    assert (low <= mid).all()
    assert (mid <= high).all()
    assert low[0] == pytest.approx(0.1), "all three drawn are c"
    _, low, high = bootstrap.of_groups(values, ["a"] * 4)
    assert np.isnan([low, high]).all()
    of_each = bootstrap.interval(values[:, 0], rounds=1000)
    _, low, high = bootstrap.of_groups(values, range(4))
    assert (low[0], high[0]) == pytest.approx(of_each, abs=0.05)


def test_what_it_wants_to_see_is_surer_than_where_it_began(tmp_path: Path) -> None:
    found = made(folder(tmp_path / "faces"), steps=12)
    start = _drawn.lit(torch.stack([_drawn.even(one.mean[None])[0] for one in found.each]).mean(0))
    for one in found.each:
        number = CLASSES.index(one.name)
        assert one.drawn.shape == (3, _drawn.SIDE, _drawn.SIDE)
        assert one.certain > _drawn.said(net(), start, number) + 0.05
        assert one.certain == _drawn.said(net(), one.drawn, number)
    assert found.columns == 3
    assert len(found.tiles()) == 6
    again = made(tmp_path / "faces", steps=12)
    assert torch.equal(found.each[0].drawn, again.each[0].drawn)
    assert torch.equal(found.each[0].drawn[0], found.each[0].drawn[1]), "a network that sees no colours draws none"


def test_labels_come_from_folders_and_tables(tmp_path: Path) -> None:
    place = folder(tmp_path / "faces")
    rows = [("surprise0.png", "fear"), ("surprise1.png", "Surprise"), ("anger0.png", "anger"), ("anger1.png", "rage")]
    (place / "labels.csv").write_text("\n".join(["file,emotion", *(",".join(row) for row in rows)]), encoding="utf-8")
    found = made(place)
    of = {one.name: one for one in found.each}
    assert [(face.picture, face.label) for face in of["surprise"].wrong] == [("surprise0.png", "fear")]
    assert (of["surprise"].labelled, of["anger"].labelled) == (2, 1)
    assert "1 of the 2" in _page.slide(found).plates[1].words
    zipped = tmp_path / "set.zip"
    with zipfile.ZipFile(zipped, "w") as z:
        z.write(place / "anger0.png", "anger/a.png")
        z.write(place / "anger1.png", "other/b.png")
    assert io.called(io.PhotoSet(zipped), ["anger", "fear"]) == ("anger", "")
    (tmp_path / "labels.csv").write_text("name\nx\n", encoding="utf-8")  # a table of something else
    assert io.called(io.PhotoSet(zipped), ["anger"]) == ("anger", "")


def test_answer_lines_and_page(tmp_path: Path) -> None:
    board = made(folder(tmp_path / "faces"), steps=2, shown=2)
    said = board.answer()
    assert json.loads(json.dumps(said, allow_nan=False)) == said
    assert said["expressions"]["surprise"]["shares"] == {"eyes": 0, "nose": 0, "mouth": 1, "rest": 0}
    assert sum(said["area"].values()) == pytest.approx(1, abs=1e-3)
    lines = "\n".join(board.lines()).replace("\N{NO-BREAK SPACE}", " ")
    assert "Of what speaks for surprise 100 % (100 to 100) lies at the mouth" in lines
    assert "Named fewer than 5 times" in lines
    page = explain.page(net(), board, explain.Settings(shown=2), "zorki faces explain faces", io.PhotoSet(tmp_path / "faces"))
    assert isinstance(page, blocks.Page)
    html = report.render(page)
    assert "what it wants to see" in html
    assert _page.cell(0.84, 0.801, 0.88) == "84\N{NO-BREAK SPACE}% (80–\N{WORD JOINER}88)", "on a phone it breaks before the bracket alone"
    nobody = explain.page(net(), board, explain.Settings(shown=0), "", io.PhotoSet(tmp_path / "faces"))
    assert [s.key for s in nobody.sections] == ["each", "shares", "how"], "with --shown 0 nobody is shown"
    assert len({tile.pixels.shape for tile in board.tiles()}) == 1


def test_single_faces_are_parts_of_their_own_with_what_is_said_of_each(tmp_path: Path) -> None:
    """So that a page lays as many in a line as there is room for: three on a phone, not all of them side by side."""
    place = folder(tmp_path / "faces")
    (place / "labels.csv").write_text("file,emotion\nsurprise0.png,fear\n", encoding="utf-8")
    found = made(place)
    section = _page.faces(found, 6)
    typical, false = (block for block in section.blocks if isinstance(block, blocks.Slide))
    assert all(plate.small for plate in (*typical.plates, *false.plates))
    for plate in typical.plates:
        assert 1 < len(plate.mosaics) <= 6
        assert {(one.columns, one.rows) for one in plate.mosaics} == {(1, 2)}, "a face, and its map under it"
        assert all(one.caption.endswith("%") for one in plate.mosaics)
    assert [[one.caption for one in plate.mosaics] for plate in false.plates] == [["fear"]]
    html = report.render(blocks.Page("x", "", (section,)))
    assert html.count('class="z-plate z-broad z-small"') == len(typical.plates) + 1
    assert report.sheet(blocks.Page("x", "", (section,))).ndim == 3


def test_of_many_as_many_are_looked_into_as_are_asked_for(tmp_path: Path) -> None:
    found = made(folder(tmp_path / "faces", surprise=9), most=4, pictures=13)
    assert found.faces.looked == 13
    assert max(len(one.maps) for one in found.each) == 4
    assert len(found.each[-1].faces) > 4


def test_what_is_cut_out_is_found_by_its_size(tmp_path: Path) -> None:
    from zorki.wings.faces import _gathered

    small, wide = folder(tmp_path / "small"), tmp_path / "wide"
    wide.mkdir()
    Image.new("RGB", (90, 60)).save(wide / "a.png")
    assert _gathered.are_cut(io.PhotoSet(small), [0, 1])
    assert not _gathered.are_cut(io.PhotoSet(wide), [0])


def test_bad_input(tmp_path: Path) -> None:
    place = folder(tmp_path / "faces", surprise=5, anger=0)
    (place / "broken.png").write_bytes(b"no picture")
    found = made(place)
    assert [one.name for one in found.each] == ["surprise"]
    with pytest.raises(InputError, match=r"2 faces, and no expression was named 5 times"):
        made(folder(tmp_path / "few", surprise=2, anger=0, neutral=0))
    one = made(tmp_path / "few", fewest=1).each[0]
    assert len(one.maps) == 2
    with pytest.raises(InputError, match="smaller than 24 pixels"):
        made(folder(tmp_path / "tiny", side=10))
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "a.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="Of 1 picture none can be read"):
        made(bad, cut=True)
    other = lens.Net(Known().eval(), name="other", classes=[*CLASSES[:-1], "joy"], side=SIDE)
    with pytest.raises(InputError, match="lacks disgust"):
        made(place, other)


def test_a_face_of_one_grey_says_nothing(tmp_path: Path) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    for i in range(5):
        Image.new("L", (60, 60), 120 + i).save(flat / f"{i}.png")
    found = made(flat)
    assert [one.name for one in found.each] == ["neutral"]
    assert np.isnan(found.each[0].shares[0]).all()
    assert "Nothing speaks for neutral" in "\n".join(found.lines())
    assert json.dumps(found.answer(), allow_nan=False)
    assert report.render(explain.page(net(), found, explain.Settings(), "", io.PhotoSet(flat)))


def test_parts_of_a_face() -> None:
    parts = regions.parts(SIDE)
    assert (parts == parts[:, ::-1]).all(), "left is as right"
    from zorki.facing import aligning

    for (x, y), name in zip(aligning.AT, ("eyes", "eyes", "mouth", "mouth"), strict=True):
        assert regions.NAMES[parts[int(y * SIDE), int(x * SIDE)]] == name
    assert regions.shares(np.ones((SIDE, SIDE))).sum() == pytest.approx(1)
    assert np.isnan(regions.shares(np.zeros((8, 8)))).all()


def test_by_the_command_with_the_network_that_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A damaged picture of many is named and the rest is done; what is drawn for happiness the network calls so."""
    from zorki.cli.main import run
    from zorki.weights import names

    if "emotions" not in names():
        pytest.skip("the network that names expressions is not here")
    monkeypatch.chdir(tmp_path)
    astronaut = pytest.importorskip("skimage.data").astronaut()[40:200, 150:310]
    place = tmp_path / "faces"
    place.mkdir()
    for i in range(3):
        Image.fromarray(astronaut[i : 150 + i, i : 150 + i]).save(place / f"{i}.png")
    (place / "broken.png").write_bytes(b"no picture")
    assert run(["faces", "explain", "faces", "--fewest", "2", "--steps", "6", "--most", "2", "--out", "looks.html", "--json"]) == 3
    said = json.loads(capsys.readouterr().out)
    assert said["cut"]
    assert [one["photo"] for one in said["failed"]] == ["broken.png"]
    assert list(said["expressions"]) == ["happiness"], "an astronaut who smiles"
    happy = said["expressions"]["happiness"]
    assert happy["drawing"] > 0.6
    assert happy["shares"]["mouth"] > said["area"]["mouth"]
    assert said["logit_falls"]["marked_tenth"] > said["logit_falls"]["random_tenth"]
    assert "what it wants to see" in (tmp_path / "looks.html").read_text(encoding="utf-8")


def test_faces_are_found_in_photos(tmp_path: Path) -> None:
    from zorki.weights import names

    if not {"emotions", "faces"} <= {*names()}:
        pytest.skip("the networks of faces are not here")
    photo = pytest.importorskip("skimage.data").astronaut()
    Image.fromarray(photo).save(tmp_path / "astronaut.png")
    Image.fromarray(photo[:, ::-1]).save(tmp_path / "mirrored.png")
    Image.fromarray(np.full((300, 200, 3), 90, np.uint8)).save(tmp_path / "empty.png")
    found = zorki.faces.explain([str(tmp_path)], steps=0, fewest=2)
    assert (found.faces.looked, found.faces.empty, found.faces.cut) == (3, 1, False)
    first, second = found.each[0].faces
    assert np.abs(first.shares - second.shares).max() < 0.1, "aligned by the eyes, a face and its mirror image are one"
    turned, plain = (np.abs(first.shown.astype(float) - other).mean() for other in (second.shown[:, ::-1], second.shown))
    assert turned < 0.7 * plain
