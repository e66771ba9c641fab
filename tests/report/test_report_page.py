from __future__ import annotations

import hashlib
import html
import re
from base64 import b64decode, b64encode
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from report_pages import every_block, picture, read, whole_page

from zorki import blocks, report

pytestmark = pytest.mark.unit

HOSTILE = """</style><script>alert("1")</script>' onload='x' {{ 7*7 }} & é ñ 猫"""


def page_of(*shown: blocks.Block) -> str:
    return report.render(blocks.Page("A cat", "", (blocks.Section("s", "S", "", shown),)))


def test_every_kind_of_block_is_tried_here() -> None:
    assert {type(block) for block in every_block("x")} == set(get_args(blocks.Block))


def test_a_page_with_every_block_holds_all_its_words() -> None:
    page = read(report.render(whole_page("a lynx")))
    assert len(page.all("section")) == 2
    assert len(page.all("h1")) == 1
    assert len(page.all("h2")) == 2
    assert len(page.all("video")) == 4
    assert [attrs["href"] for attrs in page.all("a")] == ["#a-lynx", "#a-lynx-2", *(f"#a-lynx-{n}" for n in range(3, 7))], (
        "two sections, and in each a plate and an entry"
    )


def test_hostile_text_stays_text_in_every_field() -> None:
    html = report.render(whole_page(HOSTILE))
    page = read(html)
    assert len(re.findall("<script", html)) == 1 + 3 * 2, "the page's own, and what each trial unpacks"
    assert "49" not in page.words
    quiet = re.sub(r"[^ ]", "x", HOSTILE)
    calm = read(report.render(whole_page(quiet)))
    assert [tag for tag, _ in page.tags if tag != "i"] == [tag for tag, _ in calm.tags if tag != "i"]
    assert [sorted(attrs) for tag, attrs in page.tags if tag != "i"] == [sorted(attrs) for tag, attrs in calm.tags if tag != "i"]
    # The formula sets letters apart; in all other places the words come back as they were given.
    assert page.words.count(HOSTILE) >= calm.words.count(quiet) - 7 * 2


def test_an_empty_page_is_a_page() -> None:
    page = read(report.render(blocks.Page("", "", ())))
    assert len(page.all("main")) == 1
    assert not page.all("nav")


@pytest.mark.parametrize("empty", [blocks.Grid((), "none"), blocks.Row((), "none")])
def test_a_grid_without_tiles_says_so(empty: blocks.Block) -> None:
    assert "No pictures." in read(page_of(empty)).words


def test_empty_charts_and_tables() -> None:
    page = read(page_of(blocks.Curve({}, "x", "y", "s"), blocks.Bars((), "s"), blocks.Table((), (), "s"), blocks.Note("")))
    assert "not one finite value" in page.words


def test_a_picture_of_one_pixel_and_a_grey_one() -> None:
    page = read(page_of(blocks.Figure(picture(1, 1), "dot", ""), blocks.Figure(np.zeros((2, 3), np.uint8), "grey", "")))
    assert [(attrs["width"], attrs["height"]) for attrs in page.all("img")] == [("1", "1"), ("3", "2")]


def test_each_picture_is_embedded_once_and_opens_itself() -> None:
    html = page_of(blocks.Figure(picture(), "a", "", caption="c"))
    page = read(html)
    assert html.count("data:image/webp") == 1
    (button,) = page.all("button")
    (opened,) = [attrs for tag, attrs in page.tags if "popover" in attrs]
    assert button["popovertarget"] == opened["id"]


def test_the_same_picture_twice_has_two_ids() -> None:
    page = read(page_of(blocks.Figure(picture(), "a", ""), blocks.Figure(picture(), "a", "")))
    assert len({attrs["popovertarget"] for attrs in page.all("button")}) == 2


def test_a_film_takes_the_place_of_its_picture() -> None:
    page = read(
        page_of(blocks.Figure(picture(), "a", "", film=b"ab"), blocks.Figure(picture(), "b", "", film=b"cd", film_media="video/mp4"))
    )
    assert page.all("img")[0]["src"] == "data:image/webp;base64,YWI="
    assert "reduce" in page.all("source")[0]["media"]
    shown = page.all("video")[0]
    assert shown["src"] == "data:video/mp4;base64,Y2Q="
    assert shown["aria-label"] == "b"
    assert {"autoplay", "muted", "loop", "playsinline", "controls"} <= set(shown)


def test_crisp_and_small_pictures_are_exact_and_large_ones_are_shrunk(encoder: list[tuple[tuple[int, ...], str]]) -> None:
    crisp = blocks.Figure(picture(300, 300), "", "", crisp=True)
    page_of(crisp, blocks.Figure(picture(9, 9), "", ""), blocks.Figure(picture(), "", ""), blocks.Figure(picture(10, 4801), "", ""))
    assert encoder == [((300, 300, 3), "PNG"), ((9, 9, 3), "PNG"), ((70, 100, 3), "WEBP"), ((4, 1601, 3), "WEBP")]


def test_the_real_encoder_is_called_as_it_wishes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    page = read(page_of(blocks.Figure(picture(), "a", ""), blocks.Figure(picture(3, 3), "b", "")))
    large, small = (b64decode(attrs["src"].partition(",")[2]) for attrs in page.all("img"))
    assert large[8:12] == b"WEBP"
    assert small[1:4] == b"PNG"


def test_shrinking_keeps_the_mean() -> None:
    from zorki.report.pictures import smaller

    checks = (np.indices((4, 4800)).sum(0) % 2 * 200).astype(np.uint8)
    assert smaller(checks).shape == (2, 2400)
    assert np.unique(smaller(checks)).tolist() == [100]


@pytest.mark.parametrize("bad", [np.zeros((2, 2, 4), np.uint8), np.zeros((2, 2, 3)), np.zeros((0, 2), np.uint8), np.zeros(3, np.uint8)])
def test_what_is_no_picture_is_refused_where_it_is_made(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"uint8 \(h, w, 3\)"):
        blocks.Tile(bad, "", "")
    with pytest.raises(ValueError, match=r"uint8 \(h, w, 3\)"):
        blocks.Figure(bad, "", "")


def test_a_ragged_table_is_refused() -> None:
    with pytest.raises(ValueError, match="2 columns"):
        blocks.Table(("a", "b"), ((1,),), "")


def test_numbers_stand_on_the_right() -> None:
    page = read(page_of(blocks.Table(("name", "n"), (("a", 1), ("b", None)), "s")))
    assert [attrs.get("class", "") for attrs in page.all("td")] == ["", "z-right"] * 2


@pytest.mark.parametrize("block", every_block("x"), ids=lambda block: type(block).__name__)
def test_a_block_shows_itself_in_a_notebook_and_styles_nothing_else(block: blocks.Block) -> None:
    html = report.notebook_html(block)
    read(html)
    assert type(html) is str
    style = html.split("<style>")[1].split("</style>")[0]
    for line in style.split("}"):
        selector = line.rpartition("*/")[2].rpartition("{")[0].strip().rpartition("{")[2].strip()
        assert all(part.strip().startswith((".z", "@")) for part in selector.split(", ") if part), selector


def test_a_page_shows_itself_in_a_notebook() -> None:
    page = read(report.notebook_html(whole_page("x")))
    assert not page.all("html")
    assert len(page.all("h1")) == 1


def test_the_same_page_gives_the_same_bytes() -> None:
    assert report.render(whole_page("x")) == report.render(whole_page("x"))


def test_only_a_gallery_brings_a_script_and_the_page_allows_no_other() -> None:
    """The policy names the script's hash, so that nothing else runs, wherever it came from."""
    assert "script" not in page_of(blocks.Note("none"))
    html = page_of(blocks.Gallery((blocks.Entry("a", "a", blocks.Tile(picture(), "a", "a")),), "s"))
    body = re.search(r"<script>(.*)</script>", html, re.S)
    assert body is not None
    hashed = b64encode(hashlib.sha256(body[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{hashed}'" in html
    assert "default-src 'none'" in html


def test_only_a_page_with_a_trial_may_run_what_it_holds() -> None:
    trial = next(block for block in every_block("x") if isinstance(block, blocks.Trial))
    policies = [re.search(r'Policy" content="([^"]+)"', page_of(*shown)) for shown in ((trial,), every_block("x")[:-1])]
    assert all(policies)
    runs, plain = (html.unescape(found[1]) for found in policies if found)
    assert "blob: 'wasm-unsafe-eval'" in runs
    assert "img-src data: blob:;" in runs
    assert "blob" not in plain
    assert "eval" not in plain


def test_an_unfinished_page_reloads_itself_and_says_what_comes() -> None:
    """With scripts by the one that the policy names, which leaves the reader alone while a picture is open; without by the old way."""
    gallery = blocks.Gallery((blocks.Entry("a", "a", blocks.Tile(picture(), "a", "a")),), "s")
    done = blocks.Page("A cat", "", (blocks.Section("s", "S", "", (gallery,), "2 s"),))
    html = report.render(replace(done, ahead=blocks.Ahead("Deep <Dream>", ("Painted",), 0.25, "20 s")))
    page = read(html)
    body = re.search(r"<script>(.*)</script>", html, re.S)
    assert body is not None
    assert "location.reload()" in body[1]
    assert "z-find" in body[1], "and the gallery is searched as well"
    assert f"script-src 'sha256-{b64encode(hashlib.sha256(body[1].encode()).digest()).decode()}'" in html
    assert re.search(r'<noscript><meta http-equiv="refresh" content="\d+"></noscript>', html)
    assert "Being made: Deep <Dream>. 25 % is done, the rest takes about 20 s. Then come: Painted." in page.words
    assert [attrs["value"] for attrs in page.all("progress")] == ["0.25"]
    finished = report.render(done)
    assert "reload" not in finished
    assert "refresh" not in finished


def test_what_is_to_be_said_of_the_whole_page_stands_above_it_with_its_command() -> None:
    html = report.render(blocks.Page("A cat", "", (), note=blocks.Note("Stopped.", command="zorki tour cat.jpg")))
    assert read(html).words.split()[-4:] == ["Stopped.", "zorki", "tour", "cat.jpg"]


def test_a_picture_is_encoded_once_however_often_its_page_is_made(encoder: list[tuple[tuple[int, ...], str]]) -> None:
    page = blocks.Page("", "", (blocks.Section("s", "S", "", (blocks.Figure(picture(), "a", ""),)),))
    assert report.render(page) == report.render(page)
    assert len(encoder) == 1


def test_each_entry_of_a_gallery_has_a_stable_link() -> None:
    entries = tuple(blocks.Entry(f"conv4_1-{k}", f"conv4_1:{k}", blocks.Tile(picture(), "", "drawn"), ("espresso, cup",)) for k in (3, 7))
    page = read(page_of(blocks.Gallery(entries, "s")))
    assert [attrs["href"] for attrs in page.all("a")] == ["#conv4_1-3", "#conv4_1-7"]
    assert [attrs["id"] for attrs in page.all("li") if "id" in attrs] == ["conv4_1-3", "conv4_1-7"]
    assert "espresso, cup" in page.words


def plate(number: int, mosaics: int = 3, columns: int = 3, count: int = 9, words: str = "zebra, tiger cat") -> blocks.Plate:
    made = tuple(
        blocks.Mosaic(
            tuple(blocks.Tile(picture(14, 14, 20 * m + k), "", f"{number} {m} {k}") for k in range(count)), f"kind {m}", columns, True
        )
        for m in range(mosaics)
    )
    return blocks.Plate(f"conv4_2-{number}", f"conv4_2:{number}", made, words)


def test_a_slide_shows_each_mosaic_as_one_with_all_its_pictures_in_order() -> None:
    html = page_of(blocks.Slide((plate(3), plate(7, mosaics=1, columns=2, count=2, words="")), "s", "zorki see patches"))
    page = read(html)
    assert [attrs["id"] for attrs in page.all("li") if "id" in attrs] == ["conv4_2-3", "conv4_2-7"]
    assert [attrs["alt"] for attrs in page.all("img")] == [f"3 {m} {k}" for m in range(3) for k in range(9)] + ["7 0 0", "7 0 1"]
    assert len(page.all("button")) == 4, "each mosaic is opened large as a whole"
    styles = [attrs["style"] for attrs in page.all("figure") if "z-mosaic" in attrs.get("class", "")]
    assert styles == ["--ratio:1.0;--columns:3;--rows:3"] * 3 + ["--ratio:2.0;--columns:2;--rows:1"]
    assert "zebra, tiger cat" in page.words
    assert page.words.count("conv4_2:") == 2
    assert "kind 2" in page.words


def test_plates_of_many_mosaics_take_a_whole_line() -> None:
    html = page_of(blocks.Slide((plate(1), plate(2, mosaics=5), plate(3, columns=5, count=25)), "s"))
    assert [attrs["class"] for attrs in read(html).all("li")] == ["z-plate", "z-plate z-broad", "z-plate z-broad"]


def test_a_mosaic_is_of_pictures_of_one_size() -> None:
    a, b = blocks.Tile(picture(8, 8), "", "a"), blocks.Tile(picture(8, 9), "", "b")
    for tiles, columns in (((), 1), ((a, b), 1), ((a,), 0)):
        with pytest.raises(ValueError, match="one size"):
            blocks.Mosaic(tiles, "", columns)
    made = blocks.Mosaic((b, b, b, b, b), "", 2)
    assert made.rows == 3
    assert made.ratio == pytest.approx(2 * 9 / (3 * 8))
