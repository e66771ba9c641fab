"""`--model` takes what people have: names, functions, classes, exported files; and never runs a pickle."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.toys import state, toy
from tests.zoo import channels
from zorki import jobs, lens
from zorki.core import events
from zorki.core.errors import InputError, UnknownName, ZorkiError

pytestmark = pytest.mark.unit
X = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(3))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def exported(path: Path, dynamic: bool) -> Path:
    shapes = {"input": {0: torch.export.Dim("b"), 2: torch.export.Dim("h", min=16), 3: torch.export.Dim("w", min=16)}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sample = torch.rand(2 if dynamic else 1, 3, 32, 32)
        torch.export.save(torch.export.export(toy(), (sample,), dynamic_shapes=shapes if dynamic else None), path)
    return path


def answers(net: lens.Net) -> None:
    assert torch.allclose(net.logits(X).cpu(), toy()(X), atol=1e-5)


def test_a_function_in_a_file_a_class_in_a_package_and_a_state_dict(here: Path) -> None:
    (here / "net.py").write_text("from tests.toys import toy\ndef build():\n    return toy(seed=5)\n")
    plain = jobs.load("net.py:build")
    assert not torch.allclose(plain.logits(X).cpu(), toy()(X), atol=1e-3)
    state = toy().state_dict()
    torch.save(state, here / "w.pth")
    save_file(state, here / "w.safetensors")
    for file in ("w.pth", "w.safetensors"):
        answers(jobs.load("net.py:build", weights=file))
    (here / "pack").mkdir()
    (here / "pack" / "__init__.py").write_text("")
    (here / "pack" / "inner.py").write_text(
        "from tests.toys import toy\nimport torch\nclass Small(torch.nn.Sequential):\n    def __init__(self): super().__init__(*toy())\n"
    )
    answers(jobs.load("pack.inner:Small"))
    answers(jobs.load(toy()))


def test_what_is_assumed_of_a_users_net_is_said() -> None:
    heard: list[str] = []
    with events.listen(lambda e: heard.append(e.note or "")):
        jobs.load(toy())
        assert "0..1" in heard[-1]
        assert "neither mean nor std" in heard[-1]
        from zorki.nets.vgg import Vgg

        jobs.load(Vgg((4, 4), (1, 1), 3))
        assert "normalises them inside" in heard[-1]
        count = len(heard)
        jobs.load(toy(), mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2))
        jobs.load("eye")
        assert len(heard) == count
    x = (X - 0.5) / 0.2
    assert torch.allclose(jobs.load(toy(), mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2)).logits(X), toy()(x), atol=1e-5)


@pytest.mark.parametrize("form", ["mapping", "object"])
def test_what_timm_says_of_a_nets_pictures_is_used_and_said(form: str) -> None:
    said = {"mean": (0.5, 0.4, 0.3), "std": (0.2, 0.25, 0.5), "input_size": (3, 40, 48)}
    module = toy()
    module.pretrained_cfg = said if form == "mapping" else type("Cfg", (), said)()  # type: ignore[assignment]
    heard: list[str] = []
    with events.listen(lambda e: heard.append(e.note or "")):
        net = jobs.load(module)
    assert heard == [
        "Sequential gets pictures normalised by mean 0.5, 0.4, 0.3 and std 0.2, 0.25, 0.5, of 40 × 48 pixels, as its pretrained_cfg says."
    ]
    assert net.hw == (40, 48)
    x = (X - torch.tensor(said["mean"]).view(3, 1, 1)) / torch.tensor(said["std"]).view(3, 1, 1)
    assert torch.allclose(net.logits(X), toy()(x), atol=1e-5)
    mine = jobs.load(module, mean=(0, 0, 0), std=(1, 1, 1))
    assert torch.allclose(mine.logits(X), toy()(X), atol=1e-5), "what the user says counts"
    assert torch.allclose(jobs.load(torch.nn.DataParallel(module)).logits(X), net.logits(X), atol=1e-5)
    other = channels(1)
    other.pretrained_cfg = said  # type: ignore[assignment]
    assert jobs.load(other).mean is None, "three means are of no use to one channel"
    module.pretrained_cfg = {"mean": None, "std": (0.0, 1.0, 1.0), "url": ""}  # type: ignore[assignment]
    assert torch.allclose(jobs.load(module).logits(X), toy()(X), atol=1e-5), "what is no mean is none"


@pytest.mark.parametrize("dynamic", [True, False], ids=["any size", "one size, one picture"])
def test_an_exported_program_shows_its_layers(here: Path, dynamic: bool) -> None:
    net = jobs.load(str(exported(here / "net.pt2", dynamic)))
    answers(net)
    mine = lens.Net(toy(), side=net.side)
    assert [(x.name, x.kind, x.shape, x.receptive_field) for x in net.layers()] == [
        (x.name, x.kind, x.shape, x.receptive_field) for x in mine.layers()
    ]
    assert net.step() == (1 if dynamic else 0)
    board = jobs.method("see", "maximize")
    made = jobs.Job(board, net, {}, board.fill(None, {"layer": "3", "channel": "0-2", "steps": 3, "size": 32})).finish()
    assert len(made.tiles) == 3
    for wing, name in (("see", "dream"), ("see", "maps"), ("see", "filters"), ("see", "attribution"), ("style", "transfer")):
        m = jobs.method(wing, name)
        few = {k: v for k, v in {"steps": 2, "size": 96}.items() if k in m.settings.__dataclass_fields__}
        pictures = {n: np.full((96, 128, 3), 90, np.uint8) for n, i in m.inputs.items() if not i.option}
        assert jobs.Job(m, net, pictures, m.fill(None, few)).finish().numpy().size


def test_a_torchscript_file_answers_and_says_that_its_inside_is_hidden(here: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(toy(), X).save(str(here / "net.pt"))  # type: ignore[no-untyped-call]
    net = jobs.load("net.pt")
    answers(net)
    assert not list(net.layers())
    with pytest.raises(InputError, match=r"TorchScript.*attribution\(method='gradient'\)"):
        net.pick_layer(None)
    m = jobs.method("see", "attribution")
    made = jobs.Job(
        m, net, {"photo": np.random.default_rng(0).integers(0, 255, (24, 36, 3)).astype(np.uint8)}, m.fill(None, {"method": "gradient"})
    )
    assert made.finish().raw.maximum > 0
    m = jobs.method("see", "dream")
    with pytest.raises(InputError, match="shows no layer"):
        jobs.Job(m, net, {"photo": np.zeros((24, 36, 3), np.uint8)}, m.fill(None, {})).finish()


def test_what_a_file_holds_counts_and_not_what_it_is_called(here: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(toy(), X).save(str(here / "script.pt2"))  # type: ignore[no-untyped-call]
    exported(here / "net.pt2", True).rename(here / "program.pt")
    for name, layers in (("script.pt2", 0), ("program.pt", 8)):
        net = jobs.load(name)
        answers(net)
        assert len(net.layers()) == layers


@pytest.mark.parametrize("kind", ["pt2", "pt"])
def test_a_damaged_file_is_one_sentence_and_nothing_beside_it(here: Path, kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Versions that never were, names that are no text, bytes flipped anywhere: told in four lines, or it opens all the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind == "pt":
            torch.jit.trace(toy(), X).save(str(here / "net.pt"))  # type: ignore[no-untyped-call]
        else:
            exported(here / "net.pt2", False)
    whole = (here / f"net.{kind}").read_bytes()
    listed, said = whole.rfind(b"PK\x01\x02"), []
    version, name = bytearray(whole), bytearray(whole)
    version[listed + 6] = 114
    name[listed + 9], name[listed + 50] = 8, 0x85
    flipped = [bytearray(whole) for _ in range(24)]
    for k, one in enumerate(flipped):
        one[k * len(whole) // 24] ^= 0xFF
    capfd.readouterr()
    for damaged in (version, name, *flipped, whole[: len(whole) // 2], whole[:-30]):
        (here / f"bad.{kind}").write_bytes(damaged)
        try:
            jobs.load(f"bad.{kind}").logits(X)
        except ZorkiError as error:
            said.append(str(error))
    assert "version 11.4" in said[0]
    assert "UnicodeDecodeError" in said[1]
    assert len(said) > 4
    assert all(len(one.splitlines()) <= 4 and f"bad.{kind}" in one for one in said)
    assert capfd.readouterr() == ("", "")


def test_a_net_with_scripted_parts_shows_the_others(here: Path) -> None:
    """What a hook can reach is seen, what needs no layer works, and the net comes back as it was."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(toy()).save(str(here / "net.pt"))  # type: ignore[no-untyped-call]
        scripted = torch.jit.load("net.pt")  # type: ignore[no-untyped-call]
    photo = np.random.default_rng(0).integers(0, 255, (24, 36, 3)).astype(np.uint8)
    behind = lens.Net(torch.nn.Sequential(scripted, torch.nn.Softmax(1)), name="net")
    assert torch.allclose(behind.logits(X), toy()(X).softmax(1), atol=1e-5)
    assert behind.names() == ["1"]
    m = jobs.method("see", "attribution")
    assert jobs.Job(m, behind, {"photo": photo}, m.fill(None, {"method": "gradient"})).finish().raw.maximum > 0
    with pytest.raises(InputError, match=r"no layer with maps.*method=gradient"):
        jobs.Job(m, behind, {"photo": photo}, m.fill(None, {})).finish()
    before = torch.nn.Sequential(torch.nn.Conv2d(3, 3, 3, padding=1), torch.nn.ReLU(), scripted).train()
    numbers = state(before)
    for wing, name in (("see", "attribution"), ("see", "dream"), ("see", "maps"), ("style", "transfer")):
        m = jobs.method(wing, name)
        few = {k: v for k, v in {"steps": 1, "size": 48, "octaves": 1}.items() if k in m.settings.__dataclass_fields__}
        pictures = {n: photo for n, i in m.inputs.items() if not i.option}
        assert jobs.Job(m, lens.Net(before, name="net", side=32), pictures, m.fill(None, few)).finish().numpy().size
    assert state(before) == numbers


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("import pathlib; pathlib.Path('ran').touch()",)


def test_no_pickle_is_run(here: Path) -> None:
    """A module saved whole, a .pth with code in it, and a .pt2 whose parts are pickles: nothing in them runs."""
    (here / "net.py").write_text("from tests.toys import toy as build\n")
    torch.save({"w": Evil()}, here / "evil.pth")
    with pytest.raises(ZorkiError, match="Nothing in it was run"):
        jobs.load("net.py:build", weights="evil.pth")
    with pytest.raises(InputError, match="pickled module"):
        jobs.load("evil.pth")
    good = exported(here / "good.pt2", False)
    for part in ("data/sample_inputs/model.pt", "data/constants/custom_obj_0"):
        evil = here / "evil.pt2"
        with zipfile.ZipFile(good) as a, zipfile.ZipFile(evil, "w") as b:
            for name in a.namelist():
                if not name.endswith(part):
                    b.writestr(name.replace("good/", "evil/"), a.read(name))
            import io

            body = io.BytesIO()
            torch.save(Evil(), body)
            b.writestr(f"evil/{part}", body.getvalue() if part.endswith(".pt") else pickle.dumps(Evil()))
        with pytest.raises(ZorkiError):
            jobs.load("evil.pt2")
    assert not (here / "ran").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("numbers.safetensors", "file.py:function"), ("state.pth", "file.py:function"), ("text.pt2", "no network"), ("folder", "a folder"),
        ("net.py", "net.py:function"), ("gone.pt2", "no file"), ("gone.py:build", "no file"), ("net.py:missing", "missing"), ("net.py:word", "returned a str"),
        ("no.such.package:Class", "No module"),
    ],
)  # fmt: skip
def test_what_is_no_network_is_one_sentence(here: Path, name: str, said: str) -> None:
    save_file(toy().state_dict(), here / "numbers.safetensors")
    torch.save(toy().state_dict(), here / "state.pth")
    (here / "text.pt2").write_text("no zip")
    (here / "folder").mkdir()
    (here / "net.py").write_text("def word(): return 'net'\n")
    with pytest.raises(InputError, match=said):
        jobs.load(name)


def test_a_name_that_is_both_is_told_how_to_write_each(here: Path) -> None:
    (here / "eye").write_text("a file of the same name")
    with pytest.raises(InputError, match="zorki:eye") as told:
        jobs.load("eye")
    assert "./eye" in str(told.value)
    assert jobs.load("zorki:eye").name == "eye"
    with pytest.raises(InputError, match="no network"):
        jobs.load("./eye")


def test_near_names_are_suggested_and_never_used() -> None:
    with pytest.raises(UnknownName, match="lite0"):
        jobs.load("lite-0")
    with pytest.raises(UnknownName, match="vgg19"):
        jobs.load("vgg-19")


def test_a_net_of_zorkis_takes_no_mean_of_the_users() -> None:
    with pytest.raises(InputError, match="network of your own"):
        jobs.load("eye", mean=(0, 0, 0))


def test_a_module_in_a_file_is_as_good_as_a_function_that_makes_one(here: Path) -> None:
    (here / "made.py").write_text("from tests.toys import toy\nnet = toy()\n")
    answers(jobs.load("made.py:net"))


@pytest.mark.parametrize(
    ("given", "flag", "instead"), [({"mean": (123.68, 116.78, 103.94)}, "--mean", "0.485"), ({"std": (58.4, 57.1, 57.4)}, "--std", "0.229")]
)
def test_numbers_of_0_to_255_are_told(given: dict[str, tuple[float, ...]], flag: str, instead: str) -> None:
    with pytest.raises(InputError, match=r"those of 0\.\.255") as caught:
        jobs.load(toy(), **given)
    assert f"{flag}={instead}" in caught.value.do
    jobs.load(toy(), mean=(-1, 0.5, 1), std=(2, 1, 1 / 255))
