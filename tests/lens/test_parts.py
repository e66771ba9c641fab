"""A net is walked once, and again when somebody changed it: nothing goes on with what is no longer there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import zorki
from tests.toys import toy
from zorki import lens
from zorki.lens.parts import Parts

pytestmark = pytest.mark.tiny


class Other(nn.Conv2d):
    pass


def recast(m: nn.Module) -> None:
    m[0].__class__ = Other  # type: ignore[index]


def move(m: nn.Module) -> None:
    """The same modules in the same order, but the last of one hangs on the next now."""
    m[1].add_module("inside", m[0]._modules.pop("inside"))  # type: ignore[index, union-attr, operator]


CHANGES: dict[str, Callable[[nn.Module], object]] = {
    "added": lambda m: m.add_module("more", nn.Linear(5, 5)),
    "deep": lambda m: m[0].add_module("deep", nn.BatchNorm2d(8)),  # type: ignore[index, union-attr, operator]
    "replaced": lambda m: m.__setitem__(1, nn.PReLU()),  # type: ignore[operator]
    "taken out": lambda m: m.__delitem__(6),  # type: ignore[operator]
    "parameter": lambda m: setattr(m[0], "weight", nn.Parameter(torch.zeros(8, 3, 3, 3))),  # type: ignore[index, arg-type]
    "no bias": lambda m: setattr(m[0], "bias", None),  # type: ignore[index, arg-type]
    "buffer": lambda m: m.register_buffer("told", torch.zeros(3)),
    "class": recast,
    "moved": move,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_change_is_noticed(change: Callable[[nn.Module], object]) -> None:
    module = toy()
    module[0].add_module("inside", nn.Identity())  # type: ignore[index, union-attr, operator]
    parts = Parts(module)
    before = parts.now()
    assert parts.now() is before
    change(module)
    now = parts.now()
    assert now is not before
    for found, truth in ((now.modules, module.modules()), (now.parameters, module.parameters()), (now.buffers, module.buffers())):
        assert [id(x) for x in found] == [id(x) for x in truth]
    assert parts.now() is now


def test_what_came_in_between_steps_is_quiet_too() -> None:
    module = toy()
    net = lens.Net(module, name="toy", side=32)
    steps = zorki.see.dream.steps(net, torch.rand(3, 32, 32), layer="3", octaves=1, steps=3, size=32)
    next(steps)
    heard = []
    late = nn.Conv2d(3, 3, 1).train()
    late.register_forward_hook(lambda m, *_: heard.append((m.training, late.weight.requires_grad)))
    module[0] = nn.Sequential(late, module[0])  # type: ignore[index, operator]
    next(steps)
    assert heard
    assert set(heard) == {(False, False)}
    assert late.training
    assert late.weight.requires_grad


def test_four_steps_walk_a_net_no_more_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    net, photo = lens.Net(toy(), name="toy", side=32), torch.rand(3, 32, 32)
    count, real = [0], nn.Module.named_modules

    def counting(self: nn.Module, memo: object = None, *more: object, **how: object) -> object:
        count[0] += memo is None
        return real(self, memo, *more, **how)  # type: ignore[arg-type]

    def walks(steps: int) -> int:
        count[0] = 0
        zorki.see.dream(net, photo, layer="3", octaves=1, steps=steps, size=32)
        return count[0]

    walks(1)
    monkeypatch.setattr(nn.Module, "named_modules", counting)
    assert walks(1) == walks(4) <= 3
