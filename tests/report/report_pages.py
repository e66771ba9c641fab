"""Pages to try, and a strict reader for what comes out."""

from __future__ import annotations

import math
from html.parser import HTMLParser

import numpy as np

from zorki import blocks

VOID = {"meta", "link", "img", "source", "br", "hr", "input"}
SELF_CLOSED_SVG = {"path", "line", "rect"}


class Reader(HTMLParser):
    """Reads a page strictly: every tag that opens closes, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag} has an attribute twice: {names}"
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SELF_CLOSED_SVG, f"<{tag}/> does not close in HTML"
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & {*self.open}:
            self.words += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.tags if name == tag]


def read(html: str) -> Reader:
    """The page, after what must hold of every page: ids once, alt texts, targets that exist, nothing fetched."""
    page = Reader(html)
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert all(attrs.get("alt") for attrs in page.all("img"))
    scripts = [attrs for attrs in page.all("script") if attrs.get("type") != "text/plain"]  # what is to be unpacked runs by no means
    assert scripts in ([], [{}]), "a gallery's search or what runs a network, and no other"
    for _, attrs in page.tags:
        assert not any(name.startswith("on") for name in attrs)
        for name in ("src", "poster", "srcset"):
            assert name not in attrs or attrs[name].startswith("data:")
        assert attrs.get("href", "data:").startswith(("#", "data:"))
        assert attrs.get("popovertarget", ids[0] if ids else "") in [*ids, ""]
    assert all(attrs["href"][1:] in ids for attrs in page.all("a"))
    return page


def picture(h: int = 70, w: int = 100, value: int = 7) -> np.ndarray:
    return np.full((h, w, 3), value, np.uint8)


def every_block(text: str) -> tuple[blocks.Block, ...]:
    """One block of each kind with `text` in every field that takes text."""
    tiles = (blocks.Tile(picture(), text, text), blocks.Tile(picture(), text, text, film=b"f", film_media="video/mp4"))
    mosaic = blocks.Mosaic(tiles[:1] * 5, text, 3)
    return (
        blocks.Figure(picture(), text, text, text, text, caption=text),
        blocks.Figure(picture(), text, text, text, text, film=b"film"),
        blocks.Grid(tiles, text, text, text, crisp=True),
        blocks.Row(tiles, text, text, text),
        blocks.Slide((blocks.Plate(text, text, (mosaic, mosaic), text),), text, text),
        blocks.Gallery((blocks.Entry(text, text, tiles[0], (text,), (mosaic,)),), text, text),
        blocks.Curve({text: [1.0, 2.0]}, text, text, text, text),
        blocks.Bars(((text, 3.0),), text, text, text),
        blocks.Bars(((text, 3.0), (text, 40.0)), text, text, spans=((2.0, 9.0), None)),
        blocks.Matrix((text, text), ((3, 1), (0, 0)), text, text, text, text),
        blocks.Reliability((0.3, math.nan), (0.2, math.nan), (1.0, 0.0), text, text),
        blocks.Timeline(
            (blocks.Lane(text, "#336699", [0.0, 1.0, 2.0], [0.2, math.nan, 0.9], text, tiles[0]),), 0.0, 2.0, text, text,
            (blocks.Shot(1.0, tiles[0]),), (0.5,), text,
        ),
        blocks.Table((text, "n"), ((text, 2), (blocks.Swatch(text, "#aabbcc"), 3)), text, text),
        blocks.Key((blocks.Swatch(text, "#00ff00"),), text, text),
        blocks.Numbers(
            (blocks.Cells(text, ((text, "2"),), ((text, ""),), ((0, None),)), blocks.Cells(text, ((text,),))), text, text, text, (text,)
        ),
        blocks.Note(text, text, title=text),
        blocks.Trial(
            b"model", text, blocks.Runtime(text, b"script", b"binary"), (blocks.Swatch(text, "#0000ff"),), (0,), text, 300,
            pictures=(blocks.Figure(picture(), text, text),), command=text,
        ),
    )  # fmt: skip


def whole_page(text: str) -> blocks.Page:
    section = blocks.Section(text, text, text, every_block(text), text)
    return blocks.Page(text, text, (section, section), ((text, text),), blocks.Figure(picture(), text, text), text)
