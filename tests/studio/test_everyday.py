"""What people do in notebooks and scripts: look at results, name their home, leave an option at None, fork."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import zorki
from tests.toys import toy
from zorki import blocks, report
from zorki.core import events
from zorki.core.errors import InputError
from zorki.io import Photo
from zorki.jobs.results import Board, Page, Picture

pytestmark = pytest.mark.tiny
PIXELS = np.random.default_rng(0).integers(0, 256, (32, 40, 3), dtype=np.uint8)
FEW = {"layer": "3", "octaves": 1, "steps": 1}


def pictures(html: str) -> list[tuple[str, Image.Image]]:
    found = re.findall(r'src="data:image/(\w+);base64,([^"]+)"', html)
    return [(kind, Image.open(io.BytesIO(base64.b64decode(code)))) for kind, code in found]


def test_a_large_result_is_shown_at_the_size_of_a_screen_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ramp = torch.linspace(0, 1, 1600)[None, None, None].expand(1, 3, 1400, 1600)
    noise = torch.rand(1, 3, 1400, 1600, generator=torch.Generator().manual_seed(0))
    large = Picture((ramp + noise / 8).clamp(0, 1), record={"command": ["see", "a<b"]})
    html = large._repr_html_()
    ((kind, shown),) = pictures(html)
    assert (kind, shown.size) == ("webp", (1200, 1050))
    assert len(html) < 1_000_000
    assert "see a&lt;b" in html
    row = np.asarray(shown.convert("L")).mean(0)
    assert np.abs(row / 255 - (np.linspace(0, 1, 1200) + 1 / 16)).max() < 0.07
    monkeypatch.setattr(report, "inline", lambda *_: pytest.fail("made again"))
    assert large._repr_html_() is html


def test_what_is_small_or_transparent_is_shown_exactly() -> None:
    drawn = torch.from_numpy(PIXELS.copy()).permute(2, 0, 1)[None] / 255
    ((kind, shown),) = pictures(Picture(drawn)._repr_html_())
    assert kind == "png"
    assert np.array_equal(np.asarray(shown), PIXELS)
    alpha = np.zeros((32, 40), np.float32)
    alpha[:16] = 1
    clear = Picture(drawn, Photo(pixels=PIXELS / np.float32(255), alpha=alpha))
    ((kind, shown),) = pictures(clear._repr_html_())
    assert (kind, shown.mode) == ("png", "RGBA")
    assert np.array_equal(np.asarray(shown)[..., 3], alpha * 255)
    assert np.array_equal(np.asarray(shown)[..., :3], PIXELS)


def test_sheets_and_pages_are_made_for_a_screen_too() -> None:
    tile = blocks.Tile(pixels=np.full((500, 1500, 3), 90, np.uint8), caption="a", alt="a")
    ((kind, shown),) = pictures(Board((tile,) * 4, columns=1)._repr_html_())
    assert kind == "webp"
    assert shown.width <= 1200 < shown.height <= 2400
    page = Page(blocks.Page("t", "", (blocks.Section("k", "s", "", (blocks.Note("x"),)),)))
    assert page._repr_html_() is page._repr_html_()


def test_an_option_that_is_none_was_not_given() -> None:
    one = zorki.see.dream(toy(), PIXELS, mask=None, guide=None, **FEW)
    assert np.array_equal(one.numpy(), zorki.see.dream(toy(), PIXELS, **FEW).numpy())
    with pytest.raises(InputError, match=r"needs a picture: photo"):
        zorki.see.dream(toy(), None)


def test_a_size_may_be_written_as_on_the_command_line() -> None:
    assert zorki.load(toy(), side="24x40").hw == zorki.load(toy(), side=(24, 40)).hw == (24, 40)
    with pytest.raises(InputError, match="24 by 40"):
        zorki.load(toy(), side="24 by 40")


def test_home_is_written_as_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    Image.fromarray(PIXELS).save(tmp_path / "photo.png")
    (tmp_path / "net.py").write_text("from tests.toys import toy as build\n")
    torch.save(toy().state_dict(), tmp_path / "w.pth")
    made = zorki.see.dream("~/photo.png", model="~/net.py:build", weights="~/w.pth", film="~/f.gif", **FEW)
    assert made.save("~/made.png") == tmp_path / "made.png"
    assert {p.name for p in tmp_path.iterdir()} >= {"made.png", "f.gif"}
    assert zorki.see.patches(toy(), "~/photo.png", layer="0", channel="0", index="~/i.npz").tiles
    with pytest.raises(InputError, match="no file"):
        zorki.see.dream(toy(), "~/gone.png", **FEW)


def test_a_transparent_mask_is_black_whatever_it_hides() -> None:
    hidden = np.dstack([np.full((32, 40, 3), 255, np.uint8), np.zeros((32, 40), np.uint8)])
    still = zorki.see.dream(toy(), PIXELS, mask=hidden, **FEW)
    assert np.array_equal(still.numpy(), PIXELS)
    half = hidden.copy()
    half[:16, :, 3] = 255
    moved = (zorki.see.dream(toy(), PIXELS, mask=half, **FEW).numpy() != PIXELS).any((1, 2))
    assert moved[:12].all()
    assert not moved[20:].any()


def test_what_a_format_cannot_keep_is_said(tmp_path: Path) -> None:
    drawn = torch.from_numpy(PIXELS.copy()).permute(2, 0, 1)[None] / 255
    alpha = np.zeros((32, 40), np.float32)
    said: list[str] = []
    with events.listen(lambda e: said.append(e.note)):
        for ending, photo in (
            ("jpg", Photo(drawn, alpha, 16)),
            ("png", Photo(drawn, alpha, 16)),
            ("webp", Photo(drawn, alpha, 16)),
            ("bmp", Photo(drawn)),
        ):
            Picture(drawn, photo).save(tmp_path / f"a.{ending}")
    assert said == [
        "a.jpg is not transparent: white is behind and has 8 of the photo's 16 bit. PNG and TIFF keep all.",
        "a.webp has 8 of the photo's 16 bit. PNG and TIFF keep all.",
    ]


def test_a_beginning_beside_a_start_is_said() -> None:
    said: list[str] = []
    with events.listen(lambda e: said.append(e.note)):
        for start in ("noise", "content"):
            zorki.style.transfer(toy(), PIXELS, PIXELS[::-1], begin=PIXELS, start=start, layers=["1"], content_layer="4", steps=1, size=32)
    assert len([s for s in said if "begin is what" in s and "start=noise" in s]) == 1


FORKED = """
import multiprocessing, sys
import numpy as np, torch, zorki
from tests.toys import toy
torch.set_num_threads(2)
photo = np.random.default_rng(0).integers(0, 256, (192, 192, 3), dtype=np.uint8)
def dreamt(_): return zorki.see.dream(toy(), photo, layer="3", octaves=1, steps=2, size=192).numpy()
own = dreamt(0)
with multiprocessing.get_context("fork").Pool(2) as pool:
    theirs = pool.map(dreamt, range(2))
assert all(np.abs(own.astype(int) - other).max() <= 1 for other in theirs)
assert torch.get_num_threads() == 2
print("done")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="forks")
def test_a_forked_child_draws_as_well() -> None:
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "done\n", done.stderr
