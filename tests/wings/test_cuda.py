"""On a machine with a CUDA device: every method gives there what it gives on the processor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import zorki
from tests.toys import toy
from tests.wings.contract import job, photo
from tests.wings.test_devices import told, variants
from zorki import lens
from zorki.jobs.methods import Method

pytestmark = [pytest.mark.wings, pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")]


@pytest.fixture(autouse=True)
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """No TF32: what is compared is the code, not the device's rounding."""
    monkeypatch.setattr(torch.backends.cuda.matmul, "allow_tf32", False)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)


@pytest.mark.parametrize(("m", "more", "chosen"), variants(), ids=told)
def test_a_method_gives_the_same_picture(m: Method, more: bool, chosen: dict[str, Any]) -> None:
    plain = job(m, options=more, **chosen).finish().numpy().astype(int)
    made = job(m, lens.Net(toy().cuda(), name="toy", side=32), options=more, **chosen).finish().numpy().astype(int)
    assert abs(made - plain).mean() < 2, "the same picture, up to rounding, which the first steps of Adam enlarge"


def test_our_own_net_names_alike_in_both_places() -> None:
    x = torch.from_numpy(photo(96, 96).transpose(2, 0, 1).copy())[None] / 255
    here = zorki.load("eye", device="cpu", dtype="float32").logits(x)
    for dtype, near in (("float32", 1e-3), ("bfloat16", 0.3)):
        there = zorki.load("eye", device="cuda", dtype=dtype).logits(x.cuda())
        assert there.device.type == "cuda"
        np.testing.assert_allclose(there.float().cpu().numpy(), here.float().numpy(), atol=near)
