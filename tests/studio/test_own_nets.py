"""A network that a person gives stays as it is and where it is, whatever is asked beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
import torch
from torch import nn

import zorki
from tests.elsewhere import DEVICE, Elsewhere, TwoDevices, moved
from tests.toys import state, toy
from zorki import lens
from zorki.core import processor
from zorki.core.errors import InputError

pytestmark = pytest.mark.tiny
STATE = toy(seed=3).state_dict()
FEW = {"layer": "3", "channel": "0", "steps": 1, "size": 16}
GIVEN: dict[str, Callable[[], nn.Module | lens.Net]] = {
    "module": toy,
    "wrapped": lambda: nn.DataParallel(toy()),
    "net": lambda: lens.Net(toy(), name="mine", side=32),
}


def inside(given: nn.Module | lens.Net) -> nn.Module:
    return given.module if isinstance(given, lens.Net) else given


def all_of(given: nn.Module | lens.Net) -> dict[str, Any]:
    own = {k: v for k, v in vars(given).items() if k != "_hw" and k != "_channels"} if isinstance(given, lens.Net) else {}
    return state(inside(given)) | {"net": own} | {"types": [p.dtype for p in inside(given).parameters()]}


@pytest.mark.parametrize("make", GIVEN.values(), ids=GIVEN)
@pytest.mark.parametrize(
    "dtype", ["float32", pytest.param("bfloat16", marks=pytest.mark.skipif(not processor.bfloat16(), reason="no bfloat16"))]
)
def test_a_type_to_draw_with_is_no_change_of_it(make: Callable[[], Any], dtype: str) -> None:
    given = make()
    if isinstance(given, lens.Net):
        given.drawing = torch.bfloat16 if dtype == "float32" else torch.float32
    before = all_of(given)
    zorki.see.maximize(given, dtype=dtype, **FEW)
    assert all_of(given) == before
    assert zorki.load(given, dtype=dtype).drawing == getattr(torch, dtype)
    assert all_of(given) == before


@pytest.mark.parametrize("make", GIVEN.values(), ids=GIVEN)
def test_weights_are_filled_into_a_copy(make: Callable[[], Any], tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "w.pth")
    given = make()
    before = all_of(given)
    filled = zorki.load(given, weights=tmp_path / "w.pth")
    assert all(torch.equal(x, STATE[key]) for key, x in filled.inner.state_dict().items())
    assert filled.name.endswith(" with w.pth")
    assert type(filled.module) is type(inside(given))
    assert all_of(given) == before
    zorki.see.maximize(given, weights=tmp_path / "w.pth", **FEW)
    assert all_of(given) == before


@pytest.mark.parametrize("make", [GIVEN["module"], GIVEN["net"]], ids=["module", "net"])
def test_a_device_is_that_of_a_copy(make: Callable[[], Any]) -> None:
    given, plain = make(), toy()
    before = all_of(given)
    with TwoDevices():
        there = zorki.load(given, device=str(DEVICE))
        assert there.device == DEVICE
        assert there.module is not inside(given)
        x = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
        assert torch.allclose(there.logits(x).cpu(), plain(x), atol=1e-5)
        assert zorki.see.maximize(given, device=str(DEVICE), **FEW).numpy().any()
    assert all_of(given) == before
    assert zorki.load(given, device="cpu").module is inside(given), "of one that is there already no copy is made"


def test_a_device_that_is_not_named_is_where_the_network_is() -> None:
    given = moved(toy())
    with TwoDevices():
        assert zorki.load(given).device == DEVICE
        back = zorki.load(given, device="cpu")
        assert back.device == torch.device("cpu")
    assert all(isinstance(p, Elsewhere) for p in given.parameters())


@pytest.mark.parametrize("how", ["weights", "device"])
def test_what_cannot_be_copied_is_not_changed_instead(how: str, tmp_path: Path) -> None:
    given = toy()
    given.held = Lock()  # type: ignore[assignment]
    torch.save(STATE, tmp_path / "w.pth")
    before = all_of(given)
    with TwoDevices(), pytest.raises(InputError, match="cannot be copied") as e:
        zorki.load(given, **({"weights": tmp_path / "w.pth"} if how == "weights" else {"device": str(DEVICE)}))
    assert len(e.value.lines()) == 3
    assert all_of(given) == before


def test_a_device_without_numbers_is_refused() -> None:
    for given in (toy(), "eye"):
        with pytest.raises(InputError, match="meta"):
            zorki.load(given, device="meta")
