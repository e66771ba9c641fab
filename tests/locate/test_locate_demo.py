"""The page of `locate export --demo`: what is in it; and that it works, in a browser where there is one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import zorki
from tests.locate.exported import net
from tests.locating.painted import painted
from tests.segment.test_demo import Seen, chromium, part, runtime  # noqa: F401
from tests.weights.test_browser import laid

pytestmark = pytest.mark.tiny
TWO = [(10, 8, 40, 30), (100, 50, 30, 60)]  # a red and a blue thing


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(painted((120, 200), TWO, blue=(1,))).save("photo.png")
    laid(tmp_path / "dist")
    return tmp_path


def test_the_page_holds_the_file_a_slider_and_a_table() -> None:
    file, page = zorki.locate.export(net(), out="flat.onnx", demo="flat.html", runtime="dist", picture="photo.png")
    text = page.read_text(encoding="utf-8")
    assert part(text, "model") == file.read_bytes()
    assert 'data-gives="detections"' in text
    assert re.search(r'type="range" min="5" max="95" value="30" data-dial="least"', text)
    assert 'data-dial="size"' not in text
    assert text.count('<input type="checkbox" checked>') == 2
    assert '<table class="z-found">' in text


def found(seen: Seen, times: int) -> list[list[str]]:
    """The rows of the table of boxes, once so many pictures were looked at."""
    seen.page.wait_for_selector(f'.z-trial[data-done="{times}"]', timeout=120_000)
    return [row.locator("td").all_inner_texts() for row in seen.page.locator(".z-found tbody tr").all()]


def test_a_browser_finds_what_predict_finds(here: Path, runtime: str, chromium: Any) -> None:  # noqa: F811
    _, page = zorki.locate.export(net(), out="flat.onnx", demo="flat.html", runtime=runtime, picture="photo.png")
    seen = Seen(chromium, page.absolute().as_uri())
    assert found(seen, 2) == [["apple", "98 %", "10, 8, 40 × 30"], ["plum", "73 %", "100, 50, 30 × 60"]]
    assert seen.page.locator(".z-area").all_inner_texts() == ["1", "1"]
    assert max(np.abs(np.subtract(seen.pixel(10.2 / 200, 20 / 120), seen.pixel(30 / 200, 20 / 120)))) > 50, "there is no line about it"

    seen.page.locator("canvas").hover(position={"x": 20 * width(seen) / 200, "y": 20 * width(seen) / 200})
    assert seen.page.inner_text(".z-here") == "apple, 98 %"
    seen.page.locator("canvas").hover(position={"x": 70 * width(seen) / 200, "y": 20 * width(seen) / 200})
    assert seen.page.locator(".z-here").is_hidden()

    seen.page.locator("[data-dial=least]").fill("80")
    assert [row[0] for row in found(seen, 2)] == ["apple"]
    seen.page.locator("tbody input").first.uncheck()
    assert found(seen, 2) == [["nothing", "", ""]]

    seen.page.locator("[data-dial=least]").fill("10")
    Image.fromarray(painted((90, 60), [(0, 0, 60, 45), (20, 50, 8, 8)], blue=(0, 1))).save("other.png")
    seen.page.set_input_files("input[type=file]", "other.png")
    assert found(seen, 3) == [["plum", "73 %", "0, 0, 60 × 58"]]
    with seen.page.expect_download() as saved:
        seen.page.locator("[data-save=picture]").click()
    with Image.open(saved.value.path()) as picture:
        assert picture.size == (60, 90)
    assert not seen.wrong


def width(seen: Seen) -> float:
    """Of the picture on the screen."""
    return float(seen.page.evaluate("document.querySelector('canvas').clientWidth"))
