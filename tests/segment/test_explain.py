"""`segment explain unpooling`: what it prints, gives and shows, and which numbers it takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

import zorki
from tests.report.report_pages import read
from zorki.core.errors import InputError, UnknownName
from zorki.core.numbers import matrix
from zorki.wings.segment import _unpooling
from zorki.wings.segment.explain import Settings

pytestmark = pytest.mark.tiny


def test_it_prints_every_sum(command: Any) -> None:
    status, out, _ = command("segment", "explain", "unpooling", "--input", "1 2; 3 4", "--kernel", "1 0 2; 0 3 0; 4 0 5")
    assert status == 0
    made = F.conv_transpose2d(
        torch.tensor([[[[1.0, 2], [3, 4]]]]), torch.tensor([[[[1.0, 0, 2], [0, 3, 0], [4, 0, 5]]]]), stride=2, padding=1, output_padding=1
    )[0, 0]
    for i in range(4):
        for j in range(4):
            (line,) = [x for x in out.splitlines() if x.startswith(f"  row {i}, column {j}:")]
            terms, total = line.partition(": ")[2].split(" = ")
            assert float(total) == made[i, j]
            assert eval(terms.replace("·", "*")) == made[i, j]
    assert "row 1, column 1: 1 · 5 + 2 · 4 + 3 · 2 + 4 · 1 = 23" in out
    assert "That is a checkerboard on what is flat" in out


def test_json_has_every_number(command: Any) -> None:
    status, out, _ = command("segment", "explain", "unpooling", "--json")
    said = json.loads(out)
    assert status == 0
    x, kernel = (torch.tensor(said[name])[None, None] for name in ("input", "kernel"))
    values, places = F.max_pool2d(x, 2, return_indices=True)
    assert said["pooled"] == values[0, 0].tolist()
    assert [4 * r + c for row in said["switches"] for r, c in row] == places.flatten().tolist()
    assert said["nearest"] == F.interpolate(values, scale_factor=2)[0, 0].tolist()
    assert said["by_switches"] == F.max_unpool2d(values, places, 2)[0, 0].tolist()
    made = F.conv_transpose2d(values, kernel, stride=said["stride"], padding=said["padding"], output_padding=said["output_padding"])
    assert said["transposed"] == made[0, 0].tolist()
    assert [[sum(a * b for a, b in one) for one in row] for row in said["sums"]] == said["transposed"]
    assert said["checkerboard"] is True


def test_the_page_shows_them(tmp_path: Path, command: Any) -> None:
    out = tmp_path / "unpooling.html"
    status, printed, _ = command("segment", "explain", "unpooling", "--out", out)
    assert status == 0
    assert printed.splitlines()[-1] == str(out)
    page = read(out.read_text(encoding="utf-8"))
    assert "Transposed convolution, 3 × 3 with stride 2 (padding 1, output padding 1)" in page.words
    assert "3 · 9" in page.words
    assert page.words.count("A soft disc") >= 1
    assert command("segment", "explain", "unpooling", "--out", out)[0] == 2, "what exists stays"
    assert command("segment", "explain", "unpooling", "--out", tmp_path / "disc.png")[0] == 0


def test_a_kernel_whose_sum_is_nothing_and_many_numbers_have_a_page() -> None:
    for x, kernel in (
        (np.ones((8, 8)), np.array([[1.0, -1], [1, -1]])),
        (np.ones((1, 1)), np.ones((1, 1))),
        (np.ones((3, 2)), -np.ones((5, 5))),
    ):
        made = _unpooling.shown(x, kernel, pool=not any(n % 2 for n in x.shape) and min(x.shape) > 2)
        assert read(zorki_page(made)).words
        assert made.lines()
    assert "with a kernel of ones" in _unpooling.checkerboard(np.array([[1.0, -1], [1, -1]])).sentence


def zorki_page(made: _unpooling.Shown) -> str:
    from zorki import report

    return report.render(_unpooling.page(made, "zorki segment explain unpooling"))


@pytest.mark.parametrize("given", ["1 2; 3 4", "1,2;3,4", "1 2\n3 4", "[[1, 2], [3, 4]]", "(1, 2),(3, 4)", " 1  2 ;3 4; "])
def test_numbers_may_be_written_in_several_ways(given: str) -> None:
    assert matrix(given) == ((1, 2), (3, 4))


@pytest.mark.parametrize("given", ["", "1 2; 3", "1 two", "nan 1", "inf", "[[1], []]"])
def test_what_is_no_map_is_none(given: str) -> None:
    assert matrix(given) is None


def test_in_python_lists_and_arrays_are_maps() -> None:
    made = zorki.segment.explain("unpooling", input=[[1, 2], [3, 4]], kernel=np.ones((3, 3)))
    assert made.painted.values.tolist() == [[1, 3, 2, 2], [4, 10, 6, 6], [3, 7, 4, 4], [3, 7, 4, 4]]
    assert made.found is None
    assert "copied" in repr(made)
    assert zorki.segment.explain("unpooling").found.hw == (4, 4)


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"kernel": "1e308 1; 1 1"}, InputError, "no kernel.*from -1e"),
        ({"input": "1 2; 3"}, InputError, r"input='1 2; 3' is no map of numbers.*input='1 2; 3 4'"),
        ({"input": "; ".join(["1 " * 9] * 3)}, InputError, "3 × 9 numbers"),
        ({"input": "1 2 3 4 5"}, InputError, "not pooled becomes twice as large"),
        ({"kernel": "1 2; 3"}, InputError, "no kernel"),
        ({"kernel": "1 2 3; 4 5 6"}, InputError, "2 × 3 numbers"),
        ({"kernel": "; ".join(["1 " * 8] * 8)}, InputError, "up to 7"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, str], error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        zorki.segment.explain("unpooling", **given)


def test_other_topics_are_named() -> None:
    with pytest.raises(UnknownName, match=r"no topic 'pooling'.*Did you mean unpooling"):
        zorki.segment.explain("pooling")
    with pytest.raises(InputError, match="A word is wanted"):
        zorki.segment.explain(3)


def test_the_numbers_that_nobody_gave_show_a_checkerboard_and_every_number_of_the_map_alone() -> None:
    x, kernel = (np.array(matrix(text)) for text in (Settings.input, Settings.kernel))
    made = _unpooling.shown(x, kernel)
    assert len(np.unique(made.small)) == made.small.size == 4
    assert len(np.unique(kernel)) == 9
    assert made.answer()["checkerboard"]
