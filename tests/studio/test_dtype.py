"""bfloat16 where the processor has it, and one sentence where it has not."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import zorki
from zorki.core import processor
from zorki.core.errors import InputError
from zorki.nets import fused

CPU = torch.device("cpu")


def test_a_processor_without_bfloat16_draws_in_float32_and_says_so_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(processor.SWITCH, "0")
    assert zorki.load("eye", device="cpu").drawing == torch.float32
    with pytest.raises(InputError, match=r"^This processor does not compute bfloat16\..*dtype=float32") as e:
        zorki.see.dream(torch.rand(3, 32, 32), device="cpu", dtype="bfloat16", steps=1, octaves=1)
    assert "size" not in str(e.value)


def test_the_switch_takes_away_and_gives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for told, has in (("0", False), ("1", processor.has_bfloat16()), ("", processor.has_bfloat16())):
        monkeypatch.setenv(processor.SWITCH, told)
        assert processor.bfloat16() is has
        assert zorki.load("eye", device="cpu").drawing == (torch.bfloat16 if has else torch.float32)


def test_what_onednn_refuses_is_not_asked_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A net in bfloat16, or under autocast, runs without it as with it: torch's own convolution needs no processor for that."""
    monkeypatch.setattr(fused.ConvRelu, "apply", lambda *_: pytest.fail("oneDNN was asked"))
    monkeypatch.setenv(processor.SWITCH, "0")
    conv, x = nn.Conv2d(3, 8, 3).requires_grad_(False), torch.rand(1, 3, 16, 16)
    with torch.autocast("cpu", torch.bfloat16):
        assert fused.conv_relu(conv, nn.ReLU(), x).dtype == torch.bfloat16
    assert fused.conv_relu(conv.bfloat16(), nn.ReLU(), x.bfloat16()).dtype == torch.bfloat16
