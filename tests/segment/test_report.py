"""What a run shows of itself, while it learns and in the end."""

from __future__ import annotations

import json
import re
import shlex
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from tests.segment.judges import folder, randomly
from zorki import blocks, io, report
from zorki.explaining import clearest
from zorki.wings.segment import _report

pytestmark = pytest.mark.tiny


@pytest.fixture
def run(tmp_path: Path) -> tuple[io.RunFolder, io.LabelledFolder]:
    """A net with random numbers, as a training leaves it."""
    from safetensors.torch import save_file

    from zorki.nets.segmenter import Segmenter
    from zorki.segmenting import record, sets

    data = io.open_labelled(folder(tmp_path / "data", randomly(count=22, classes=3), ("background", "red cup", "<pen>"), void=True))
    learnt, held = sets.splits(data, share=0.8)
    where = tmp_path / "mine"
    where.mkdir()
    made = Segmenter("pyramid", "lite0", 3)
    save_file({k: v.contiguous() for k, v in made.state_dict().items()}, where / "best.safetensors")
    sizes = "".join(f"{k} = {json.dumps(v)}\n" for k, v in made.sizes().items())
    (where / "config.toml").write_text('steps = 40\nrate = 0.001\nwarm = 4\nside = 96\nencoder = "lite0"\nflips = "any"\n')
    rows = [{"step": 10, "loss": 2.0}, {"step": 20, "loss": 1.0, "worth": 0.6, "miou": 0.4, "dice": 0.3, "iou": [0.7, 0.1, None]}]
    (where / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (where / "card.toml").write_text(
        'title = "t"\ntask = "segment"\nlicence = "mine"\nbuild = "zorki.nets.segmenter:Segmenter"\nparameters = 1\nside = 16\ndata = "d"\n'
        f'not_fit_for = "use"\nclasses = {json.dumps(list(learnt.table.names))}\n[arguments]\n{sizes}'
    )
    record.write(where, learnt, held, {"side": "near the pictures' shorter side"})
    return io.open_run(where), data


def of_kind(page: blocks.Page, kind: type) -> list[blocks.Block]:
    return [block for section in page.sections for block in section.blocks if isinstance(block, kind)]


def test_while_it_learns_it_is_curves_and_looks_at_no_net(
    run: tuple[io.RunFolder, io.LabelledFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zorki.weights.load_run", None)
    page = _report.page(run[0], False, run[1])
    titles = [list(c.series) for c in of_kind(page, blocks.Curve)]  # type: ignore[attr-defined]
    assert titles == [["loss"], ["mIoU", "Dice"], ["red cup", "background"], ["done", "to come"]]
    (meaning,) = [s for s in page.sections if s.key == "data"]
    assert [row[0].name if isinstance(row[0], blocks.Swatch) else row[0] for row in meaning.blocks[0].rows][:3] == [  # type: ignore[union-attr]
        "background", "red cup", "<pen>",
    ]  # fmt: skip
    assert "step 20: mIoU 40.0 %" in report.render(page)


def test_before_the_first_line_there_is_a_page(run: tuple[io.RunFolder, io.LabelledFolder]) -> None:
    (run[0].folder / "metrics.jsonl").unlink()
    assert "It has not been judged yet." in report.render(_report.page(run[0], False, run[1]))


def test_in_the_end_it_says_how_good_it_is_and_where_it_fails(
    run: tuple[io.RunFolder, io.LabelledFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clearest, "STEPS", 2)
    monkeypatch.setattr(clearest, "SECONDS", 1e9)
    page = _report.page(run[0], True, run[1])
    assert [s.key for s in page.sections] == [
        "learning", "figures", "confusion", "calibration", "worst", "best", "typical", "data", "drawn", "decided", "on",
    ]  # fmt: skip
    worst, best, middle = of_kind(page, blocks.Slide)
    assert len(worst.plates) == 12  # type: ignore[attr-defined]
    said = [float(re.search(r"([\d.]+) %", p.words)[1]) for p in (*worst.plates, *middle.plates, *best.plates[::-1])]  # type: ignore[attr-defined, index]
    assert said == sorted(said), "the worst, those in the middle, the best"
    assert len(middle.plates) == len(best.plates) == 3  # type: ignore[attr-defined]
    assert len({p.key for s in (worst, best, middle) for p in s.plates}) == 18, "none is shown twice"  # type: ignore[attr-defined]
    (drawn,) = of_kind(page, blocks.Grid)
    assert [t.caption for t in drawn.tiles] == ["red cup", "<pen>"], "what is behind things is not drawn"  # type: ignore[attr-defined]
    (table,) = [b for s in page.sections if s.key == "decided" for b in s.blocks]
    assert table.rows[0] == ("side", "96", "near the pictures' shorter side")  # type: ignore[union-attr]
    html = report.render(page)
    assert "<pen>" not in html
    assert "reload" not in html


def test_its_commands_are_commands(run: tuple[io.RunFolder, io.LabelledFolder]) -> None:
    from zorki.cli.main import app

    found = re.findall(r'<code class="z-command">(.*?)</code>', report.render(_report.page(run[0], False, run[1])), re.S)
    found += [b.command for b in _report.commands(run[0], run[1], None) if isinstance(b, blocks.Note)]
    lines = [line for one in found for line in unescape(re.sub("<[^>]+>", "", one)).splitlines()]
    assert len(lines) >= 5
    for line in lines:
        words = shlex.split(line)[1:]
        app(words).parse_args(words, exit_on_error=False, print_error=False)


def test_what_is_shown_of_a_picture(run: tuple[io.RunFolder, io.LabelledFolder]) -> None:
    """Entropy: 0 where one class has it all, 1 where all have the same; numbers are made smaller by nearest."""
    import torch

    from zorki.segmenting.showing import entropy, nearest

    sure, unsure = torch.tensor([90.0, 0, 0])[:, None, None], torch.zeros(3, 1, 1)
    assert float(entropy(sure)) == pytest.approx(0, abs=1e-6)
    assert float(entropy(unsure)) == pytest.approx(1)
    assert float(entropy(torch.tensor([1.0, -torch.inf, 1.0])[:, None, None])) == pytest.approx(np.log(2) / np.log(3))
    assert nearest(np.arange(6)[None].repeat(2, 0), (1, 3)).tolist() == [[1, 3, 5]]
