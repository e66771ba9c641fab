"""A class for each pixel: an encoder reads the picture, a decoder brings what it found back to full size.

Source: Long, Shelhamer, Darrell 2015 (a classifier made fully convolutional); the sources of each way back stand in its file.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional as F

from zorki.nets import decoders, encoders
from zorki.nets.encoders import Encoder


class Segmenter(nn.Module):
    """Takes pictures (b, channels, h, w) in 0..1 of any size from 1×1 and gives logits (b, classes, h, w).

    net: the way back (`zorki/nets/decoders/`); encoder: what reads (`zorki/nets/encoders/`); width: channels of the way back; more: what else that
    way can be told. Sides that the encoder cannot halve are reflected beyond the right and lower border, and what was predicted there is cut off
    again.
    """

    def __init__(
        self, net: str = "pyramid", encoder: str | Encoder = "lite0", classes: int = 2, channels: int = 3, width: int = 64, **more: Any
    ) -> None:
        super().__init__()
        made = encoder if isinstance(encoder, Encoder) else encoders.encoder(decoders.encoder_of(net, encoder), channels)
        self.asked = {"net": net, "encoder": made.name, "classes": classes, "channels": channels, "width": width} | more
        self.encoder = made
        self.decoder = decoders.decoder(net, made, classes, width, **more)
        self.step = max(made.strides)

    def sizes(self) -> dict[str, Any]:
        """What it was made with, by which it is made again."""
        return dict(self.asked)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h, w = x.shape[-2], x.shape[-1]
        x = reflected(x, self.step)
        y = self.decoder(x, self.encoder(x))
        if y.shape[-2:] != x.shape[-2:]:
            y = F.interpolate(y, x.shape[-2:], mode="bilinear", align_corners=False)
        out: torch.Tensor = y[..., :h, :w]
        return out


def reflected(x: torch.Tensor, step: int, least: int = 1) -> torch.Tensor:
    """x (b, c, h, w), mirrored beyond its last row and column, as often as needed, until its sides are multiples of `step` and at least `least`."""
    for dim in (2, 3):
        size = x.shape[dim]
        if unknown(size) or size % step or size < least:
            period = torch.scalar_tensor(max(1, 2 * (size - 1)), dtype=torch.int64, device=x.device)  # ONNX divides by no bare number
            there = torch.arange(steps(max(size, least), step) * step, device=x.device) % period
            x = x.index_select(dim, torch.where(there < size, there, period - there))
    return x


def steps(size: int, step: int) -> int:
    """How many cover `size`. In an exported program it is a number of its own, so that nothing behind it is reckoned out of remainders."""
    count = (size + step - 1) // step  # ONNX divides towards zero: of nothing that is negative
    if unknown(count):
        count = cast(int, torch.scalar_tensor(count, dtype=torch.int64, device="cpu").item())  # int() would fix it to a number
        torch._check(count >= 1)  # type: ignore[no-untyped-call]
    return count


def unknown(size: int) -> bool:
    """Whether it is a size that an exported program is to leave open; those that it fixes are plain numbers."""
    return exporting() and not isinstance(size, int)


def exporting() -> bool:
    """Whether torch.export is at work: what it writes down is to hold for every size."""
    asked = getattr(torch.compiler, "is_exporting", torch.compiler.is_compiling)  # the former since torch 2.7
    return bool(asked())
