"""The Python surface as a person in a notebook meets it."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch

import zorki
from tests.toys import toy
from zorki.core.errors import InputError
from zorki.jobs.methods import method, methods, wings

PHOTO = np.random.default_rng(0).integers(0, 256, (32, 40, 3), dtype=np.uint8)


@pytest.mark.parametrize(("wing", "name"), [(w, n) for w in wings() for n in methods(w)])
def test_help_and_signature_show_pictures_and_options(wing: str, name: str) -> None:
    call, m = getattr(getattr(zorki, wing), name), method(wing, name)
    doc = inspect.getdoc(type(call)) or ""
    assert m.summary in doc
    shown = inspect.signature(call).parameters
    for field in m.settings.__dataclass_fields__:
        assert f"{field} = " in doc
        assert shown[field].kind is inspect.Parameter.KEYWORD_ONLY
    assert all(f"    {n}: " in doc and n in shown for n in m.inputs)


def test_a_picture_is_an_array_for_whoever_asks() -> None:
    made = zorki.see.dream(toy(), PHOTO, layer="3", octaves=1, steps=1)
    assert np.array_equal(np.asarray(made), made.numpy())
    assert np.asarray(made, dtype=np.float32).dtype == np.float32
    assert torch.as_tensor(np.asarray(made)).shape == (32, 40, 3)


def test_lists_and_numbers_stand_for_text() -> None:
    given = {"steps": 2, "size": 32, "layers": ["1"], "content_layer": "4"}
    one = zorki.style.transfer(toy(), PHOTO, PHOTO[::-1], PHOTO[:, ::-1], mix=(2, 0.5), **given)
    assert one.record["options"]["mix"] == "2,0.5"
    assert np.array_equal(one.numpy(), zorki.style.transfer(toy(), PHOTO, PHOTO[::-1], PHOTO[:, ::-1], mix="2,0.5", **given).numpy())
    exact = zorki.style.transfer(toy(), PHOTO, PHOTO[::-1], PHOTO[:, ::-1], mix=(1234567, 0.123456789), **given)
    assert exact.record["options"]["mix"] == "1234567,0.123456789"
    with pytest.raises(InputError, match="3 styles"):
        zorki.style.transfer(toy(), PHOTO, PHOTO[::-1], PHOTO[:, ::-1], PHOTO[::-1, ::-1], mix=[2, 1], **given)


def test_a_network_by_name_comes_first_where_no_picture_could() -> None:
    assert zorki.see.filters("eye", layer="conv1_1", channel="0").record["model"] == "eye"
    with pytest.raises(zorki.core.errors.UnknownName, match="model"):
        zorki.see.filters("eyes", layer="conv1_1")
