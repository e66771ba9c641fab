"""Which styles a person means."""

from __future__ import annotations

import pytest

from zorki.core.errors import InputError, UnknownName
from zorki.painting.chosen import weights_of

pytestmark = pytest.mark.tiny
NAMES = ("wave", "scream", "a:2", "starry-night")


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("wave", [1, 0, 0, 0]),
        ("wave:2,scream:1", [2, 1, 0, 0]),
        ("scream:.5,wave", [1, 0.5, 0, 0]),
        (" wave : 2 , starry-night ", [2, 0, 0, 1]),
        ("a:2", [0, 0, 1, 0]),
        ("a:2:3,wave", [1, 0, 3, 0]),
        ("wave:1e-3", [0.001, 0, 0, 0]),
        ("wave:1e-320", [1, 0, 0, 0]),
        ("wave:1e308,scream:1e308", [1, 1, 0, 0]),
    ],
)
def test_each_style_gets_its_weight(text: str, weights: list[float]) -> None:
    assert weights_of(text, NAMES) == weights


@pytest.mark.parametrize("text", ["waves", "waves:2", "wave,Wave", "WAVE"])
def test_a_near_name_is_suggested_and_never_taken(text: str) -> None:
    with pytest.raises(UnknownName, match=r"There is no style '.*Did you mean wave\?.*zorki.style.list"):
        weights_of(text, NAMES)


def test_where_no_name_is_near_the_names_are_told() -> None:
    with pytest.raises(UnknownName, match=r"There is wave, scream, a:2, starry-night"):
        weights_of("xyz", NAMES)


@pytest.mark.parametrize("text", ["wave:0", "wave:-1", "wave:nan", "wave:inf", "wave:", "wave:two", ":2", "", "wave,,scream", ","])
def test_what_is_no_weight_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="style="):
        weights_of(text, NAMES)


def test_a_style_twice_is_refused() -> None:
    with pytest.raises(InputError, match="names 'wave' twice"):
        weights_of("wave:2,scream,wave:1", NAMES)
