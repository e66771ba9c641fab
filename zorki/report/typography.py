"""Formulas, numbers and paragraphs, well set."""

from __future__ import annotations

import math as maths
import re
from itertools import groupby
from numbers import Real
from unicodedata import decomposition, normalize

from markupsafe import Markup, escape

__all__ = ["math", "number", "paragraphs", "unbroken"]

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
FIGURE = re.compile(r"(?=.*\d)[\d.%\s–−]{1,11}")
TAGS = {"<sub>": "sub", "<super>": "sup"}
BRACED = re.compile(r"([_^])\{([^{}]*)\}")
# A letter that stands alone is a quantity and italic; words (log, max), digits and sum signs stay upright.
QUANTITY = re.compile(r"(?<![^\W\d_])(?![ΣΠΔ])[^\W\d_](?![^\W\d_])")


def math(formula: str) -> Markup:
    """Sets a formula in plain Unicode: ᵢⱼ and ² become real sub- and superscripts, as do _{content} and ^{−x}."""
    parts, end = [], 0
    for found in BRACED.finditer(formula):
        parts += [scripts(formula[end : found.start()]), tagged("sub" if found[1] == "_" else "sup", found[2])]
        end = found.end()
    return Markup("").join([*parts, scripts(formula[end:])])


def scripts(text: str) -> Markup:
    runs = groupby(text, key=lambda c: TAGS.get(decomposition(c).split(" ")[0], ""))
    return Markup("").join(tagged(tag, "".join(run)) for tag, run in runs)


def tagged(tag: str, text: str) -> Markup:
    if not tag:
        return italics(text)
    plain = normalize("NFKC", text)
    inner = Markup("<i>{}</i>").format(plain) if re.fullmatch(r"[a-z]{1,3}", plain) else italics(plain)  # ij are two indices
    return Markup(f"<{tag}>{{}}</{tag}>").format(inner)


def italics(text: str) -> Markup:
    parts, end = [], 0
    for found in QUANTITY.finditer(text):
        parts += [escape(text[end : found.start()]), Markup("<i>{}</i>").format(found[0])]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def unbroken(text: str) -> bool:
    """Whether a cell is a figure or a range of them, short enough for a phone to have it on one line: 87.3 %, 84.1–89.9."""
    return bool(FIGURE.fullmatch(text))


def number(value: object) -> str:
    """Numbers with four digits that matter, a real minus, and thin spaces between thousands; text as it is; nothing as a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, Real):
        return str(value)
    it = float(value) + 0.0  # no minus before zero
    if not maths.isfinite(it):
        return "not a number" if maths.isnan(it) else ("−∞" if it < 0 else "∞")
    whole = it == round(it) or abs(it) >= 1000
    text = f"{it:,.0f}" if whole and abs(it) < 1e15 else f"{it:.4g}"
    text = re.sub(r"e\+?(-?)0*(\d+)", lambda e: " · 10" + (e[1] + e[2]).translate(RAISED), text)
    return text.replace("-", "−").replace(",", "\u202f")


def paragraphs(text: str) -> list[str]:
    return [part for part in (p.strip() for p in re.split(r"\n\s*\n", text)) if part]
