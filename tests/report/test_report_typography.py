from __future__ import annotations

import math as maths

import numpy as np
import pytest

from zorki.report.typography import math, number, paragraphs, unbroken

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("given", "html"),
    [
        ("Fᵢⱼ²", "<i>F</i><sub><i>ij</i></sub><sup>2</sup>"),
        ("log x", "log <i>x</i>"),
        ("Σₖ", "Σ<sub><i>k</i></sub>"),
        ("L_{content}", "<i>L</i><sub>content</sub>"),
        ("e^{−x}", "<i>e</i><sup>−<i>x</i></sup>"),
        ("xᵢ₊₁", "<i>x</i><sub><i>i</i>+1</sub>"),
        ("conv4_1", "conv4_1"),
        ("a < b & 'c'", "<i>a</i> &lt; <i>b</i> &amp; &#39;<i>c</i>&#39;"),
        ("_{<b>}", "<sub>&lt;<i>b</i>&gt;</sub>"),
    ],
)
def test_formulas(given: str, html: str) -> None:
    assert math(given) == html


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (3, "3"),
        (np.float32(0.5), "0.5"),
        (np.int64(7), "7"),
        (-2.5, "−2.5"),
        (0.123456, "0.1235"),
        (1234.5678, "1\u202f235"),
        (1e-9, "1 · 10⁻⁹"),
        (2.5e20, "2.5 · 10²⁰"),
        (0.0, "0"),
        (-0.0, "0"),
        (maths.nan, "not a number"),
        (-maths.inf, "−∞"),
        (None, "–"),
        ("a-b, c", "a-b, c"),
        (True, "True"),
    ],
)
def test_numbers(given: object, text: str) -> None:
    assert number(given) == text


def test_paragraphs() -> None:
    assert paragraphs(" a\nb \n \n\nc\n\n") == ["a\nb", "c"]


@pytest.mark.parametrize("cell", ["84.1–89.9", "100.0–100.0", "87.3 %", "87.3\N{NO-BREAK SPACE}%", "−2.5–3.1", "7"])
def test_a_figure_or_a_range_stays_on_one_line(cell: str) -> None:
    assert unbroken(cell)


@pytest.mark.parametrize("cell", ["", "–", "84.1 to 89.9", "boxes found", "38, 120, 300", "1,234.56–9,876.54", "73 % (60–80)"])
def test_words_and_what_is_longer_may_break(cell: str) -> None:
    assert not unbroken(cell)
