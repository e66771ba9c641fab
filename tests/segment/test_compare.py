"""`segment compare`: what is alike, what is kept, what goes on, what a net that fails leaves, and the page."""

from __future__ import annotations

import json
import re
import shlex
import signal
import sys
import tomllib
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import zorki
from tests.breaking import broken_off
from tests.report.report_pages import read
from tests.segment.masked import discs
from zorki import blocks, io, weights
from zorki.core import events
from zorki.core.errors import InputError, Stopped
from zorki.jobs import reports
from zorki.nets.decoders import maxunpool, naive
from zorki.nets.segmenter import Segmenter
from zorki.scores import Confusion
from zorki.train import choosing
from zorki.wings.segment import _budget, _compared, _found, _taught
from zorki.wings.segment._lesson import Pixels

pytestmark = pytest.mark.wings
FEW: dict[str, Any] = {"steps": 3, "seeds": 2, "batch": 2, "side": 32, "encoder": "plain", "width": 8, "nets": "naive,nearest"}
ONE = FEW | {"seeds": 1}


def typed(**more: Any) -> list[str]:
    """The options as one types them."""
    return [word for name, value in (FEW | more).items() for word in (f"--{name}", str(value))]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return discs(tmp_path_factory.mktemp("data") / "discs", 8)


@pytest.fixture(scope="module")
def made(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[_found.Comparison, Path]:
    page = tmp_path_factory.mktemp("compared") / "page.html"
    return zorki.segment.compare(data, out=page, **FEW), page


def kept(folder: Path) -> dict[str, Any]:
    """What came of each training, but for what a clock said."""
    out: dict[str, Any] = {}
    for run in sorted(p for p in folder.iterdir() if p.is_dir()):
        out |= {f"{run.name} {name}": load_file(run / f"{name}.safetensors") for name in ("best", "last", "judged")}
        out[f"{run.name} figures"] = (run / "metrics.jsonl").read_text()
        out[f"{run.name} card"] = (run / "card.toml").read_text()
    return out


def alike(a: dict[str, Any], b: dict[str, Any]) -> bool:
    def same(x: Any, y: Any) -> bool:
        return x.keys() == y.keys() and all(torch.equal(x[k], y[k]) for k in x) if isinstance(x, dict) else bool(x == y)

    return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)


def test_json_is_a_list_of_the_nets(made: tuple[_found.Comparison, Path]) -> None:
    found, page = made
    rows = found.answer()
    assert [row["net"] for row in rows] == ["naive", "nearest"]
    for row in rows:
        each = [io.runs.figures(Path(run)) for run in row["runs"]]
        best = [max(line["miou"] for line in lines) for lines in each]
        assert row["miou_by_training"] == pytest.approx(best, abs=1e-6), "the best of what was found on the way"
        assert row["miou"] == pytest.approx(np.mean(best), abs=1e-6)
        low, high = row["interval"]
        assert low <= row["miou"] <= high
        assert row["parameters"] == sum(p.numel() for p in weights.load_run(Path(row["runs"][0])).module.parameters())
        assert row["multiply_adds"] > 0
        assert row["memory"] > 40 * 48 * 4
        assert row["learning_memory"] > row["memory"] / 4
        assert row["seconds"] > 0
        assert row["failed"] == []
        assert row["seeds"] == [0, 1]
    assert rows[0]["receptive_field"] == [11, 11]
    assert json.loads(json.dumps(rows)) == rows
    assert page.with_suffix("") == found.folder
    assert repr(found).splitlines()[0].split()[:2] == ["net", "mIoU"]


def test_all_begin_alike_and_see_the_same(made: tuple[_found.Comparison, Path], data: Path) -> None:
    """Each training is what `segment train` makes of the same options."""
    found, page = made
    one = {k: v for k, v in FEW.items() if k not in ("nets", "seeds")}
    left = zorki.segment.train(data, out=page.with_name("alone"), net="nearest", seed=0, patience=100, flips=found.config["flips"], **one)
    for name in ("best", "last"):
        here, there = (load_file(folder / f"{name}.safetensors") for folder in (left.folder, page.with_suffix("") / "nearest-0"))
        assert all(torch.equal(x, there[k]) for k, x in here.items())
    judged = _found.outcome(page.with_suffix("") / "nearest-0", "nearest", 0)
    assert judged is not None
    assert judged.confusion.miou == pytest.approx(left.found.miou)
    assert Confusion(2, judged.matrices.sum(0)).iou() == pytest.approx(np.array(left.found.iou))
    records = [json.loads((run / "data.json").read_text())["val"] for run in page.with_suffix("").glob("*/")]
    assert len(records) == 4
    assert all(one == records[0] for one in records)
    config = [tomllib.loads((folder / "config.toml").read_text()) for folder in (left.folder, page.with_suffix("") / "nearest-0")]
    assert {k for k in config[0] if config[0][k] != config[1][k]} == {"within", "patience"}


def test_the_page_shows_all(made: tuple[_found.Comparison, Path]) -> None:
    found, page = made
    read_ = read(page.read_text(encoding="utf-8"))
    words = " ".join(read_.words.split())
    assert "Two ways back to full size" in words
    for said in (
        f"{found.ranked[0].net} is best, with a mIoU of", "They have learnt for 3 steps only", "Each answer sees 11 px a side of 48 × 40", "It reads values of the deepest map alone, at 1/16 of the size",
        "Unpooling by copying: each value becomes a square of four", "number by number", "Each net got as many steps as any other",
    ):  # fmt: skip
        assert said in words, said
    assert len([1 for attrs in read_.all("img") if "magnified" in attrs["alt"]]) == 2 * (2 + 2), "two pictures: itself, truth, two nets"
    assert len(read_.all("path")) >= 4
    assert "reload" not in page.read_text(encoding="utf-8")


def test_of_one_net_nothing_is_said_of_others(data: Path, tmp_path: Path) -> None:
    zorki.segment.compare(data, out=tmp_path / "page.html", **ONE | {"nets": "naive"})
    words = " ".join(read((tmp_path / "page.html").read_text(encoding="utf-8")).words.split())
    for said in (
        "One way back to full size",
        "naive has a mIoU of",
        "It has learnt for 3 steps only",
        "How it learnt",
        "Beside another it would get as many steps",
    ):
        assert said in words, said
    for other in ("Each net got", "beside one another", "differ most", "the others", "is best", "best net", "They ", "all do worst"):
        assert other not in words, other


@pytest.mark.parametrize(
    ("kind", "last", "said"), [("steps", 3, "3 steps"), ("time", 100, "2 s"), ("multiply-adds", 3e-3, "3 G multiply-adds")]
)
def test_curves_stand_over_what_is_shared_out(kind: str, last: float, said: str, made: tuple[_found.Comparison, Path]) -> None:
    budget = {"each_multiply_adds": [10**9] * 2, "each_step_seconds": [0.5] * 2}
    found = replace(made[0], config={**made[0].config, **budget, "budget": kind})
    rows = tuple(replace(row, entrant=e) for row, e in zip(found.rows, found.budget.entrants, strict=True))
    (section,) = _compared.learning(replace(found, rows=rows))
    (curve,) = section.blocks
    assert isinstance(curve, blocks.Curve)
    assert isinstance(curve.x, dict)
    assert list(curve.series) == ["naive", "nearest"]
    assert curve.x["nearest"] == pytest.approx([last / 3, last / 1.5, last])
    assert _compared.spent(found) == said
    looks = [io.runs.figures(run) for run in sorted(found.folder.glob("nearest-*"))]
    assert curve.series["nearest"][-1] == pytest.approx(50 * (looks[0][-1]["miou"] + looks[1][-1]["miou"]))


def test_its_commands_are_commands_and_the_first_makes_it_again(made: tuple[_found.Comparison, Path], data: Path, monkeypatch: Any) -> None:
    from zorki.cli.main import app, run

    _, page = made
    texts = re.findall(r'<code class="z-command">(.*?)</code>', page.read_text(encoding="utf-8"), re.S)
    lines = [line for one in texts for line in unescape(re.sub("<[^>]+>", "", one)).splitlines()]
    assert len(lines) >= 5
    for line in lines:
        app(shlex.split(line)[1:]).parse_args(shlex.split(line)[1:], exit_on_error=False, print_error=False)
    assert lines[0].startswith("zorki segment compare discs ")
    monkeypatch.setattr(_taught, "taught", never)
    monkeypatch.chdir(page.parent)
    (page.parent / "discs").symlink_to(data)
    assert run([*shlex.split(lines[0])[1:], "--quiet"]) == 0, "the same settings: nothing is taught again"


def never(*_: Any, **__: Any) -> Any:
    raise AssertionError("it was taught again")


def test_the_same_call_again_teaches_nothing(made: tuple[_found.Comparison, Path], data: Path, monkeypatch: Any) -> None:
    found, page = made
    before, shown = kept(found.folder), page.read_text(encoding="utf-8")
    monkeypatch.setattr(_taught, "taught", never)
    again = zorki.segment.compare(data, out=page, **FEW)
    assert again.answer() == found.answer()
    assert alike(kept(found.folder), before)
    assert page.read_text(encoding="utf-8") == shown


@pytest.mark.parametrize("break_with", [signal.SIGINT, signal.SIGKILL])
def test_broken_off_in_the_second_net_and_gone_on_with_is_the_same(
    break_with: int, made: tuple[_found.Comparison, Path], data: Path, tmp_path: Path, command: Any
) -> None:
    page = tmp_path / "page.html"
    words = ["segment", "compare", str(data), *typed(), "--out", str(page)]
    code, said = broken_off(
        [sys.executable, "-m", "zorki", *words], tmp_path / "events", break_with, '"stage": "training of nearest, seed 0"'
    )
    assert code == (130 if break_with == signal.SIGINT else -9), said
    assert (page.with_suffix("") / "naive-0" / "judged.safetensors").exists()
    assert not (page.with_suffix("") / "nearest-0" / "judged.safetensors").exists()
    if break_with == signal.SIGINT:
        assert f"The run is kept: the same command with --out {page} goes on." in said
        assert "The training was stopped by Ctrl-C." in page.read_text(encoding="utf-8")
    status, out, _ = command(*words, "--json")
    assert status == 0
    assert alike(kept(page.with_suffix("")), kept(made[0].folder))
    assert [row["miou"] for row in json.loads(out)] == [row["miou"] for row in made[0].answer()]


def test_a_net_that_fails_leaves_a_row_and_the_others_go_on(data: Path, tmp_path: Path, command: Any, monkeypatch: Any) -> None:
    """One that cannot take the size, one whose loss is no number, one for which there is no memory; afterwards they work."""
    loss, forward = Pixels.loss, naive.Decoder.forward

    def broken(self: naive.Decoder, x: Any, maps: Any) -> Any:
        if self.training:
            raise ValueError("Expected more than 1 value per channel")
        return forward(self, x, maps)

    def odd(self: Pixels, shown: Any) -> Any:
        total, parts = loss(self, shown)
        if isinstance(self.net.decoder, maxunpool.Decoder):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return total * (float("nan") if self.net.sizes()["net"] == "transpose" else 1), parts

    words = ["segment", "compare", data, *typed(seeds=1, nets="naive,maxunpool,transpose,nearest"), "--out", tmp_path / "page.html"]
    with monkeypatch.context() as m:
        m.setattr(naive.Decoder, "forward", broken)
        m.setattr(Pixels, "loss", odd)
        status, out, err = command(*words, "--json")
    rows = {row["net"]: row for row in json.loads(out)}
    assert status == 3
    assert [net for net, row in rows.items() if row["miou"] is None] == ["naive", "maxunpool", "transpose"]
    assert rows["nearest"]["miou"] > 0
    for net, why in (
        ("naive", "ValueError: Expected more than 1 value"),
        ("maxunpool", "not enough memory"),
        ("transpose", "loss at step 1 is no number"),
    ):
        assert why in rows[net]["failed"][0]["why"]
        assert f"  {net}, seed 0: {rows[net]['failed'][0]['why']}" in err
    assert "3 of 4" in err
    words_ = " ".join(read((tmp_path / "page.html").read_text(encoding="utf-8")).words.split())
    assert words_.count("It failed: There is not enough memory") == 1
    assert "It failed: The loss at step 1 is no number any more." in words_
    status, out, _ = command(*words, "--json")
    assert status == 0
    assert all(row["miou"] is not None and row["failed"] == [] for row in json.loads(out))


def test_what_fails_when_it_is_measured_gets_nothing_and_the_time_is_the_others(data: Path, tmp_path: Path, monkeypatch: Any) -> None:
    def no(*_: Any, **__: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(naive.Decoder, "__init__", no)
    monkeypatch.setattr(choosing, "FEW", 3)
    timed = {k: v for k, v in ONE.items() if k != "steps"} | {"within": "2s"}
    notes: list[str] = []
    with events.listen(lambda e: notes.append(e.note)):
        found = zorki.segment.compare(data, out=tmp_path / "page.html", **timed)
    assert found.failed == [("naive", "There is not enough memory.")]
    assert found.tried == 2
    assert found.config["each_steps"][0] == 0 < found.config["each_steps"][1]
    assert [row.net for row in found.ranked] == ["nearest"]
    assert any(re.search(r"^1 net learns? for .* multiply-adds each .*about .* in all", n) for n in notes)
    monkeypatch.setattr(_budget, "measured", never)
    assert zorki.segment.compare(data, out=tmp_path / "page.html", **timed).answer() == found.answer()


def test_a_full_disk_ends_it(data: Path, tmp_path: Path, monkeypatch: Any) -> None:
    write = io.atomic_write

    def full(path: Any, text: Any, force: bool = True) -> None:
        if Path(path).name == _found.FILE:
            with io.atomic(path) as part:
                part.write_bytes(b"half")
                raise OSError(28, "No space left on device")
        write(path, text, force)

    monkeypatch.setattr(io, "atomic_write", full)
    with pytest.raises(Stopped, match="disk is full"):
        zorki.segment.compare(data, out=tmp_path / "page.html", **ONE)
    assert not list((tmp_path / "page").glob(f"*/{_found.FILE}"))
    assert not list((tmp_path / "page").glob(f"*/{_found.FAILED}"))


def test_other_settings_and_other_folders_are_refused(made: tuple[_found.Comparison, Path], data: Path, tmp_path: Path) -> None:
    _, page = made
    shown = page.read_bytes()
    with pytest.raises(InputError, match=r"other settings: .*rate.*Give the same settings, or another folder\."):
        zorki.segment.compare(data, out=page, **FEW | {"rate": 1e-4})
    with pytest.raises(InputError, match=r"other settings: the nets"):
        zorki.segment.compare(data, out=page, **FEW | {"nets": "naive"})
    assert page.read_bytes() == shown
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.toml").write_text("steps = 3\n")
    with pytest.raises(InputError, match="is a run, and no comparison"):
        zorki.segment.compare(data, out=tmp_path / "run.html", **FEW)
    with pytest.raises(InputError, match="discs is there, and no run"):
        zorki.segment.compare(data, out=data.with_suffix(".html"), **FEW)
    (tmp_path / "mine.html").write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        zorki.segment.compare(data, out=tmp_path / "mine.html", **FEW)
    with pytest.raises(InputError, match=r"does not end in \.html"):
        zorki.segment.compare(data, out=tmp_path / "page.png", **FEW)
    with pytest.raises(InputError, match="steps and budget are both given"):
        zorki.segment.compare(data, out=tmp_path / "page.html", **FEW | {"budget": "time"})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.html", "run"]


def test_while_it_learns_the_page_has_what_is_known(data: Path, tmp_path: Path, monkeypatch: Any) -> None:
    states, write = list[str](), io.atomic_write

    def seen(path: Any, text: Any, force: bool = True) -> None:
        if Path(path).name == "page.html":
            states.append(text)
        write(path, text, force)

    monkeypatch.setattr(io, "atomic_write", seen)
    monkeypatch.setattr(reports, "EVERY", 0.0)
    monkeypatch.setattr(reports, "SHARE", 1e9)
    told: list[events.Event] = []
    with events.listen(told.append):
        zorki.segment.compare(data, out=tmp_path / "page.html", **ONE)
    assert len(states) == 3 + 3 + 1
    assert "location.reload" in states[0]
    assert "The training of naive, seed 0" in states[0]
    assert "The training of nearest, seed 0" in states[-2]
    assert "naive\n" in states[-2] or ">naive<" in states[-2]
    assert "Go on from here" not in states[-2]
    shares = [e.step for e in told if e.stage.startswith("training of")]
    assert shares == sorted(shares)
    assert shares[-1] == 1000
    assert sum("can be watched" in e.note for e in told) == 1
    assert sum("The net is naive" in e.note for e in told) == 1


def test_one_picture_alone_has_no_interval(tmp_path: Path, command: Any) -> None:
    data = discs(tmp_path / "two", 2)
    status, out, _ = command("segment", "compare", data, *typed(seeds=1), "--out", tmp_path / "page.html", "--json")
    assert status == 0
    assert [row["interval"] for row in json.loads(out)] == [[None, None]] * 2
    assert "points behind" in read((tmp_path / "page.html").read_text(encoding="utf-8")).words


def test_not_named_it_is_named_after_the_data(data: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "discs.compare").mkdir()
    found = zorki.segment.compare(data, **ONE | {"nets": "naive"})
    assert found.folder == Path("discs.compare-2")
    assert Path("discs.compare-2.html").exists()
    assert isinstance(weights.load_run(found.folder / "naive-0").inner, Segmenter)
