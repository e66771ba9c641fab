"""Where the people are in photographs that nobody has drawn on, as two teachers see it.

Source: Chen et al. 2017 (DeepLab v3; here with MobileNetV2 and without the atrous pyramid, trained on Pascal VOC, Apache-2.0); MediaPipe's selfie
segmentation (Apache-2.0), which is asked only about what DeepLab takes for one near person.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

PERSON = 15  # of Pascal VOC's classes
SIDES = (385, 513, 641)  # 16 n + 1: "SAME" padding is symmetric there
WIDTHS = (16, *[24] * 2, *[32] * 3, *[64] * 4, *[96] * 3, *[160] * 3, 320)


class Bottleneck(nn.Module):
    """MobileNetV2's block, its batch norms folded in."""

    def __init__(self, before: int, after: int, expansion: int, stride: int, dilation: int) -> None:
        super().__init__()
        wide = before * expansion
        self.expand = nn.Conv2d(before, wide, 1) if expansion > 1 else None
        self.depthwise = nn.Conv2d(wide, wide, 3, stride, padding=dilation, dilation=dilation, groups=wide)
        self.project = nn.Conv2d(wide, after, 1)
        self.adds = stride == 1 and before == after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x if self.expand is None else F.relu6(self.expand(x))
        y = self.project(F.relu6(self.depthwise(y)))
        return x + y if self.adds else y


class DeepLab(nn.Module):
    """(b, 3, h, w) in 0..1, sides 16 n + 1, to logits of Pascal VOC's 21 classes at a sixteenth."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 3, 2, padding=1)
        before = 32
        for i, after in enumerate(WIDTHS):
            self.add_module(f"block{i}", Bottleneck(before, after, 6 if i else 1, 2 if i in (1, 3, 6) else 1, 2 if i >= 14 else 1))
            before = after
        self.image_pooling, self.aspp0 = nn.Conv2d(320, 256, 1), nn.Conv2d(320, 256, 1)
        self.concat_projection, self.logits = nn.Conv2d(512, 256, 1), nn.Conv2d(256, 21, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu6(self.stem(x * 255 / 128 - 1))
        for i in range(len(WIDTHS)):
            y = getattr(self, f"block{i}")(y)
        whole = F.relu(self.image_pooling(y.mean((2, 3), keepdim=True))).expand(-1, -1, *y.shape[-2:])
        out: torch.Tensor = self.logits(F.relu(self.concat_projection(torch.cat([whole, F.relu(self.aspp0(y))], 1))))
        return out


def deeplab(weights: Path) -> DeepLab:
    """With the published numbers."""
    net = DeepLab()
    net.load_state_dict({k: v.float() for k, v in load_file(weights / "deeplabv3_mobilenetv2_voc21.safetensors").items()})
    return net.eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


@torch.inference_mode()
def person(net: DeepLab, picture: torch.Tensor) -> torch.Tensor:
    """picture: (1, 3, h, w) in 0..1. Returns the share of person (1, 1, h, w): the mean of three sizes and of each mirrored."""
    total = torch.zeros(1, 1, *picture.shape[-2:], dtype=torch.float32, device="cpu")
    for side in SIDES:
        x = F.interpolate(picture, (side, side), mode="bilinear", align_corners=False, antialias=True)
        for seen, back in ((x, False), (x.flip(-1), True)):
            y = F.interpolate(net(seen), (side, side), mode="bilinear", align_corners=True)
            y = F.interpolate(y.softmax(1)[:, PERSON : PERSON + 1], picture.shape[-2:], mode="bilinear", align_corners=False)
            total += y.flip(-1) if back else y
    return total / (2 * len(SIDES))


class Selfie:
    """One near person, at 256×256."""

    def __init__(self, weights: Path) -> None:
        import onnxruntime

        self.session = onnxruntime.InferenceSession(str(weights / "selfie_segmentation.onnx"), providers=["CPUExecutionProvider"])

    def __call__(self, picture: torch.Tensor) -> torch.Tensor:
        """As `person`; without a near person it means nothing."""
        x = F.interpolate(picture, (256, 256), mode="bilinear", align_corners=False, antialias=True)
        total = np.zeros((1, 1, 256, 256), np.float32)
        for flip in (1, -1):
            total += self.session.run(["mask"], {"image": x.numpy()[..., ::flip].copy()})[0][..., ::flip] / 2
        return F.interpolate(torch.from_numpy(total), picture.shape[-2:], mode="bilinear", align_corners=False)


def overlap(a: torch.Tensor, b: torch.Tensor) -> float:
    """Intersection over union of what both take for more likely than not."""
    one, two = a > 0.5, b > 0.5
    return float((one & two).sum() / (one | two).sum().clamp(min=1))


NEAR, AGREED = 0.12, 0.75  # share of the picture that a near person covers; overlap from which the second teacher is heard


def said(both: tuple[DeepLab, Selfie], picture: torch.Tensor) -> torch.Tensor:
    """The share of person (1, 1, h, w) that is taught: DeepLab's, and the mean with the other's finer outline where they agree on a near person."""
    first = person(both[0], picture)
    if float((first > 0.5).float().mean()) < NEAR:
        return first
    second = both[1](picture)
    return (first + second) / 2 if overlap(first, second) >= AGREED else first
