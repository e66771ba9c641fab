"""No method makes a float64, and none mixes devices: what CUDA and mps would refuse is refused here too."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

import pytest
import torch

from tests.elsewhere import DEVICE, Elsewhere, NoDoubles, TwoDevices, moved
from tests.toys import toy
from tests.wings.contract import SHOWN, ids, job
from zorki import lens
from zorki.core.settings import options
from zorki.jobs.methods import Method

pytestmark = pytest.mark.tiny


def test_the_modes_catch_what_they_are_for() -> None:
    with TwoDevices():
        x = torch.ones(3, device=DEVICE)
        assert isinstance(x, Elsewhere)
        assert x.device == DEVICE
        assert (x + 1).device == DEVICE
        assert torch.equal((x + torch.ones(3).to(DEVICE)).cpu(), torch.full((3,), 2.0))
        with pytest.raises(RuntimeError, match="main memory"):
            x + torch.ones(3)
    with NoDoubles(), pytest.raises(RuntimeError, match="float64"):
        torch.linspace(0, 1, 3, dtype=torch.float64)


def variants() -> list[tuple[Method, bool, dict[str, Any]]]:
    """Every method as it is, with each choice that its options have, and with the pictures that may be given."""
    found = []
    for m in SHOWN:
        choices = [{o.name: c} for o in options(m.settings) for c in get_args(o.type) if get_origin(o.type) is Literal]
        found += [(m, False, chosen) for chosen in ({}, *choices)]
        if any(i.option for i in m.inputs.values()):
            found.append((m, True, {}))
    return found


def told(case: Any) -> str:
    return ids(case) if isinstance(case, Method) else str(case)


@pytest.mark.parametrize(("m", "more", "chosen"), variants(), ids=told)
def test_nothing_is_mixed(m: Method, more: bool, chosen: dict[str, Any]) -> None:
    net = lens.Net(moved(toy()), name="toy", side=32)
    plain = job(m, options=more, **chosen).finish().numpy().astype(int)
    with TwoDevices():
        assert net.device == DEVICE
        made = job(m, net, options=more, **chosen).finish().numpy().astype(int)
    assert abs(made - plain).mean() < 0.5, "the same picture, up to rounding"


@pytest.mark.parametrize(("m", "more", "chosen"), variants(), ids=told)
def test_no_float64_is_born(m: Method, more: bool, chosen: dict[str, Any]) -> None:
    with NoDoubles():
        assert job(m, options=more, **chosen).finish().numpy().size
