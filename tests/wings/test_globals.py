"""Whatever the caller has set for all of torch (inference mode, a default type, a default device) changes no result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import zorki
from tests.toys import toy
from tests.wings.contract import SHOWN, ids, job
from zorki import lens
from zorki.jobs.methods import Method

pytestmark = pytest.mark.tiny


@contextmanager
def double() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def elsewhere() -> Iterator[None]:
    """A default device on which no number can be read."""
    torch.set_default_device("meta")
    try:
        yield
    finally:
        torch.set_default_device(None)  # type: ignore[no-untyped-call]


def made(m: Method, module: torch.nn.Module | None = None) -> Any:
    quick = {"drawn": False} if m.name == "patches" else {}
    return job(m, lens.Net(toy() if module is None else module, name="toy", side=32), options=True, **quick).finish().numpy()


@pytest.mark.parametrize("m", SHOWN, ids=ids)
def test_a_default_type_and_a_default_device_are_nobodys_here(m: Method) -> None:
    module = toy()
    plain = made(m, module)
    with double():
        assert np.array_equal(made(m, module), plain)
    with elsewhere():
        assert np.abs(made(m, module).astype(int) - plain).mean() < 0.5, "up to rounding: the two ways of a convolution and its ReLU"


@pytest.mark.parametrize("m", SHOWN, ids=ids)
def test_inference_mode_changes_nothing(m: Method) -> None:
    """Called inside it, with a net of before, with one made inside, and with that one when it is over."""
    plain = made(m)
    module = toy()
    with torch.inference_mode():
        inside = toy()
        assert np.array_equal(made(m, module), plain)
        assert np.array_equal(made(m, inside), plain)
    assert np.array_equal(made(m, inside), plain)
    assert all(p.is_inference() and p.requires_grad for p in inside.parameters()), "the user's net is what it was"


def test_a_net_of_inference_mode_is_copied_with_all_that_it_holds() -> None:
    """Shared and frozen parameters, buffers and plain tensors; what holds nothing of it is not copied."""

    class Odd(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 3, 3, padding=1)
            self.again = self.conv
            self.conv.bias.requires_grad_(False)  # type: ignore[union-attr]
            self.register_buffer("by", torch.full((3, 1, 1), 2.0))
            self.plus = torch.full((3, 1, 1), 0.5)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.again(self.conv(x)) * self.by + self.plus  # type: ignore[no-any-return, operator]

    with torch.inference_mode():
        odd = Odd()
        truth = odd(torch.ones(1, 3, 8, 8)).clone()
    net = lens.Net(odd)
    assert net.module is net.inner is not odd
    assert net.inner.conv is net.inner.again
    assert not net.inner.conv.bias.requires_grad  # type: ignore[union-attr]
    x = torch.ones(1, 3, 8, 8, requires_grad=True)
    assert torch.allclose(net.logits(x), truth, atol=1e-6)
    assert torch.autograd.grad(net.logits(x).sum(), x)[0].abs().sum() > 0
    assert lens.Net(toy_ := toy()).module is toy_


def test_the_eye_and_a_users_file_may_be_loaded_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text("from tests.toys import toy\ndef build():\n    return toy()\n")
    torch.save(toy(seed=1).state_dict(), tmp_path / "w.pth")
    photo = np.random.default_rng(0).integers(0, 256, (40, 48, 3), dtype=np.uint8)
    few: dict[str, Any] = {"device": "cpu", "dtype": "float32", "size": 48, "steps": 1, "octaves": 1}
    eye, mine = (zorki.see.dream(photo, model=model, **few).numpy() for model in ("eye", "net.py:build"))
    with double(), torch.inference_mode():
        loaded = zorki.load("eye", device="cpu", dtype="float32")
    assert {p.dtype for p in loaded.module.parameters()} == {torch.float32}
    assert np.array_equal(zorki.see.dream(loaded, photo, size=48, steps=1, octaves=1).numpy(), eye)
    with elsewhere():
        assert np.abs(zorki.see.dream(photo, **few).numpy().astype(int) - eye).mean() < 0.1
    with torch.inference_mode():
        assert np.array_equal(zorki.see.dream(photo, model="net.py:build", **few).numpy(), mine)
        filled = zorki.load("net.py:build", weights="w.pth")
    x = torch.rand(1, 3, 32, 32)
    assert torch.allclose(filled.logits(x).cpu(), toy(seed=1)(x), atol=1e-5)
    assert not any(p.is_inference() for p in filled.module.parameters())
