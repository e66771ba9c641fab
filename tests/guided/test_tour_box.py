"""The tour's box: its four numbers are those of the thing, what is said of the name is so, and the printed command makes what is shown."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data
from torch import nn

import zorki
from tests.locating.painted import net, painted
from zorki import blocks, io, lens, pixels
from zorki.cli.main import run
from zorki.guided.guide import Guide
from zorki.guided.sections import box as section
from zorki.guided.work import looking

pytestmark = pytest.mark.wings
THING = (48, 32, 96, 64)  # left, top, width, height in a photo of 192 × 128: a quarter from each side


class Says(nn.Module):
    """The same classes of every picture."""

    def __init__(self, *logits: float) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.tensor([logits]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.logits.expand(len(x), -1) + 0 * x.mean((1, 2, 3))[:, None]


class Unsure(nn.Module):
    """A box, and two classes of which none is likelier by much."""

    kind = "one"

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.zeros(len(x), 3) + torch.tensor([0.1, 0.0, 0.0]), torch.tensor([[0.25, 0.25, 0.5, 0.5]]).expand(len(x), 4)


def guide(locator: lens.Net | None = None, namer: lens.Net | None = None, **more: object) -> Guide:
    """Of a photo with one red thing in it, "apple", and a net that finds it exactly."""
    photo = io.open_photo(painted((128, 192), [THING]))
    one = Guide(zorki.load("eye"), photo, photo, namer=namer, **more)  # type: ignore[arg-type]
    one.others[section.NET] = replace(one, net=locator or net(one=True))
    return one


def says(names: tuple[str, ...], *logits: float) -> lens.Net:
    return lens.Net(Says(*logits).eval(), name="namer", side=32, step=1, channels=3, classes=names)


def test_the_four_numbers_are_those_of_the_thing_in_the_photos_own_pixels() -> None:
    row, table = section.build(guide())
    assert isinstance(row, blocks.Row)
    assert isinstance(table, blocks.Table)
    assert table.rows == [(name, n, f"{s:.1%}") for name, n, s in zip(section.SIDES, THING, (0.25, 0.25, 0.5, 0.5), strict=True)]
    assert "192 × 128 pixels" in table.sentence
    assert "is 98% sure of “apple”" in row.sentence
    assert "knows 2 things" in row.sentence
    photo, drawn = (np.asarray(tile.pixels).astype(int) for tile in row.figures)
    changed = np.argwhere((photo != drawn).any(-1))
    assert changed[:, 1].min() == pytest.approx(48, abs=2)
    assert changed[:, 1].max() == pytest.approx(144, abs=2)
    (_, larger) = section.build(guide(given=(1280, 1920)))
    assert [one[1] for one in larger.rows] == [480, 320, 960, 640], "of a photo of which the tour shows a smaller copy"  # type: ignore[union-attr]


def test_a_guess_is_called_one() -> None:
    row, _ = section.build(guide(lens.Net(Unsure().eval(), name="unsure", side=64, step=1, channels=3, classes=("a, first", "b", "c"))))
    assert "guesses “a” and is 36% sure" in row.sentence  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("names", "says_"),
    [
        (("apple", "pear"), "namer calls this photo “apple” (95%), as locator does."),
        (("plum", "pear"), "which locator knows as well, so at least one of the two is wrong about the name."),
        (
            ("pear, fruit", "plum"),
            "namer calls this photo “pear” (95%), which locator does not know. If that is what it is, the name in the box is only",
        ),
    ],
)
def test_a_better_namer_is_asked_and_what_it_says_is_told(names: tuple[str, ...], says_: str) -> None:
    *_, note = section.build(guide(namer=says(names, 3.0, 0.0)))
    assert isinstance(note, blocks.Note)
    assert says_ in note.text
    assert shlex.split(note.command)[:3] == ["zorki", "see", "classify"]


def test_a_namer_that_is_not_sure_either_is_not_taken_for_the_truth() -> None:
    *_, note = section.build(guide(namer=says(("pear", "a", "b"), 0.1, 0.0, 0.0)))
    assert "namer is not sure: “pear” (36%)" in note.text  # type: ignore[union-attr]


def test_the_work_is_a_look_of_each_net_that_is_asked() -> None:
    locator, namer = net(one=True), says(("a", "b"), 1.0, 0.0)
    assert section.work(guide(locator)) == [(looking(locator, (64, 64)),)]
    assert section.work(guide(locator, namer)) == [(looking(locator, (64, 64)),), (looking(namer, (32, 32)),)]


def test_the_shipped_nets_box_comes_of_the_printed_command_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    io.save_photo(tmp_path / "a cat.png", data.chelsea())
    made = zorki.tour("a cat.png", section="box", out="t")
    assert made.cut == made.skipped == {}
    row, table, *_ = made.blocks.sections[0].blocks
    assert isinstance(row, blocks.Row)
    assert isinstance(table, blocks.Table)
    words = shlex.split(row.command)
    assert words[:4] == ["zorki", "locate", "predict", "a cat.png"]
    assert run([*words[1:], "--quiet", "--out", "again.png"]) == 0
    again = pixels.display.levels(torch.from_numpy(io.open_photo("again.png").pixels).permute(2, 0, 1))
    assert np.array_equal(again, row.figures[1].pixels)
    assert row.figures[1].caption.rpartition(" ")[0] in ("tabby", "Egyptian cat", "Persian cat")
    x, y, w, h = (float(one[1]) for one in table.rows)
    assert x + w <= data.chelsea().shape[1] + 1
    assert y + h <= data.chelsea().shape[0] + 1
    assert w > 150, "the cat fills most of it"
    assert h > 150
