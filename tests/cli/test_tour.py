"""The main job: `zorki tour PHOTO`, on every kind of photo, and broken off in the middle."""

from __future__ import annotations

import html.parser
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from skimage import data

from zorki.cli.main import run
from zorki.guided.walk import Walk

pytestmark = pytest.mark.wings


class Counts(html.parser.HTMLParser):
    def __init__(self, page: Path) -> None:
        super().__init__()
        self.images, self.without_alt, self.outside, self.open = 0, 0, [], []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "img":
            self.images += 1
            self.without_alt += not given.get("alt")
            self.outside += [] if str(given.get("src")).startswith("data:") else [given.get("src")]


def photos(folder: Path) -> dict[str, Path]:
    """The kinds of photo that a person may bring, small where that is no point of it."""
    cat = Image.fromarray(data.chelsea()[::2, ::2])
    rgba = cat.convert("RGBA")
    rgba.putalpha(Image.linear_gradient("L").resize(cat.size))
    out = {}

    def save(name: str, image: Image.Image, **more: object) -> None:
        out[name] = folder / name
        image.save(folder / name, **more)  # type: ignore[arg-type]

    save("1x1.png", Image.new("RGB", (1, 1), (200, 30, 90)))
    save("37x911.png", cat.resize((37, 911)))
    save("one-bit.png", cat.convert("1"))
    save("grey.jpg", cat.convert("L"))
    save("palette.png", cat.convert("P"), transparency=3)
    save("alpha.webp", rgba)
    save("cmyk.jpg", cat.convert("CMYK"))
    exif = Image.Exif()
    exif[0x0112] = 6
    save("rotated.jpg", cat, exif=exif)
    save("profile.jpg", cat, icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    import imagecodecs
    import pillow_heif

    deep = (np.asarray(cat).astype(np.uint16) * 257) ^ 0x55
    (folder / "deep.png").write_bytes(imagecodecs.png_encode(deep))
    out["deep.png"] = folder / "deep.png"
    pillow_heif.from_pillow(cat).save(folder / "phone.heic")
    out["phone.heic"] = folder / "phone.heic"
    return out


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return photos(tmp_path_factory.mktemp("photos"))


@pytest.fixture
def least(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each section shows as little as keeps all kinds of block, whatever the clock says: what a page says, and of what photo, does not hang on it.

    That a section makes what its first and its last plan say is tested with a small network.
    """
    plain = Walk.replan

    def replan(self: Walk) -> None:
        plain(self)
        self.levels[self.at] = max(k for k, one in enumerate(self.parts[self.at].plans) if one.loss <= 4)

    monkeypatch.setattr(Walk, "replan", replan)


NAMES = [
    "1x1.png",
    "37x911.png",
    "one-bit.png",
    "grey.jpg",
    "palette.png",
    "alpha.webp",
    "cmyk.jpg",
    "rotated.jpg",
    "profile.jpg",
    "deep.png",
    "phone.heic",
]


@pytest.mark.usefixtures("least")
@pytest.mark.parametrize("name", NAMES)
def test_a_photo_of_any_kind(name: str, brought: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(
            [
                "tour",
                str(brought[name]),
                "--out",
                str(tmp_path),
                "--section",
                "names",
                "--section",
                "maps",
                "--section",
                "dream",
                "--quiet",
                "--json",
            ]
        )
        == 0
    )
    answer = json.loads(capsys.readouterr().out)
    assert answer["skipped"] == {}
    page = Counts(tmp_path / "index.html")
    assert page.images >= 40
    assert not page.without_alt
    assert not page.outside


@pytest.mark.slow
@pytest.mark.usefixtures("least")
def test_the_whole_tour_has_every_section(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(data.chelsea()[::2, ::2]).save(tmp_path / "cat.jpg")
    assert run(["tour", str(tmp_path / "cat.jpg"), "--out", str(tmp_path / "t"), "--within", "3600", "--quiet"]) == 0
    assert capsys.readouterr().out.strip().endswith("index.html")
    text = (tmp_path / "t" / "index.html").read_text(encoding="utf-8")
    for name in ("names", "filters", "maps", "channels", "onto", "dream", "keeps", "painted"):
        assert f'id="{name}"' in text
    words = " ".join(re.sub(r"<[^>]*>", "", text).split())
    assert "zorki style transfer cat.jpg flow.png" in words
    assert "zorki style apply cat.jpg --style wave" in words
    assert (tmp_path / "t" / "flow.png").exists()
    assert run(["tour", str(tmp_path / "cat.jpg"), "--out", str(tmp_path / "t"), "--quiet"]) == 2, "a page that exists is not replaced"


def test_ctrl_c_leaves_a_valid_page_of_what_was_done(tmp_path: Path) -> None:
    Image.fromarray(data.chelsea()[::2, ::2]).save(tmp_path / "cat.jpg")
    child = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "zorki",
            "tour",
            "cat.jpg",
            "--out",
            "t",
            "--within",
            "600",
        ],  # nothing is left out, however busy the machine
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    page = tmp_path / "t" / "index.html"
    until = time.monotonic() + 120
    while time.monotonic() < until and not (page.exists() and "Being made: What single" in page.read_text(encoding="utf-8")):
        time.sleep(0.2)
    time.sleep(0.5)
    os.kill(child.pid, signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    assert "t/index.html" in err
    assert "Traceback" not in err
    assert out == ""
    assert err.startswith("The page grows while it is made: t/index.html"), "its path is told at once"
    assert Counts(page).images >= 40
    text = page.read_text(encoding="utf-8")
    assert "stopped by Ctrl-C" in text
    assert "reload" not in text
    assert not list((tmp_path / "t").glob(".zorki*"))


def test_the_dear_sections_and_those_of_many_photographs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "net.py").write_text("from tests.toys import toy\n")
    (tmp_path / "photos").mkdir()
    g = np.random.default_rng(0)
    for i in range(8):
        Image.fromarray(g.integers(0, 256, (32, 40, 3), dtype=np.uint8)).save(tmp_path / "photos" / f"{i}.png")
    words = ["tour", "photos/0.png", "--photos", "photos", "--model", "net.py:toy", "--json", "--quiet", "--section", "patches"]
    assert run([*words, "--section", "every", "--section", "ways", "--out", "t"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["sections"]) == {"patches", "every", "ways"}
    assert not told["skipped"]
    page = (tmp_path / "t" / "index.html").read_text(encoding="utf-8")
    assert "8 photographs" in page
    assert "z-entry" in page
    assert "random weights: " in page
    assert not Counts(tmp_path / "t" / "index.html").without_alt
    (tmp_path / "photos" / "bad.jpg").write_bytes(b"\xff\xd8\xff nothing")
    assert run([*words, "--out", "u"]) == 3
    out, err = capsys.readouterr()
    assert [one["photo"] for one in json.loads(out)["failed"]] == ["bad.jpg"]
    assert "1 of 9" in err
    assert "bad.jpg" in (tmp_path / "u" / "index.html").read_text(encoding="utf-8")
    (tmp_path / "short.py").write_text("from torch import nn\n\ndef net():\n    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())\n")
    assert (
        run(
            [
                "tour",
                "photos/0.png",
                "--photos",
                "photos/1.png",
                "--model",
                "short.py:net",
                "--section",
                "patches",
                "--out",
                "v",
                "--json",
                "--quiet",
            ]
        )
        == 0
    )
    assert json.loads(capsys.readouterr().out)["skipped"] == {}, "a net of one stage has patches too"
