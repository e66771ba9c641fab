"""Each kind of what goes in and comes out, by a wing of toys that the house has never seen: on the command line and in Python."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import zorki
import zorki.wings
from tests.wings import contract
from zorki import io
from zorki.core.errors import InputError, UnknownName
from zorki.core.method import KINDS, File
from zorki.jobs import contract as kinds
from zorki.jobs.methods import method, methods, wings
from zorki.studio.surface import Wing

pytestmark = [pytest.mark.tiny, pytest.mark.usefixtures("toys")]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Six frames that grow brighter, odd in size."""
    with io.Film(tmp_path / "clip.mp4", fps=12) as out:
        for i in range(6):
            out.add(np.full((20, 30, 3), 40 * i, np.uint8))
    return tmp_path / "clip.mp4"


def test_every_kind_is_proven_by_a_method() -> None:
    found = {i.kind for w in wings() for m in methods(w) for i in method(w, m).inputs.values()}
    assert found == set(KINDS)
    assert {method(w, m).gives for w in wings() for m in methods(w)} == {"drawn", "measured", "trained", "written"}


def test_a_training_leaves_a_run_and_goes_on_from_it(data: Path, command: Any) -> None:
    status, out, _ = command("toys", "train", data, "--epochs", 2, "--out", "run", "--json")
    said = json.loads(out)
    assert (status, said["command"], said["out"], said["epochs"]) == (0, ["toys", "train"], ["run"], 2)
    first = (Path("run") / "metrics.jsonl").read_bytes()
    assert command("toys", "train", data, "--epochs", 4, "--out", "run")[:2] == (0, "run\n")
    assert (Path("run") / "metrics.jsonl").read_bytes().startswith(first)
    assert [f["epoch"] for f in io.open_run("run").figures()] == [0, 1, 2, 3]
    assert command("toys", "train", data)[1] == "things.train\n"
    assert command("toys", "train", data)[1] == "things-2.train\n", "what is there is not touched when nobody named it"


def test_what_is_no_run_is_not_trained_into(data: Path, command: Any) -> None:
    status, _, err = command("toys", "train", data, "--out", data)
    assert status == 2
    assert "not empty" in err
    Path("file").write_text("mine")
    assert command("toys", "train", data, "--out", "file")[0] == 2
    assert Path("file").read_text() == "mine"


def test_a_measurement_takes_a_run_and_labelled_data(data: Path, command: Any, toys: Wing) -> None:
    made = toys.train(data, out="run", epochs=1)
    assert isinstance(made, kinds.Trained)
    status, out, _ = command("toys", "evaluate", "run", data)
    assert (status, out.splitlines()[0]) == (0, f"then {60 / 255:.3f}")
    status, out, _ = command("toys", "evaluate", "run", data, "--json", "--out", "red.png")
    assert json.loads(out)["now"] == pytest.approx(60 / 255)
    assert Path("red.png").exists()
    assert toys.evaluate("run", data).now == pytest.approx(60 / 255)


def test_a_run_is_a_model(tmp_path: Path, command: Any) -> None:
    """Weights and a card in a run folder are what --model takes; code of others is not run."""
    from safetensors.torch import save_file

    from zorki.nets.vgg import Vgg

    run_folder = tmp_path / "mine"
    run_folder.mkdir()
    torch.manual_seed(0)
    net = Vgg((4, 6), (1, 1), 3)
    save_file({k: v.half() for k, v in net.state_dict().items()}, run_folder / "best.safetensors")
    (run_folder / "config.toml").write_text("epochs = 1\n")
    card = """title = "three things"\nlicence = "mine"\nbuild = "zorki.nets.vgg:Vgg"\nparameters = 1\nside = 16\ndata = "mine"
not_fit_for = "use"\nclasses = ["a", "b", "c"]\n[arguments]\nwidths = [4, 6]\nconvs = [1, 1]\nclasses = 3\n"""
    (run_folder / "card.toml").write_text(card)
    opened = zorki.load("mine")
    assert (opened.name, list(opened.classes or ())) == ("mine", ["a", "b", "c"])
    x = torch.rand(1, 3, 16, 16)
    assert torch.allclose(opened.logits(x), net.eval().half().float()(x), atol=1e-2)
    assert command("layers", "--model", "mine")[0] == 0
    (run_folder / "card.toml").write_text(card.replace("zorki.nets.vgg:Vgg", "os:system"))
    status, _, err = command("layers", "--model", "mine")
    assert status == 2
    assert "no code but Zorki" in err
    (run_folder / "card.toml").unlink()
    assert command("layers", "--model", "mine")[0] == 2


def test_another_surface_may_work_in_a_thread(data: Path) -> None:
    """A server carries requests out in threads, which may not set signal handlers."""
    from concurrent.futures import ThreadPoolExecutor

    from zorki import jobs

    request = jobs.Request.of(method("toys", "train"), [str(data)], {"out": "run", "epochs": 1})
    with ThreadPoolExecutor(1) as pool:
        outcome = pool.submit(jobs.carry_out, request).result()
    assert (outcome.paths, outcome.end, outcome.more) == (["run"], None, {"epochs": 1})


def test_a_film_goes_in_and_comes_out(film: Path, command: Any, toys: Wing) -> None:
    status, out, _ = command("toys", "negative", film)
    assert (status, out) == (0, "clip.negative.mp4\n")
    before, after = io.open_video(film), io.open_video("clip.negative.mp4")
    assert (after.hw, after.rate) == (before.hw, before.rate)
    for (at, one), (later, other) in zip(before, after, strict=True):
        assert at == pytest.approx(later, abs=1e-3)
        assert one.mean() + other.mean() == pytest.approx(1, abs=0.02)
    assert toys.negative(film, out="again.mp4") == [Path("again.mp4")]
    assert command("toys", "negative", film, "--out", "again.mp4")[0] == 2, "what exists stays"


def test_a_film_that_is_broken_off_plays(film: Path, toys: Wing, monkeypatch: pytest.MonkeyPatch) -> None:
    added = io.Film.add

    def add(self: io.Film, pixels: Any) -> None:
        if self.frames == 3:
            raise KeyboardInterrupt
        added(self, pixels)

    monkeypatch.setattr(io.Film, "add", add)
    with pytest.raises(KeyboardInterrupt):
        toys.negative(film, out="part.mp4")
    assert len(list(io.open_video("part.mp4"))) == 3


def test_one_file_comes_out_under_its_name(command: Any, toys: Wing) -> None:
    assert command("toys", "export", "--out", "net.txt")[:2] == (0, "net.txt\n")
    assert "conv4_1" in Path("net.txt").read_text().splitlines()
    assert command("toys", "export")[1] == "eye.export.txt\n"
    assert toys.export("eye", kinds=True, out="kinds.txt") == [Path("kinds.txt")]
    assert not list(Path().glob(".zorki-*"))


def test_a_network_of_another_task_is_refused(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from zorki.weights import cards

    real = cards.card
    monkeypatch.setattr(cards, "card", lambda name: real("eye").__class__(**{**real("eye").__dict__, "name": name, "task": "style"}))
    status, _, err = command("toys", "export", "--model", "eye")
    assert status == 2
    assert "classify" in err


def test_many_files_come_out_into_a_folder(data: Path, command: Any, toys: Wing) -> None:
    status, out, _ = command("toys", "split", data, "--out", "parts/")
    assert status == 0
    assert out.split() == [f"parts/{n}" for n in ("0.png", "1.png", "2.png", "list.txt")]
    assert [p.name for p in toys.split(data, out="more", listed=False)] == ["0.png", "1.png", "2.png"]
    assert command("toys", "split", data, "--out", "parts")[0] == 2, "a folder that is not empty"


def test_a_second_network_goes_in(command: Any, toys: Wing) -> None:
    assert json.loads(command("toys", "differ", "--other", "eye", "--json")[1])["more"] == 0
    assert toys.differ().more == sum(p.numel() for p in zorki.load("eye").module.parameters())


def test_what_is_wrong_is_said_in_a_sentence(tmp_path: Path, data: Path, command: Any) -> None:
    (tmp_path / "empty").mkdir()
    Path("sound.mp4").write_bytes(b"no film")
    for words, said in (
        (("negative", "sound.mp4"), "no film that can be read"),
        (("negative", "nothing.mp4"), "nothing.mp4"),
        (("split", "empty"), "images/"),
        (("evaluate", "empty", data), "no run folder"),
        (("train",), "DATA"),
        (("train", data, "--epochs", 0), "at least 1"),
    ):
        status, _, err = command("toys", *words)
        assert status == 2, words
        assert said in err, words
        assert len(err.splitlines()) <= 4, words


def test_a_cut_line_of_figures_is_taken_away_before_a_run_goes_on(data: Path, toys: Wing) -> None:
    toys.train(data, out="run", epochs=2)
    with (Path("run") / "metrics.jsonl").open("ab") as f:
        f.write(b'{"epo\xc3')
    assert len(io.open_run("run").figures()) == 2
    toys.train(data, out="run", epochs=4)
    assert [f["epoch"] for f in io.open_run("run").figures()] == [0, 1, 2, 3]


def test_what_is_made_of_new_kinds_is_made_again(data: Path, command: Any, toys: Wing) -> None:
    toys.train(data, out="run", epochs=1)
    assert command("toys", "evaluate", "run", data, "--out", "red.png")[0] == 0
    assert command("toys", "differ", "--other", "eye", "--out", "dif.png")[0] == 0
    for picture in ("red.png", "dif.png"):
        status, _, err = command("again", picture)
        assert status == 0, err
        assert err.startswith("zorki toys ")


def test_two_files_of_one_name_are_both_kept(data: Path, toys: Wing) -> None:
    for split in ("train", "val"):
        (data / split / "images").mkdir(parents=True)
        io.save_photo(data / split / "images" / "0.png", np.zeros((4, 4, 3), np.uint8))
        (data / split / "boxes.csv").write_text("file,class,x,y,w,h\n", encoding="utf-8")
    assert [p.name for p in toys.split(data, out="parts", listed=False)] == ["0.png", "0-2.png"]


def test_options_that_mean_nothing_in_python_are_refused(data: Path, film: Path, toys: Wing) -> None:
    for call in (
        lambda: zorki.see.dream(np.zeros((32, 32, 3), np.uint8), out="q.png"),
        lambda: toys.export(film="x.mp4"),
        lambda: toys.train(data, device="cpu", out="run"),
    ):
        with pytest.raises(UnknownName, match="no option"):
            call()
    for wrong in (lambda: toys.train(data, out=3), lambda: toys.negative(3), lambda: toys.train(3), lambda: toys.evaluate(3, data)):
        with pytest.raises(InputError):
            wrong()
    assert toys.negative(film, out=Path("here.mp4")) == [Path("here.mp4")]


def test_nothing_is_left_of_a_wrong_call(command: Any, data: Path) -> None:
    (data / "boxes.csv").unlink()
    for words in (("train", data), ("split", data)):
        assert command("toys", *words, "--out", "new/")[0] == 2
        assert not Path("new").exists()


def test_tables_that_cannot_be_right_are_named(data: Path) -> None:
    (data / "boxes.csv").write_text("file,class,x,y,w,h\n0.png,cup,1,two,3,4\n", encoding="utf-8")
    with pytest.raises(InputError, match="numbers of pixels"):
        io.open_labelled(data)
    for row in ("0.png,cup,1,2,3", "0.png,cup,nan,2,3,4", "0.png,cup,1,2,-3,4"):
        (data / "boxes.csv").write_text(f"file,class,x,y,w,h\n{row}\n", encoding="utf-8")
        with pytest.raises(InputError):
            io.open_labelled(data)
    (data / "boxes.csv").write_text("file,class,x,y,w,h\n", encoding="utf-8")
    for row in ("0,sky\n0,sea", "-1,sky", "x,sky", "1,"):
        (data / "classes.csv").write_text(f"index,name\n{row}\n", encoding="utf-8")
        with pytest.raises(InputError, match=r"classes\.csv"):
            io.open_labelled(data)
    (data / "classes.csv").unlink()
    (data / "boxes.csv").write_text("file,class,x,y\n", encoding="utf-8")
    with pytest.raises(InputError, match="no column w"):
        io.open_labelled(data)


def test_pairs_are_found_by_name_and_what_is_alone_is_told(tmp_path: Path) -> None:
    for split in ("train", "val"):
        for part, names in (("images", ("a.jpg", "b.jpg")), ("masks", ("a.png", "c.png"))):
            (tmp_path / "set" / split / part).mkdir(parents=True)
            for name in names:
                io.save_photo(tmp_path / "set" / split / part / name, np.zeros((4, 4, 3), np.uint8))
    (tmp_path / "set" / "classes.csv").write_text("index,name,colour\n0,sky,#0000ff\n255,void,\n", encoding="utf-8")
    found = io.open_labelled(tmp_path / "set")
    assert {k: [(e.picture.name, e.mask and e.mask.name) for e in v] for k, v in found.splits.items()} == {
        "train": [("a.jpg", "a.png")],
        "val": [("a.jpg", "a.png")],
    }
    assert found.classes == ((0, "sky", "#0000ff"), (255, "void", ""))
    assert "4 files have no partner" in found.notes[0]


@pytest.mark.parametrize("name", ["train", "evaluate", "negative", "export", "split", "differ"])
def test_the_contract_has_something_for_each_kind(name: str) -> None:
    """So that a method of whatever kind is tested the day it is born."""
    job = contract.job(method("toys", name))
    assert job.finish() is not None
    assert job.written or job.made is not None


def broken_writing(monkeypatch: pytest.MonkeyPatch, error: BaseException, first: bool) -> None:
    """`split` writes half of a file and breaks off: of the first, or of one after it."""
    from zorki.wings.toys import split

    def writes(data: io.LabelledFolder, s: Any = None) -> Iterator[File]:
        def half(path: Path) -> None:
            path.write_text("half of")
            raise error

        if not first:
            yield File("whole.txt", lambda path: path.write_text("whole") and None)
        yield File("half.txt", half)

    monkeypatch.setattr(split, "run", writes)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), InputError("It is wrong.", "It is right.", "Mend it.")], ids=["ctrl-c", "input"])
def test_a_file_that_is_half_written_is_none(error: BaseException, data: Path, command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    broken_writing(monkeypatch, error, first=True)
    assert command("toys", "split", data, "--out", "parts")[0] == (130 if isinstance(error, KeyboardInterrupt) else 2)
    assert not Path("parts").exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), InputError("It is wrong.", "It is right.", "Mend it.")], ids=["ctrl-c", "input"])
def test_what_was_written_before_is_kept_and_told(error: BaseException, data: Path, command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    broken_writing(monkeypatch, error, first=False)
    status, out, err = command("toys", "split", data, "--out", "parts", "--json")
    assert status == (130 if isinstance(error, KeyboardInterrupt) else 2)
    assert json.loads(out)["out"] == ["parts/whole.txt"]
    assert "1 file is written, in parts." in err
    assert [p.name for p in Path("parts").iterdir()] == ["whole.txt"]


def test_a_request_of_another_surface_is_checked_too(data: Path) -> None:
    """Two results in one place, told before anything is opened."""
    from zorki import jobs

    request = jobs.Request.of(method("see", "dream"), ["nowhere.png"], {"out": "same.gif", "film": "same.gif"})
    with pytest.raises(InputError, match=r"out and film are both"):
        jobs.carry_out(request)


def test_what_is_drawn_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For its file and for the size that --json tells."""
    from zorki import jobs, pixels

    made: list[int] = []
    image = pixels.Step.image
    monkeypatch.setattr(pixels.Step, "image", lambda self: made.append(self.i) or image(self))
    io.save_photo(tmp_path / "cat.png", np.full((40, 48, 3), 90, np.uint8))
    request = jobs.Request.of(method("see", "dream"), ["cat.png"], {"steps": 2, "octaves": 1, "size": 48})
    outcome = jobs.carry_out(request)
    assert outcome.more["size"] == [48, 40]
    assert made == [2]


def test_the_contract_bites() -> None:
    """A climb that never moves, and a picture that nobody looks at."""
    stuck = method("toys", "stuck")
    with pytest.raises(AssertionError):
        contract.assert_climbs(stuck)
    with pytest.raises(AssertionError):
        contract.assert_counts(stuck, "guide")
