"""Times as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zorki.core.durations import seconds
from zorki.core.errors import InputError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("90", 90), ("90s", 90), ("30m", 1800), ("1h30m", 5400), ("1.5h", 5400), ("1 h 20 min", 4800), ("2 Hours", 7200), (" 30 m ", 1800),
        ("1d", 86400), ("2days 1sec", 172_801), (3, 3), (0.5, 0.5),
    ],
)  # fmt: skip
def test_read(text: str | float, want: float) -> None:
    assert seconds("--within", text) == want


@given(st.integers(0, 99), st.integers(0, 59), st.integers(1, 59))
def test_parts_add_up(h: int, m: int, s: int) -> None:
    assert seconds("--within", f"{h}h{m}m{s}s") == 3600 * h + 60 * m + s


@pytest.mark.parametrize("text", ["", "0", "0m", "-3", "m", "nan", "inf", "30m1h", "1h1h", "ten", "3x", "3 months", "1:30", "²m", True])
def test_what_is_no_time_is_refused(text: str | float) -> None:
    with pytest.raises(InputError, match=r"within=.* is no time"):
        seconds("--within", text)
