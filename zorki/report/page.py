"""The page around the blocks. One template a kind of block: `templates/figure.html` shows a `Figure`."""

from __future__ import annotations

import gzip
import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from zorki import blocks
from zorki.report import charts, timelines
from zorki.report.pictures import embed
from zorki.report.typography import math, number, paragraphs, unbroken

__all__ = ["notebook_html", "render"]


class Ids:
    """Names for `id`, each given once a page."""

    def __init__(self) -> None:
        self.given: set[str] = set()

    def new(self, wish: str) -> str:
        name, n = wish, 1
        while name in self.given:
            n += 1
            name = f"{wish}-{n}"
        self.given.add(name)
        return name

    def anchor(self, key: str) -> str:
        return self.new(re.sub(r"[^\w-]+", "-", key).strip("-").lower() or "section")


@cache
def environment() -> Environment:
    made = Environment(
        loader=PackageLoader("zorki.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"math": math, "number": number, "paragraphs": paragraphs, "unbroken": unbroken}
    made.globals |= {
        "embed": embed,
        "show": show,
        "plot": charts.plot,
        "timeline": timelines.drawn,
        "numeric_columns": charts.numeric_columns,
    }
    made.globals |= {
        "packed": packed,
        "street": street,
        "sides": sides,
        "lengths": charts.lengths,
        "whiskers": charts.whiskers,
        "row_shares": charts.row_shares,
        "columns": charts.columns,
    }
    return made


def show(block: blocks.Block, ids: Ids) -> Markup:
    """One block as HTML."""
    return fill(f"{type(block).__name__.lower()}.html", {"block": block, "ids": ids})


def packed(data: bytes) -> Markup:
    """gzip in base64, as a script of the page's unpacks it."""
    return Markup(b64encode(gzip.compress(data, 6, mtime=0)).decode())


@cache
def street() -> str:
    """A drawn street in base64, for a page that has no picture of its own to try."""
    return b64encode((resources.files("zorki.report") / "templates" / "street.svg").read_bytes()).decode()


def sides(wanted: int) -> list[int]:
    """What a reader may choose from, as pixels of the shorter side: less and more than what is wanted."""
    return sorted({wanted, *(side for side in (128, 192, 256, 384, 512, 768) if side < 0.8 * wanted or side > 1.25 * wanted)})


def fill(template: str, values: Mapping[str, object]) -> Markup:
    return Markup(environment().get_template(template).render(values))  # the templates escape


def article(page: blocks.Page) -> Markup:
    ids = Ids()
    numbered = [(ids.anchor(section.key), section) for section in page.sections]
    return fill("article.html", {"page": page, "sections": numbered, "ids": ids})


RELOAD = 4  # seconds after which an unfinished page looks whether there is more


def holds(page: blocks.Page, kind: type) -> bool:
    return any(isinstance(block, kind) for section in page.sections for block in section.blocks)


def scripts(page: blocks.Page) -> str:
    """What the page needs: a gallery's search, what runs a network, and of an unfinished page that it looks for more."""
    needed = {"gallery.js": holds(page, blocks.Gallery), "trial.js": holds(page, blocks.Trial), "ahead.js": page.ahead}
    wanted = [name for name, here in needed.items() if here]
    texts = [(resources.files("zorki.report") / "templates" / name).read_text(encoding="utf-8") for name in wanted]
    return "".join(texts).replace("EVERY", str(1000 * RELOAD))


def render(page: blocks.Page) -> str:
    """The whole page as one HTML file; pictures, films and style are inside it."""
    script = scripts(page)
    values = {
        "title": page.title,
        "body": article(page),
        "reload": RELOAD if page.ahead else 0,
        "script": Markup(script),  # ours, and the page allows no other
        "runs": holds(page, blocks.Trial),
        "script_hash": b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }
    return str(fill("page.html", values))


def notebook_html(shown: blocks.Block | blocks.Page) -> str:
    """The same look as a fragment that styles nothing but itself, for `_repr_html_`."""
    body = article(shown) if isinstance(shown, blocks.Page) else show(shown, Ids())
    return str(fill("fragment.html", {"body": body}))
