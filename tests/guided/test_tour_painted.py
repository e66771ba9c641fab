"""The tour's paintings: six at once, whatever the time, and one step by step where there is some."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import zorki
from tests.toys import net
from zorki import blocks, io, pixels
from zorki.cli import wing
from zorki.cli.main import run
from zorki.core.errors import InputError
from zorki.guided.guide import Guide
from zorki.guided.sections import painted
from zorki.guided.work import looking
from zorki.weights import card

pytestmark = pytest.mark.wings
PHOTO = np.random.default_rng(0).integers(0, 256, (40, 56, 3), dtype=np.uint8)
AT_ONCE, BY_STEPS = painted.PLANS[-1], painted.PLANS[0]


def guide(photo: np.ndarray = PHOTO, **more: object) -> Guide:
    opened = io.open_photo(photo)
    return Guide(net(), opened, opened, **more)  # type: ignore[arg-type]


def test_six_styles_of_the_brush_that_differ() -> None:
    assert len(set(painted.STYLES)) == 6
    assert set(painted.STYLES) <= {style.name for style in card("brush").styles}
    (grid,) = painted.build(guide(), AT_ONCE)
    assert isinstance(grid, blocks.Grid)
    assert [tile.caption for tile in grid.tiles] == list(painted.STYLES)
    assert all(tile.pixels.shape == PHOTO.shape for tile in grid.tiles)
    assert len({tile.pixels.tobytes() for tile in (*grid.tiles, guide().photo_tile())}) == 7
    assert f"{len(card('brush').styles)} styles" in grid.sentence


def test_the_printed_commands_parse_back_and_paint_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    io.save_photo(tmp_path / "a cat.png", PHOTO)
    grid = zorki.tour("a cat.png", model=net(), section="painted", within=0.01, out="t").blocks.sections[0].blocks[0]
    assert isinstance(grid, blocks.Grid)
    for line, name, tile in zip(grid.command.split("\n"), painted.STYLES, grid.tiles, strict=True):
        words = shlex.split(line)
        assert words[:4] == ["zorki", "style", "apply", "a cat.png"]
        _, bound, _ = wing.build("style", "apply").parse_args(words[2:], exit_on_error=False, print_error=False)
        assert bound.arguments["style"] == name
        assert run([*words[1:], "--quiet", "--out", f"{name}.png"]) == 0
        assert np.array_equal(pixels.display.levels(torch.from_numpy(io.open_photo(f"{name}.png").pixels).permute(2, 0, 1)), tile.pixels)


def test_however_little_time_there_is_the_six_are_shown_and_the_section_says_what_is_not(tmp_path: Path) -> None:
    short = zorki.tour(PHOTO, model=net(), within=0.01, out=tmp_path / "t")
    assert "painted" not in short.skipped
    assert short.cut == {"painted": "no painting step by step"}
    assert set(short.skipped) >= {"dream", "keeps"}, "others are left out"
    (section,) = [one for one in short.blocks.sections if one.key == "painted"]
    assert [type(block) for block in section.blocks] == [blocks.Grid, blocks.Note]
    assert "--section painted --within" in section.blocks[1].command  # type: ignore[union-attr]


def test_asked_for_alone_it_keeps_to_its_time_too(tmp_path: Path) -> None:
    assert zorki.tour(PHOTO, model=net(), section="painted", within=0.01, out=tmp_path / "a").cut
    assert not zorki.tour(PHOTO, model=net(), section="painted", within=1e6, out=tmp_path / "b").cut


def test_the_work_is_what_is_multiplied() -> None:
    """Counted by torch itself. What does not depend on the size, as making kernels, is in the difference of two sizes no more."""
    one = guide()
    brush = one.brush.net.inner

    def counted(h: int, w: int) -> float:
        with torch.no_grad(), FlopCounterMode(display=False) as count:
            brush(torch.rand(1, 3, h, w), torch.ones(brush.styles))  # of one colour it would multiply nothing
        return count.get_total_flops() / 2

    small, large = (64, 96), (200, 120)  # that need no filling up
    told = looking(one.brush.net, large) - looking(one.brush.net, small)
    assert told == pytest.approx(counted(*large) - counted(*small), rel=0.01)
    assert painted.work(one, AT_ONCE) == [(looking(one.brush.net, one.hw),)] * 6
    assert painted.work(one, BY_STEPS)[:6] == painted.work(one, AT_ONCE)


def test_a_network_that_no_painting_can_be_judged_by_still_has_the_six(monkeypatch: pytest.MonkeyPatch) -> None:
    one, seen = guide(), []
    monkeypatch.setattr(painted, "by_steps", lambda *_: (_ for _ in ()).throw(InputError("no maps.")))
    with pytest.raises(InputError):
        for block in painted.build(one, BY_STEPS):
            seen.append(block)
    assert [type(block) for block in seen] == [blocks.Grid]


def test_the_brush_is_where_the_network_is_and_as_precise() -> None:
    for drawing in (torch.float32, torch.bfloat16):
        toy = net()
        one = Guide(toy.like(toy.module, drawing=drawing), io.open_photo(PHOTO), io.open_photo(PHOTO))
        assert one.brush.net.drawing == drawing
        assert one.brush.net.device == toy.device
        assert one.brush.ledger is one.ledger
        assert one.brush is one.brush
