"""The page of `segment export --demo`: where it goes, what is in it, that it asks nobody for anything; and that it works, in a browser where there is one."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import re
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch import nn

import zorki
from tests.segment.quartered import Red, quarters, truth
from tests.weights.test_browser import laid
from zorki import lens
from zorki.cli.main import run
from zorki.core.errors import InputError, WeightsError
from zorki.weights import browser

pytestmark = pytest.mark.tiny
MINE = "ZORKI_ONNXRUNTIME_WEB"  # a folder or archive of onnxruntime-web, for the tests in a browser
NAMES = ("background", "apple", "leaf")


def net(module: nn.Module | None = None, **more: Any) -> lens.Net:
    return lens.Net((module or Red()).eval(), name="red", **({"side": 32, "step": 1, "classes": NAMES} | more))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(quarters()).save("photo.png")
    laid(tmp_path / "dist")
    return tmp_path


def part(page: str, name: str) -> bytes:
    found = re.search(rf'data-part="{name}">([^<]+)<', page)
    assert found, name
    return gzip.decompress(base64.b64decode(found[1]))


def test_model_and_runtime_are_in_the_page_and_it_may_ask_for_nothing(here: Path) -> None:
    file, page = zorki.segment.export(net(), out="red.onnx", demo="red.html", runtime="dist", picture="photo.png")
    text = page.read_text(encoding="utf-8")
    assert part(text, "model") == file.read_bytes()
    assert part(text, "script") == (here / "dist" / browser.SCRIPT).read_bytes()
    assert part(text, "binary") == (here / "dist" / browser.BINARY).read_bytes()
    assert [re.search(rf'data-colour="(#\w+)"><td>.*?{name}</span>', text) is not None for name in NAMES] == [True] * 3
    assert text.count('<input type="checkbox" checked>') == 2  # all but the background
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    assert "default-src 'none'" in policy[1]
    assert "http" not in policy[1]
    assert "connect-src" not in policy[1]
    assert not re.findall(r'(?:src|href)="(?!data:|#)[^"]+"', text)
    assert "Permission is hereby granted" in text
    assert text.count("<img ") == 2


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (("--demo",), "net.py-red.demo.html"), (("--demo", "--out", "a.onnx"), "net.py-red.demo.html"), (("--demo", "page.htm"), "page.htm"),
        (("--demo", "site"), "site/index.html"), (("--demo", "deep/site/"), "deep/site/index.html"), (("--demo=./site",), "site/index.html"),
    ],
)  # fmt: skip
def test_where_it_goes(words: tuple[str, ...], where: str, capfd: pytest.CaptureFixture[str]) -> None:
    Path("net.py").write_text(CODE, encoding="utf-8")
    command = ["segment", "export", "--model", "net.py:red", "--runtime", "dist", *words]
    assert run([*command, "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["out"] == ["a.onnx" if "a.onnx" in words else "net.py-red.export.onnx", where]
    if words == ("--demo", "site"):
        Path(where).write_text("mine", encoding="utf-8")
        assert run(command) == 2
        assert "site/index.html exists already" in capfd.readouterr().err
        assert Path(where).read_text(encoding="utf-8") == "mine"
        assert run([*command, "--force"]) == 0
        assert len(Path(where).read_text(encoding="utf-8")) > 1000


def test_what_is_refused_makes_no_folder() -> None:
    for more, kind in (({"runtime": "nowhere"}, InputError), ({"runtime": "photo.png"}, InputError), ({"gives": "labels"}, InputError)):
        with pytest.raises(kind):
            zorki.segment.export(net(), out="red.onnx", demo="site", **more)
    with pytest.raises(InputError, match=r"red\.onnx"):
        zorki.segment.export(net(), out="there/red.onnx", demo="site", runtime="dist")
    with pytest.raises(InputError, match=r"photo\.png is a file\."):
        zorki.segment.export(net(), out="red.onnx", demo="photo.png/site", runtime="dist")
    with pytest.raises(InputError, match="of 5 channels"):
        zorki.segment.export(nn.Conv2d(5, 2, 1).eval(), out="red.onnx", demo="site", runtime="dist")
    assert not Path("site").exists()
    assert not Path("red.onnx").exists()


CODE = """
import torch
from torch import nn


class Red(nn.Module):
    def forward(self, x):
        apart = 20 * (x[:, 0] - x[:, 1])
        return torch.stack([torch.full_like(apart, 4.0), apart, -apart], 1)


def red():
    return Red().eval()
"""


# In a browser


@pytest.fixture(scope="module")
def runtime() -> str:
    """Where onnxruntime-web is."""
    given = os.environ.get(MINE)
    try:
        browser.runtime(given)
    except (InputError, WeightsError):
        pytest.skip(f"onnxruntime-web is not here: set {MINE} to its folder, or run `zorki segment export --demo --runtime fetch` once")
    return given or "fetch"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    binary = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if binary is None:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as play:
        started = play.chromium.launch(executable_path=binary, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        yield started
        started.close()


class Folder(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def address(here: Path) -> Iterator[str]:
    """A server of the folder, on this machine alone."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Folder, directory=str(here))) as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{serving.server_address[1]}"
        serving.shutdown()
        thread.join()


class Seen:
    """A page in the browser, and all that it asks for or complains of."""

    def __init__(self, chromium: Any, url: str) -> None:
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.page = chromium.new_page()
        self.page.on("request", lambda r: self.asked.append(r.url))
        self.page.on("pageerror", lambda e: self.wrong.append(str(e)))
        self.page.on("console", lambda m: self.wrong.append(m.text) if m.type in ("error", "warning") else None)
        self.page.goto(url)

    def shares(self, times: int) -> list[float]:
        """In %, once so many pictures were looked at."""
        self.page.wait_for_selector(f'.z-trial[data-done="{times}"]', timeout=120_000)
        return [float(t.rstrip(" %")) if "%" in t else 0.0 for t in self.page.locator(".z-area").all_inner_texts()]

    def pixel(self, x: float, y: float) -> list[int]:
        """The colour on the canvas, at shares of its sides."""
        data = self.page.evaluate("document.querySelector('canvas').toDataURL()").partition(",")[2]
        image = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
        return list(image.getpixel((int(x * image.width), int(y * image.height))))  # type: ignore[arg-type]


@pytest.mark.parametrize("over", ["http", "file"])
def test_a_browser_sees_what_torch_sees(over: str, here: Path, runtime: str, chromium: Any, address: str) -> None:
    zorki.segment.export(net(), out="red.onnx", demo="site", runtime=runtime, picture="photo.png")
    url = f"{address}/site/index.html" if over == "http" else (here / "site" / "index.html").as_uri()
    seen = Seen(chromium, url)
    seen.shares(2)  # the picture was shown once before the network was there
    Image.fromarray(np.roll(quarters(300, 200), 50, 0)).save("other.png")
    seen.page.set_input_files("input[type=file]", "other.png")
    found = seen.shares(3)
    assert found == pytest.approx([100 * float((truth(300, 200) == k).mean()) for k in range(3)], abs=0.06)
    assert "200 × 300 pixels" in seen.page.inner_text(".z-status")

    before = seen.pixel(0.25, 0.5)
    seen.page.locator("tbody input").nth(1).uncheck()
    assert seen.pixel(0.25, 0.5) == [220, 40, 60]  # the photo's own
    assert before != [220, 40, 60]
    seen.page.select_option("[data-dial=size]", "128")
    assert seen.shares(4) == pytest.approx(found, abs=1)
    assert "128 × 192 pixels" in seen.page.inner_text(".z-status")
    seen.page.locator("canvas").hover(position={"x": 20, "y": 40})
    assert re.fullmatch(r"apple, (99|100) %", seen.page.inner_text(".z-here"))
    with seen.page.expect_download() as saved:
        seen.page.locator("[data-save=model]").click()
    assert Path(saved.value.path()).read_bytes() == Path("red.onnx").read_bytes()
    with seen.page.expect_download() as saved:
        seen.page.locator("[data-save=picture]").click()
    with Image.open(saved.value.path()) as picture:
        assert picture.size == (200, 300)
    assert not seen.wrong
    assert not [url for url in seen.asked if not url.startswith((address, "file:", "data:", "blob:"))]


def test_a_browser_says_what_it_cannot_open(here: Path, runtime: str, chromium: Any) -> None:
    _, page = zorki.segment.export(net(), out="red.onnx", demo="red.html", runtime=runtime)
    seen = Seen(chromium, page.absolute().as_uri())
    seen.shares(2)  # of the street that the page draws
    Path("half.jpg").write_bytes(b"\xff\xd8\xff half a picture")
    seen.page.set_input_files("input[type=file]", "half.jpg")
    seen.page.wait_for_selector(".z-wrong")
    assert "cannot open half.jpg" in seen.page.inner_text(".z-status")
    seen.page.locator(".z-samples button").first.click()
    assert sum(seen.shares(3)) == pytest.approx(100, abs=0.3)
    assert not seen.wrong


def test_probabilities_and_one_size_in_a_browser(here: Path, runtime: str, chromium: Any) -> None:
    class Flat(Red):
        def forward(self, x: Any) -> Any:
            return super().forward(x + x.new_zeros(24, 40))

    fixed = net(Flat(), side=(24, 40), step=0)
    _, page = zorki.segment.export(fixed, out="red.onnx", gives="probabilities", demo="red.html", runtime=runtime, picture="photo.png")
    seen = Seen(chromium, page.absolute().as_uri())
    assert seen.shares(2) == pytest.approx([25, 50, 25], abs=3)
    assert "40 × 24 pixels" in seen.page.inner_text(".z-status")
    seen.page.locator("canvas").hover(position={"x": 10, "y": 10})
    assert re.fullmatch(r"apple, (9\d|100) %", seen.page.inner_text(".z-here"))
    assert not seen.page.locator("[data-dial=size]").count()
    assert not seen.wrong
