"""`style apply` as a person meets it: what is kept of a photo, what of it is painted, what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from skimage import data

import zorki
from tests.io.test_io_signals import MAKERS, fields, in_p3
from tests.style.brushes import brush, run_folder
from zorki import io, lens, pixels
from zorki.cli.main import run
from zorki.core import events
from zorki.core.errors import InputError, UnknownName
from zorki.painting import brushwork
from zorki.weights.cards import Style

pytestmark = pytest.mark.unit
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def net() -> lens.Net:
    return lens.Net(brush(), name="toy", side=32, step=1, styles=[Style(n, n.title(), "", "") for n in ("dots", "lines", "fog")])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with a run in it."""
    monkeypatch.chdir(tmp_path)
    run_folder(tmp_path / "toy")
    return tmp_path


@pytest.fixture
def command(here: Path, capfd: pytest.CaptureFixture[str]) -> Command:
    def called(*words: Any) -> tuple[int, str, str]:
        capfd.readouterr()
        status = run(["style", *(str(w) for w in words), "--model", "toy"])
        out, err = capfd.readouterr()
        return status, out, err

    return called


def cat(h: int = 48, w: int = 64) -> np.ndarray:
    return np.array(Image.fromarray(data.chelsea()).resize((w, h)))


def stored(path: str) -> np.ndarray:
    """A file's numbers: (h, w) of a grey one."""
    with Image.open(path) as image:
        return np.array(image)


def apply(net: lens.Net, photo: Any, **options: Any) -> np.ndarray:
    """(h, w, 3) floats."""
    return zorki.style.apply(net, photo, **({"style": "dots"} | options)).tensor().permute(1, 2, 0).numpy()


@pytest.mark.parametrize("hw", [(1, 1), (3, 2000), (10, 10), (48, 64), (37, 21)], ids=str)
@pytest.mark.parametrize("options", [{}, {"colours": "photo"}, {"size": 9}, {"strength": 30}], ids=str)
def test_every_size_comes_out_as_it_went_in(net: lens.Net, hw: tuple[int, int], options: dict[str, Any]) -> None:
    out = apply(net, cat(*hw), **options)
    assert out.shape == (*hw, 3)
    assert np.isfinite(out).all()
    assert 0 <= out.min() <= out.max() <= 1


def test_strength_goes_from_the_photo_to_the_painting(net: lens.Net) -> None:
    photo = cat() / np.float32(255)
    ways = [float(np.abs(apply(net, cat(), strength=s) - photo).mean()) for s in (0, 20, 40, 60, 80, 100)]
    assert ways[0] == 0
    assert ways == sorted(ways)
    assert ways[-1] > 0.05
    with torch.no_grad():
        whole = net.inner(torch.from_numpy(photo).permute(2, 0, 1)[None], torch.tensor([2.0, 0, 1.0]), 0.7)
    assert np.allclose(apply(net, cat(), style="dots:2,fog:1", strength=70), whole[0].permute(1, 2, 0).numpy(), atol=1e-6)


def test_a_mixture_is_said_as_a_text_or_a_list(net: lens.Net) -> None:
    mixed = apply(net, cat(), style="dots:2,lines")
    assert np.array_equal(apply(net, cat(), style=["dots:2", "lines"]), mixed)
    assert not np.array_equal(apply(net, cat(), style="dots"), mixed)
    assert np.array_equal(apply(net, cat(), style="dots:4,lines:2"), mixed)


def test_colours_of_the_photo_stay_its_own(net: lens.Net) -> None:
    photo = torch.from_numpy(cat()).permute(2, 0, 1)[None].float() / 255 * 0.4 + 0.3
    out = torch.from_numpy(apply(net, photo, colours="photo")).permute(2, 0, 1)[None]
    plain = torch.from_numpy(apply(net, photo)).permute(2, 0, 1)[None]
    inside = ((out > 0) & (out < 1)).all(1)  # what was not clipped
    chroma = (out - pixels.colour.lightness(out)) - (photo - pixels.colour.lightness(photo))
    assert chroma.abs().amax(1)[inside].max() < 1e-5
    off = pixels.colour.lightness(out) - pixels.colour.lightness(plain)
    assert off[:, 0][inside].abs().max() < 1e-5
    assert inside.float().mean() > 0.5


def test_a_smaller_size_makes_larger_strokes(net: lens.Net) -> None:
    """What is painted at a third of the size is, brought down again, the painting of the small photo."""
    x = torch.from_numpy(cat(96, 144)).permute(2, 0, 1)[None].float() / 255 * 0.5 + 0.25
    out = torch.from_numpy(apply(net, x, size=48, strength=40)).permute(2, 0, 1)[None]
    small = pixels.sizes.resize(x, (32, 48))
    painted = brushwork.painted(net, small, [1.0, 0, 0], 0.4)
    assert out.shape == x.shape
    assert (pixels.sizes.resize(out, (32, 48)) - painted).abs().mean() < 0.01
    assert (
        pixels.sizes.resize(torch.from_numpy(apply(net, x, strength=40)).permute(2, 0, 1)[None], (32, 48)) - painted
    ).abs().mean() > 0.01


def test_a_mask_says_where(net: lens.Net) -> None:
    photo, mask = cat(), np.zeros((48, 64), np.uint8)
    mask[:, 16:48], mask[:, 48:] = 255, 128
    out, plain, own = apply(net, photo, mask=mask), apply(net, photo), photo / np.float32(255)
    assert np.array_equal(out[:, :16], own[:, :16])
    assert np.array_equal(out[:, 16:48], plain[:, 16:48])
    assert np.allclose(out[:, 48:], own[:, 48:] + 128 / 255 * (plain - own)[:, 48:], atol=1e-6)
    small = apply(net, photo, mask=mask[::2, ::2])
    assert np.array_equal(small[:, :12], own[:, :12])
    assert np.allclose(small[:, 22:42], plain[:, 22:42], atol=1e-6)
    with pytest.raises(InputError, match="The mask has 48 × 64 pixels, the photo 64 × 48"):
        apply(net, photo, mask=np.ascontiguousarray(mask.T))


def test_a_black_mask_leaves_the_photo_and_says_so(net: lens.Net) -> None:
    notes: list[str] = []
    with events.listen(lambda e: notes.append(e.note)):
        out = apply(net, cat(), mask=np.zeros((48, 64), np.uint8))
    assert np.array_equal(out, cat() / np.float32(255))
    assert any("black all over" in n for n in notes)


def test_what_is_asked_for_must_be_there(net: lens.Net) -> None:
    with pytest.raises(UnknownName, match=r"Did you mean dots"):
        apply(net, cat(), style="dot")
    with pytest.raises(UnknownName, match=r"No style is given. toy has dots, lines, fog. Give style=dots"):
        apply(net, cat(), style=None)
    with pytest.raises(InputError, match="'0' is no weight"):
        apply(net, cat(), style="dots:0")
    for strength in (-1, 101):
        with pytest.raises(InputError, match="from 0 to 100"):
            apply(net, cat(), strength=strength)
    with pytest.raises(InputError, match="Conv2d is no brush"):
        apply(torch.nn.Conv2d(3, 3, 3), cat())
    with pytest.raises(InputError, match="eye is a network to classify"):
        zorki.style.apply(cat(), model="eye", style="dots")


def test_a_network_for_something_else_is_refused_also_as_a_run(command: Command, here: Path) -> None:
    Image.fromarray(cat()).save("cat.png")
    card = here / "toy" / "card.toml"
    card.write_text(card.read_text().replace('task = "style"', 'task = "segment"').replace("zorki.nets.brush:Brush", "torch.nn:Conv2d"))
    status, _, err = command("apply", "cat.png", "--style", "dots")
    assert status == 2
    assert len(err.splitlines()) <= 4


@pytest.mark.parametrize("strength", [0, 70])
def test_16_bit_stay_16_bit(command: Command, strength: int) -> None:
    deep = (np.linspace(0, 65535, 40 * 60 * 3).reshape(40, 60, 3)).astype(np.uint16)
    tifffile.imwrite("deep.tif", deep, photometric="rgb")
    io.save_photo("deep.png", deep / np.float32(65535), like=io.Photo(pixels=np.zeros((1, 1, 3), np.float32), depth=16))
    for name in ("deep.tif", "deep.png"):
        assert command("apply", name, "--style", "dots", "--strength", strength, "--out", f"out-{name}")[0] == 0
        out = io.open_photo(f"out-{name}")
        assert out.depth == 16
        found = np.rint(out.pixels * 65535).astype(int)
        assert len(np.unique(found % 257)) > 100, "eight bits in sixteen would be multiples of 257"
        if strength == 0:
            assert np.array_equal(found, deep), "strength 0 is the photo to the bit"


def test_alpha_stays_and_what_nobody_sees_does_not_count(command: Command) -> None:
    ramp = np.linspace(0, 255, 64).astype(np.uint8)[None].repeat(48, 0)
    ramp[:, :16] = 0
    hidden = cat().copy()
    hidden[:, :16] = 255
    for name, colours in (("a.png", cat()), ("b.png", hidden)):
        Image.fromarray(np.dstack([colours, ramp])).save(name)
        assert command("apply", name, "--style", "dots", "--out", f"out-{name}")[0] == 0
    a, b = (io.open_photo(f"out-{n}.png") for n in "ab")
    assert np.array_equal(np.rint(a.alpha * 255), ramp)
    assert np.array_equal(a.pixels, b.pixels)
    command("apply", "b.png", "--style", "dots", "--strength", 0, "--out", "same.png")
    assert np.array_equal(stored("same.png"), stored("b.png"))


def test_colours_beyond_srgb_and_exif_stay(command: Command, here: Path) -> None:
    (here / "wide.png").write_bytes(MAKERS["png"](in_p3(fields()), 12, 13))
    profile = io.open_photo("wide.png").profile
    turned = Image.Exif()
    turned[0x0112], turned[0x010F] = 6, "a camera"
    Image.fromarray(in_p3(fields())).save("wide.jpg", icc_profile=profile, exif=turned, quality=98)
    assert command("apply", "wide.jpg", "--style", "dots")[:2] == (0, "wide.apply.jpg\n")
    with Image.open("wide.apply.jpg") as out:
        assert out.info["icc_profile"] == profile
        assert out.size == (48, 64), "turned upright"
        assert out.getexif().get(0x0112, 1) == 1
        assert out.getexif()[0x010F] == "a camera"


def test_grey_photos_get_the_style_s_colours_or_stay_grey(command: Command) -> None:
    Image.fromarray(cat()).convert("L").save("grey.png")
    command("apply", "grey.png", "--style", "dots")
    command("apply", "grey.png", "--style", "dots", "--colours", "photo", "--out", "still.png")
    assert stored("grey.apply.png").shape == (48, 64, 3)
    assert stored("still.png").shape == (48, 64)
    assert np.abs(stored("still.png").astype(int) - stored("grey.png")).max() > 10


def test_of_a_moving_gif_the_first_frame_is_painted_and_this_is_said(command: Command) -> None:
    frames = [Image.fromarray(f).convert("P") for f in (cat(), 255 - cat())]
    frames[0].save("two.gif", save_all=True, append_images=frames[1:])
    status, out, err = command("apply", "two.gif", "--style", "dots")
    assert (status, out) == (0, "two.apply.png\n")
    assert "the first is used" in err


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_folder_is_painted_with_what_is_broken_named(command: Command, here: Path, kind: str) -> None:
    (here / "many").mkdir()
    for i in range(3):
        Image.fromarray(np.roll(cat(), 9 * i, 1)).save(here / "many" / f"{i}.jpg")
    (here / "many" / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    given = "many"
    if kind == "zip":
        given = "many.zip"
        with zipfile.ZipFile(given, "w") as packed:
            for path in sorted((here / "many").iterdir()):
                packed.write(path, path.name)
    status, out, err = command("apply", given, "--style", "dots", "--out", "painted", "--json")
    said = json.loads(out)
    assert status == 3
    assert sorted(said["out"]) == [f"painted/{i}.apply.jpg" for i in range(3)]
    assert [f["photo"] for f in said["failed"]] == ["broken.jpg"]
    assert "broken.jpg" in err
    first = io.open_photo("painted/1.apply.jpg").pixels
    assert np.abs(first - zorki.style.apply("many/1.jpg", model="toy", style="dots").tensor().permute(1, 2, 0).numpy()).mean() < 0.02


def test_a_wrong_name_is_told_of_the_first_photo_and_not_of_each(command: Command, here: Path) -> None:
    (here / "many").mkdir()
    for i in range(3):
        Image.fromarray(cat()).save(here / "many" / f"{i}.jpg")
    for style in (("--style", "dot"), ()):
        status, _, err = command("apply", "many", *style)
        assert status == 2
        assert len(err.splitlines()) == 3
        assert "of the 3" not in err
    assert not (here / "many.apply").exists()


def test_it_tells_of_its_work_and_remembers_it(command: Command, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brushwork, "WHOLE", 1000)
    monkeypatch.setattr(brushwork, "STRIP", 1000)
    Image.fromarray(cat()).save("cat.png")
    status, out, _ = command("apply", "cat.png", "--style", "dots:2,fog", "--strength", 40, "--json", "--events", "e.jsonl")
    said = json.loads(out)
    assert "losses" not in said, "nothing climbed"
    assert (status, said["command"], said["out"], said["size"]) == (0, ["style", "apply"], ["cat.apply.png"], [64, 48])
    told = [json.loads(line) for line in Path("e.jsonl").read_text().splitlines()]
    shares = [e["step"] for e in told if e.get("unit") == "share"]
    assert len(shares) > 20
    assert shares == sorted(shares)
    assert shares[-1] == 1000
    assert any((e.get("seconds_left") or 0) > 0 for e in told)
    record = io.read_settings("cat.apply.png")
    assert record is not None
    assert record["options"] == {"style": "dots:2,fog", "strength": 40.0}
    assert str(here) not in json.dumps(record)


def test_the_shipped_brush_is_painted_with_and_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(cat()).save("cat.png")
    name = next(iter(zorki.style.list())).name
    assert run(["style", "apply", "cat.png", "--style", name, "--strength", "80"]) == 0
    assert run(["again", "cat.apply.png"]) == 0
    assert np.array_equal(stored("cat.apply.png"), stored("cat.apply-2.png"))
    assert run(["style", "apply", "cat.png", "--style", name, "--strength", "80", "--out", "-"]) == 0
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read where Linux writes it")
def test_50_megapixels_take_less_than_2_gigabytes(tmp_path: Path) -> None:
    """Of the whole command, in a process of its own."""
    Image.fromarray(data.astronaut()).resize((8660, 5774)).save(tmp_path / "large.jpg", quality=90)
    name = next(iter(zorki.style.list())).name
    script = "import sys; from zorki.cli.main import run; s = run(sys.argv[1:])"
    script += "; print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]); sys.exit(s)"  # ru_maxrss counts who started it
    words = ["style", "apply", "large.jpg", "--style", name, "--out", "painted.jpg", "--quiet"]
    done = subprocess.run([sys.executable, "-c", script, *words], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert 1024 * int(done.stdout.split()[-1]) < 2e9
    with Image.open(tmp_path / "painted.jpg") as painted:
        assert painted.size == (8660, 5774)
