"""Patches: boxes and ways back against closed forms, what stands beside them, and the command."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import zorki
from tests.sets import net, pictures, saved
from zorki import blocks, io, jobs, lens
from zorki.cli.main import run as command
from zorki.core import events
from zorki.exciting import crops, units
from zorki.wings.see import maximize, patches

pytestmark = pytest.mark.tiny


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def planted(pattern: np.ndarray) -> nn.Module:
    """One convolution that answers to the pattern (h, w, 3) alone: its filter is the pattern less its mean."""
    conv = nn.Conv2d(3, 1, pattern.shape[:2], bias=False)
    with torch.no_grad():
        conv.weight.copy_(torch.from_numpy(pattern - pattern.mean()).permute(2, 0, 1)[None])
    return nn.Sequential(conv, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()


def test_a_planted_patch_is_the_first_with_its_exact_box() -> None:
    g = np.random.default_rng(3)
    pattern = g.integers(0, 2, (5, 7, 3)).astype(np.float32)
    photos = [(128 + g.integers(-20, 20, (24, 40, 3))).astype(np.uint8) for _ in range(30)]
    photos[17][11:16, 23:30] = pattern * 255
    found = patches.run(net(planted(pattern)), io.PhotoSet(photos), patches.Settings(layer="0", beside="none"))
    assert found.photos[0, 0] == 17
    assert found.boxes[0, 0].tolist() == [23, 11, 7, 5]
    assert found.positions[0, 0].tolist() == [11, 23]
    assert found.values[0, 0] > 2 * found.values[0, 1]
    shown = found.layers[0].shown[0][0]
    assert shown.shape == (9, 3, 5, 7)
    assert torch.equal(shown[0], torch.from_numpy(pattern).permute(2, 0, 1))
    tile = found.tiles()[1]
    assert np.array_equal(tile.pixels[:: tile.pixels.shape[0] // 5, :: tile.pixels.shape[1] // 7], (pattern * 255).astype(np.uint8))


def pooled() -> nn.Sequential:
    torch.manual_seed(2)
    return nn.Sequential(nn.Conv2d(3, 5, 3, padding=1, bias=False), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(1)).eval()


def test_deconvnet_is_unpooling_by_switches_rectifying_and_the_transposed_filter() -> None:
    module = pooled()
    x = torch.rand(4, 3, 12, 14)
    places = torch.tensor([[0, 0], [2, 3], [5, 6], [3, 1]])
    found = units.traced_back(net(module), x, "2", 3, places, "deconvnet")
    with torch.no_grad():
        a, switches = F.max_pool2d(module[1](module[0](x)), 2, return_indices=True)
        alone = torch.zeros_like(a)
        alone[range(4), 3, places[:, 0], places[:, 1]] = 1
        true = F.conv_transpose2d(F.relu(F.max_unpool2d(alone, switches, 2)), module[0].weight, padding=1)  # type: ignore[arg-type]
    assert float(true.abs().max()) > 0
    assert torch.allclose(found, true, atol=1e-6)


def test_guided_keeps_what_was_on_and_is_positive_and_gradient_is_the_slope() -> None:
    """Two convolutions, so that negative signals come back."""
    torch.manual_seed(4)
    module = nn.Sequential(nn.Conv2d(3, 6, 3, bias=False), nn.ReLU(), nn.Conv2d(6, 2, 3, bias=False)).eval()
    x, places = torch.rand(1, 3, 9, 9), torch.tensor([[2, 1]])
    first, second = module[0].weight.detach(), module[2].weight.detach()
    with torch.no_grad():
        z = module[0](x)
        alone = torch.zeros(1, 2, 5, 5)
        alone[0, 1, 2, 1] = 1
        back = F.conv_transpose2d(alone, second)  # type: ignore[arg-type]
    truths = {"guided": back.clamp(0) * (z > 0), "deconvnet": back.clamp(0), "gradient": back * (z > 0)}
    for rule, given in truths.items():
        found = units.traced_back(net(module), x, "2", 1, places, rule)  # type: ignore[arg-type]
        assert torch.allclose(found, F.conv_transpose2d(given, first), atol=1e-6), rule  # type: ignore[arg-type]
    with torch.no_grad():
        nudge = torch.zeros_like(x)
        nudge[0, 1, 4, 3] = 1e-2
        slope = (module(x + nudge) - module(x - nudge))[0, 1, 2, 1] / 2e-2
    assert float(slope) == pytest.approx(float(found[0, 1, 4, 3]), abs=1e-3)


def test_what_comes_back_lies_inside_the_box() -> None:
    n, photos = net(), pictures(12, ((32, 32),))
    found = patches.run(n, io.PhotoSet(photos), patches.Settings(layer="3", channel="0-2", count=3, beside="all"))
    assert found.layers[0].kinds == ("patch", "deconvnet", "guided", "gradient")
    assert found.layers[0].shown[0].shape == (4, 3, 3, 8, 8), "conv, pool, conv: 8 px"
    for c in range(3):
        for k in range(3):
            left, top, width, height = found.boxes[c, k].tolist()
            x = torch.from_numpy(photos[found.photos[c, k]]).permute(2, 0, 1)[None].float() / 255
            slope = units.traced_back(n, x, "3", c, torch.from_numpy(found.positions[c, k][None]), "gradient")[0]
            inside = slope[:, top : top + height, left : left + width].abs().sum()
            assert float(inside) > 0
            assert float(slope.abs().sum() - inside) == pytest.approx(0, abs=1e-6)


def test_patches_at_the_border_keep_their_place_on_paper() -> None:
    """A field of 5 around the pixel in the corner: paper above and to the left, the photograph below and to the right."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 1, 5, padding=2), nn.Flatten()).eval()
    with torch.no_grad():
        module[0].weight.zero_()  # type: ignore[operator]
        module[0].weight[0, :, 2, 2] = 1  # type: ignore[index]
    photos = [np.zeros((16, 16, 3), np.uint8) for _ in range(2)]
    photos[0][0, 0] = 255
    photos[1][15, 8] = 200
    found = patches.run(net(module, 16), io.PhotoSet(photos), patches.Settings(layer="0", channel="0", count=2, beside="none"))
    assert found.boxes[0].tolist() == [[0, 0, 3, 3], [6, 13, 5, 3]]
    corner, bottom = found.layers[0].shown[0][0]
    assert corner.shape == bottom.shape == (3, 5, 5)
    assert float(corner[0, 2, 2]) == 1
    assert float(corner[0, 3, 3]) == 0
    assert bool((corner[:, :2] == crops.PAPER).all())
    assert bool((corner[:, :, :2] == crops.PAPER).all())
    assert float(bottom[0, 2, 2]) == pytest.approx(200 / 255)
    assert bool((bottom[:, 3:] == crops.PAPER).all())


def test_a_field_larger_than_the_photographs_is_said() -> None:
    module = nn.Sequential(nn.Conv2d(3, 2, 31, padding=15), nn.Flatten()).eval()
    heard: list[str] = []
    with events.listen(lambda e: heard.append(e.note)):
        found = patches.run(net(module, 16), io.PhotoSet(pictures(3, ((16, 20),))), patches.Settings(layer="0", count=2))
    assert any("sees 31 × 31 px" in note and "whole photographs" in note for note in heard)
    for boxes in found.boxes:
        for left, top, width, height in boxes.tolist():
            assert 0 <= left <= left + width <= 20
            assert 0 <= top <= top + height <= 16


def test_progress_is_told_with_all_that_is_to_come() -> None:
    told: list[events.Event] = []
    with events.listen(told.append):
        patches.run(net(), io.PhotoSet(pictures(10)), patches.Settings(layer="3", channel="0-2", count=2, batch=2))
    read = [e for e in told if e.stage == "photographs"]
    assert {e.of for e in read} == {10}
    assert max(e.step for e in read) == 10
    assert [(e.step, e.of) for e in told if e.stage == "patches"] == [(1, 3), (2, 3), (3, 3)]


def test_tiles_stand_channel_by_channel_with_captions() -> None:
    n, photos = net(), pictures(20)
    found = patches.run(n, io.PhotoSet(photos), patches.Settings(layer="0,3", channel="1,0", count=9, beside="gradient"))
    tiles = found.tiles()
    kinds = [(layer, c, kind) for layer in ("0", "3") for c in (1, 0) for kind in ("patch", "gradient")]
    for i, (layer, c, kind) in enumerate(kinds):
        drawing, *row = tiles[10 * i : 10 * i + 10]
        assert drawing.caption == f"{layer}:{c} drawn"
        for k, tile in enumerate(row):
            assert tile.caption.startswith(f"{layer}:{c} #{k + 1} ")
            assert tile.caption.endswith("gradient") == (kind == "gradient")
        assert len({t.pixels.shape for t in row}) == 1, "one size in a channel"
    assert (found.columns, len(tiles)) == (10, 80), "a line of the sheet for each kind"
    one = found.layers[1]
    assert f"{one.values[0, 0]:.3g} picture {one.photos[0, 0] + 1}" in tiles[41].caption
    plain = patches.run(n, io.PhotoSet(photos), patches.Settings(layer="0", channel="1,0", beside="gradient", drawn=False))
    assert (plain.columns, len(plain.tiles())) == (9, 36)


def test_the_drawings_beside_are_those_of_maximize() -> None:
    n = net()
    found = patches.run(n, io.PhotoSet(pictures(4)), patches.Settings(layer="3", channel="2,5", count=2))
    *_, last = maximize.run(n, s=maximize.Settings(layer="3", channel="2,5"))
    drawn = found.layers[0].drawn
    assert drawn is not None
    assert drawn.shape == (2, 2, 3, 96, 96), "one for each row: patches and deconvnet"
    assert torch.allclose(drawn[:, 0], last.image(), atol=1e-4)
    assert float((drawn[:, 0] - drawn[:, 1]).abs().mean()) > 1e-3, "from another start"
    tiles = found.tiles()
    first, second = tiles[0].pixels, tiles[found.columns].pixels
    assert (first != second).any(), "each line has its own"


def test_a_net_that_cannot_be_drawn_shows_its_patches_all_the_same() -> None:
    class Steps(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.conv(x.detach())

    heard: list[str] = []
    with events.listen(lambda e: heard.append(e.note)):
        found = patches.run(net(Steps()), io.PhotoSet(pictures(4)), patches.Settings(layer="conv", count=2, beside="none"))
    assert any("conv is not drawn" in note for note in heard)
    assert found.columns == 2
    assert len(found.tiles()) == 4


def slide(n: lens.Net, photos: list[np.ndarray], **options: Any) -> tuple[jobs.Board, list[blocks.Plate]]:
    board = zorki.see.patches(n, photos=photos, **options)
    return board, [plate for section in board.blocks.sections for plate in section.blocks[0].plates]


def test_a_slide_has_drawings_patches_and_what_came_back_in_this_order() -> None:
    n, photos = net(), pictures(20)
    board, plates = slide(n, photos, layer="0,3", channel="1,0", beside="all")
    assert [plate.title for plate in plates] == ["0:1", "0:0", "3:1", "3:0"]
    tiles = iter(board.tiles)
    for plate, one, i in zip(plates, [*[board.raw.layers[0]] * 2, *[board.raw.layers[1]] * 2], (0, 1, 0, 1), strict=True):
        drawn, *kinds = plate.mosaics
        assert (drawn.caption, len(drawn.tiles), drawn.rows, drawn.columns) == ("drawn", 4, 2, 2)
        assert [m.caption for m in kinds] == ["patches", "deconvnet", "guided", "gradient"]
        for kind, mosaic in enumerate(kinds):
            assert (len(mosaic.tiles), mosaic.columns, mosaic.rows) == (9, 3, 3)
            assert np.array_equal(drawn.tiles[kind].pixels, next(tiles).pixels)
            for k, tile in enumerate(mosaic.tiles):
                levels = (one.shown[i][kind, k].permute(1, 2, 0) * 255).round().byte().numpy()
                side = tile.pixels.shape[0] // len(levels)
                assert np.array_equal(tile.pixels, levels.repeat(side, 0).repeat(side, 1))
                assert (tile.caption, tile.alt) == ((other := next(tiles)).caption, other.alt)


@pytest.mark.parametrize(("options", "captions", "counts"), [
    ({"channel": "2", "count": 2}, ["drawn", "patches", "deconvnet"], [2, 2, 2]),
    ({"channel": "2", "count": 2, "beside": "none"}, ["drawn", "patches"], [1, 2]),
    ({"channel": "2", "count": 1, "beside": "none", "drawn": False}, ["patches"], [1]),
    ({"channel": "0-2", "count": 5, "drawn": False}, ["patches", "deconvnet"], [5, 5]),
])  # fmt: skip
def test_odd_counts_are_slides_too(options: dict[str, Any], captions: list[str], counts: list[int], tmp_path: Path) -> None:
    board, plates = slide(net(), pictures(8), layer="3", **options)
    for plate in plates:
        assert [m.caption for m in plate.mosaics] == captions
        assert [len(m.tiles) for m in plate.mosaics] == counts
    made = board.numpy()
    assert made.dtype == np.uint8
    assert made.shape == (*board.pil().size[::-1], 3)
    html = board.save(tmp_path / "x.html").read_text(encoding="utf-8")
    assert html.count('class="z-plate') == len(plates)
    assert "From " not in html
    assert ("what the network made" in html) == ("deconvnet" in captions)
    assert ("its drawing" in html) == ("drawn" in captions)


def test_a_channel_is_named_by_the_classes_that_it_speaks_for() -> None:
    """A channel that adds to one class alone; a name of a hundred letters stays whole on the page and ends at a word on the sheet."""
    torch.manual_seed(0)
    conv, fc = nn.Conv2d(3, 2, 3, padding=1), nn.Linear(2, 2, bias=False)
    with torch.no_grad():
        fc.weight.copy_(torch.eye(2))
    module = nn.Sequential(conv, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), fc).eval()
    long = "Yellow-spotted fire salamander of the European mountains " * 3
    n = lens.Net(module, name="net", side=16, classes=["zebra, striped", long])
    board, plates = slide(n, pictures(4, ((16, 16),)), layer="0", count=2)
    assert [plate.words for plate in plates] == ["zebra", long]
    assert long.strip() in board._repr_html_()
    assert "<span>patches</span>" in board._repr_html_(), "the command that makes it"
    assert board.numpy().min() < 100
    without, plates = slide(n, pictures(4, ((16, 16),)), layer="0", count=2, drawn=False)
    assert [plate.words for plate in plates] == [f"excited by {v[0]:.3g} at most" for v in without.raw.values]
    with torch.no_grad():
        conv.weight.zero_()
        conv.bias.fill_(-1)  # type: ignore[union-attr]
    assert slide(n, pictures(4, ((16, 16),)), layer="1", count=2, drawn=False)[1][0].words == "no photograph excites it"


def test_what_comes_back_is_grey_at_nothing_and_all_but_its_strongest_fiftieth_is_told_apart() -> None:
    g = torch.Generator().manual_seed(0)
    slopes = torch.zeros(3, 30, 30)
    slopes[:, 5:25, 10:20] = torch.randn(3, 20, 10, generator=g)
    slopes[0, 6, 11] = 1e6
    made = units.seen(slopes, np.array([10, 5, 10, 20]))
    inside = made[:, 5:25, 10:20]
    assert bool((made[:, :5] == 0.5).all())
    assert float(made[0, 6, 11]) == 1
    clipped = int(((inside == 0) | (inside == 1)).sum())
    assert clipped == pytest.approx(0.02 * 600, abs=1.01)
    assert torch.equal((inside - 0.5).sign(), slopes[:, 5:25, 10:20].sign()), "light is above nothing, dark below"
    lone = torch.zeros(3, 30, 30)
    lone[1, 8, 12] = -2.0
    found = units.seen(lone, np.array([10, 5, 10, 20]))
    assert float(found[1, 8, 12]) == 0, "where nearly all is nothing the largest counts"
    assert int((found != 0.5).sum()) == 1
    assert bool((units.seen(lone * torch.inf, np.array([10, 5, 10, 20])) == 0.5).all())


def test_outside_of_the_photograph_nothing_came_back() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 1, 5, padding=2), nn.ReLU(), nn.Flatten()).eval()
    with torch.no_grad():
        module[0].weight.fill_(1.0)  # type: ignore[operator]
    photos = [np.zeros((16, 16, 3), np.uint8) for _ in range(2)]
    photos[0][0, 0] = 255
    shown = (
        patches.run(net(module, 16), io.PhotoSet(photos), patches.Settings(layer="0", channel="0", count=1, drawn=False)).layers[0].shown[0]
    )
    outside = shown[0, 0, 0] == np.float32(crops.PAPER)
    assert outside.any()
    assert bool((shown[1, 0][:, outside] == crops.NOTHING).all())
    assert bool((shown[1, 0][:, ~outside] == 1).all()), "the filter is the same everywhere, so that all is as strong"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here" / "net.py").write_text(
        textwrap.dedent("""
        from tests.toys import toy
        """)
    )
    return tmp_path / "here"


def test_the_command_leaves_broken_files_out_and_says_so_by_its_status(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = saved(here / "photos", 14)
    for i in range(12):
        (folder / f"bad{i}.jpg").write_bytes(b"\xff\xd8\xff nothing")
    words = ["see", "patches", "--photos", "photos", "--model", "net.py:toy", "--layer", "3", "--channel", "0-1", "--count", "2"]
    assert command([*words, "--json"]) == 3
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (here / told["out"][0]).exists()
    assert told["out"] == ["photos.patches.png"]
    assert told["photos"] == 26
    assert sorted(f["photo"] for f in told["failed"]) == sorted(f"bad{i}.jpg" for i in range(12))
    assert all("damaged" in f["why"] for f in told["failed"])
    assert "12 of 26 could not be read" in err
    assert "bad3.jpg" in err
    assert "2 more" in err
    best = told["layers"][0]["channels"][0]["best"]
    assert [b["value"] for b in best] == sorted((b["value"] for b in best), reverse=True)
    assert set(best[0]) == {"value", "photo", "position", "box"}
    record = io.read_settings(told["out"][0])
    assert record is not None
    assert record["pictures"] == {"photos": "photos"}


def test_the_command_makes_a_page_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved(here / "photos", 6)
    words = [
        "see",
        "patches",
        "--photos",
        "photos",
        "--model",
        "net.py:toy",
        "--layer",
        "0,3",
        "--channel",
        "0-1",
        "--count",
        "4",
        "--quiet",
    ]
    assert command([*words, "-o", "x.html", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["out"] == ["x.html"]
    assert [layer["layer"] for layer in told["layers"]] == ["0", "3"]
    html = (here / "x.html").read_text(encoding="utf-8")
    assert html.count('class="z-plate') == 4
    assert html.count("<h2>") == 2
    assert "6 photographs" in html
    assert command([*words, "-o", "x.html"]) == 2, "what exists is not replaced"
    assert "x.html exists" in capsys.readouterr().err
    assert command([*words, "-o", "x.jpg"]) == 0
    assert io.open_photo(here / "x.jpg").hw[0] > 500, "two layers' rows of 238 px"
    (here / "photos" / "bad.jpg").write_bytes(b"\xff\xd8\xff nothing")
    assert command([*words, "-o", "y.html"]) == 3
    assert "1 of 7 photographs could not be read and are left out: bad.jpg." in (here / "y.html").read_text(encoding="utf-8")


def test_the_command_refuses_before_work(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "empty").mkdir()
    for words, said in (
        (["--photos", "empty"], "holds no pictures"),
        ([], "needs photos"),
        (["--photos", "nowhere"], "nowhere"),
    ):
        assert command(["see", "patches", "--model", "net.py:toy", *words]) == 2
        out, err = capsys.readouterr()
        assert said in err
        assert not out
    folder = saved(here / "photos", 3)
    for words, said in ((["--layer", "9"], "no layer"), (["--channel", "99"], "0 to"), (["--layer", ""], "no layer")):
        assert command(["see", "patches", "--photos", str(folder), "--model", "net.py:toy", *words]) == 2
        assert said in capsys.readouterr().err
    (folder / "0.png").write_bytes(b"x")
    (folder / "1.png").write_bytes(b"")
    (folder / "2.png").unlink()
    assert command(["see", "patches", "--photos", str(folder), "--model", "net.py:toy"]) == 2
    assert "None of the 2" in capsys.readouterr().err


def test_several_sources_are_remembered_without_their_folders(here: Path) -> None:
    a, b = saved(here / "a", 3), saved(here / "b", 3, seed=1)
    words = [
        "see",
        "patches",
        "--photos",
        str(a),
        "--photos",
        str(b),
        "--model",
        "net.py:toy",
        "--count",
        "2",
        "--index",
        str(here / "i.npz"),
    ]
    assert command([*words, "-o", "x.png", "--quiet"]) == 0
    record = io.read_settings("x.png")
    assert record is not None
    assert record["pictures"] == {"photos": ["a", "b"]}
    assert "index" not in record["options"], "no record says where to write"
    assert str(here) not in json.dumps(record)
