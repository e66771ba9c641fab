"""What a run shows of itself while it learns; the page of a finished one is looked at in `test_locate_train.py`."""

from __future__ import annotations

import json
import re
import shlex
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.locate.things import things
from zorki import blocks, formats, io, report
from zorki.locating import record
from zorki.locating.boxed import boxed
from zorki.wings.locate import _report

pytestmark = pytest.mark.tiny
ROWS = {
    "one": {"step": 20, "loss": 1.0, "class": 0.5, "box": 0.5, "worth": 0.4, "accuracy": 0.7, "mean_iou": 0.5, "class_and_iou50": 0.6},
    "many": {"step": 20, "loss": 1.0, "class": 0.5, "box": 0.5, "worth": 0.4, "map50": 0.6, "map": 0.3, "ap50": [0.7, None]},
}


def run(tmp_path: Path, kind: str) -> tuple[io.RunFolder, formats.Place]:
    place = formats.Place(things(tmp_path / "data", 8, most=1 if kind == "one" else 3))
    where = tmp_path / "mine"
    where.mkdir()
    (where / "config.toml").write_text(
        f'steps = 40\nrate = 0.001\nwarm = 4\nside = 96\nencoder = "lite0"\nboxes = "{kind}"\nflips = "any"\n'
    )
    (where / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ({"step": 10, "loss": 2.0}, ROWS[kind])))
    record.write(where, *boxed(place).splits(), {"side": "near the pictures' longer side"})
    return io.open_run(where), place


@pytest.mark.parametrize("kind", ["one", "many"])
def test_while_it_learns_it_is_curves_and_looks_at_no_net(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zorki.weights.load_run", None)
    where, place = run(tmp_path, kind)
    page = _report.page(where, False, place)
    curves: list[Any] = [b for s in page.sections for b in s.blocks if isinstance(b, blocks.Curve)]
    measured = {"one": ["class right", "mean IoU", "class and box right"], "many": ["mAP at 0.5", "mAP"]}[kind]
    assert [list(c.series) for c in curves] == [["loss", "class", "box"], measured, ["done", "to come"]]
    assert curves[1].series[measured[0]] == [pytest.approx(100 * (0.7 if kind == "one" else 0.6))]
    html = report.render(page)
    assert "The best weights are those of step 20" in html
    (table,) = [b for s in page.sections if s.key == "decided" for b in s.blocks]
    assert table.rows[0] == ("side", "96", "near the pictures' longer side")  # type: ignore[union-attr]


def test_before_the_first_line_there_is_a_page(tmp_path: Path) -> None:
    where, place = run(tmp_path, "one")
    (where.folder / "metrics.jsonl").unlink()
    assert "It has not been judged yet." in report.render(_report.page(where, False, place))


@pytest.mark.parametrize("kind", ["one", "many"])
def test_its_commands_are_commands(kind: str, tmp_path: Path) -> None:
    from zorki.cli.main import app

    where, place = run(tmp_path, kind)
    found = [b.command for b in _report.commands(where, place, record.read(where.folder)) if isinstance(b, blocks.Note)]
    lines = [line for one in found for line in unescape(re.sub("<[^>]+>", "", one)).splitlines()]
    assert len(lines) == (6 if kind == "one" else 5)
    assert any("encoder." in line for line in lines)
    for line in lines:
        words = shlex.split(line)[1:]
        app(words).parse_args(words, exit_on_error=False, print_error=False)
