"""Text on sheets: letters, lines, and captions under pictures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import ImageFont

from zorki import io
from zorki.io import lettering

pytestmark = pytest.mark.unit

FONT = ImageFont.load_default(13)
TEXTS = (
    "a long name of a photograph.jpeg",
    "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiWWWWWWWWWW",
    "WWWWWWWWWWWWiiiiiiiiiiiiiiiiiiiiiiiiiiiii",
    "European fire salamander, Salamandra salamandra, vacuum cleaner",
    "short",
)


def test_a_caption_is_cut_at_a_word_or_where_it_just_fits() -> None:
    assert lettering.shortened("short", 100, FONT) == "short"
    for text in TEXTS:
        for wide in (40, 100, 160):
            cut = lettering.shortened(text, wide, FONT)
            assert FONT.getlength(cut) <= wide
            if cut == text:
                continue
            kept = cut[:-1]
            assert cut.endswith("…")
            assert text.startswith(kept)
            more = text[: len(kept) + 1] if " " not in text[: len(kept) + 1] else kept + text[len(kept) :].partition(" ")[0]
            assert " " in text[len(kept) : len(kept) + 2] or " " not in text[: len(kept)], "whole words, if there is room for one"
            if " " not in kept and not text[len(kept)].isspace():
                assert FONT.getlength(more + "…") > wide, "one letter more would not fit"


def test_lines_hold_all_words_in_order_and_none_is_too_long() -> None:
    for text in TEXTS:
        for wide in (40, 100, 160):
            rows = lettering.lines(text, wide, 99)
            assert "".join(rows).replace(" ", "") == text.replace(" ", ""), "nothing is lost"
            assert all(FONT.getlength(row) <= wide for row in rows)
            few = lettering.lines(text, wide, 2)
            assert few[: len(few) - 1] == rows[: len(few) - 1]
            assert len(few) == min(2, len(rows))
            assert (len(rows) > 2) == few[-1].endswith("…")
    just = math.ceil(FONT.getlength("two words"))
    assert lettering.lines("two words", just, 5) == ["two words"]
    assert lettering.lines("two words", just - 1, 5) == ["two", "words"]


def test_no_text_becomes_nothing() -> None:
    for wide in (1, 5, 20):
        for most in (1, 2, 3):
            assert all(lettering.lines("Wide words", wide, most))
    assert lettering.lines("", 100, 3) == []
    assert io.lettered("", 100).shape == (0, 100, 3)


def test_what_the_font_lacks_is_written_with_what_it_has() -> None:
    assert lettering.written("14 × 14 px") == "14 x 14 px"
    assert lettering.written("Crème brûlée, Łódź, 3−5\u202fmm ±2° “…”") == "Creme brulee, Lodz, 3-5 mm ±2° “…”"
    box = bytes(FONT.getmask(lettering.NO_LETTER))
    for c in lettering.STAND_INS.values():
        assert all(bytes(FONT.getmask(one)) != box for one in c)


def test_captions_longer_than_a_line_are_wrapped_under_their_picture() -> None:
    """Two columns of 90 px: three lines of 17 px under each row, and ink nowhere else."""
    pictures = [np.full((40, 90, 3), 200, np.uint8)] * 4
    said = ["conv4_2:7, European fire salamander, vacuum cleaner", "one", "", "two"]
    page = io.sheet(pictures, said, 2)
    foot = 21 + 2 * lettering.line_height(13)
    assert page.shape == (8 + 2 * (40 + foot + 8), 8 + 2 * 98, 3)
    inked = (page < 150).all(2)
    for i, caption in enumerate(said):
        y, x = 8 + i // 2 * (48 + foot), 8 + i % 2 * 98
        assert (page[y : y + 40, x : x + 90] == 200).all()
        assert inked[y + 40 : y + 40 + foot, x : x + 90].any() == bool(caption)
        inked[y + 40 : y + 40 + foot, x : x + 90] = False
    assert not inked.any()


def test_narrow_pictures_make_room_for_a_word() -> None:
    page = io.sheet([np.zeros((12, 12, 3), np.uint8)] * 2, ["conv4_2:7", "conv4_2:8"], 2)
    step = (page.shape[1] - 8) // 2
    assert FONT.getlength("conv4_2:7") <= step - 8 < FONT.getlength("conv4_2:7") + 2
    assert page.shape[0] == 8 + 12 + 21 + 8, "on one line"
