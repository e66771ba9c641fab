"""What a painted picture is judged by while the brush learns: `eye`'s Gram matrices, the colours, the content, smoothness.

Source: Gatys, Ecker, Bethge 2016 (style, content); Johnson, Alahi, Fei-Fei 2016 (as a loss for a network).
Differs: each level's distance is divided by what photographs are away from that style on average, so that levels and styles weigh alike;
the colours are a level of their own; average pooling and repeated borders in the network that looks.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from zorki import weights
from zorki.nets.brush import padded

BLOCKS, COLOURS = 5, 1e-3  # blocks looked at; a distance of colours that is as good as none


class Look(nn.Module):
    """`eye` up to relu5_1, softened: the first ReLU of each block for style, the fourth block's second for content."""

    def __init__(self) -> None:
        super().__init__()
        net = weights.load("eye").module
        convs = {name: layer for name, layer in net.named_children() if name.startswith("conv")}
        self.convs = nn.ModuleDict(convs).requires_grad_(False)
        normalise = net.normalise
        assert isinstance(normalise, nn.Module)
        self.normalise = normalise

    def forward(self, x: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        """x (b, 3, h, w) in 0..1 → the five style maps, the content's maps."""
        x = self.normalise(x).contiguous(memory_format=torch.channels_last)
        style, content = [], x
        for block in range(1, BLOCKS + 1):
            x = F.avg_pool2d(x, 2) if block > 1 else x
            for n in (1, 2) if block < BLOCKS else (1,):
                conv = self.convs[f"conv{block}_{n}"]
                assert isinstance(conv, nn.Conv2d)
                x = F.relu(F.conv2d(padded(x), conv.weight, conv.bias))
                if n == 1:
                    style.append(x)
                elif block == BLOCKS - 1:
                    content = x
        return style, content


def gram(maps: torch.Tensor) -> torch.Tensor:
    """(b, c, h, w) → (b, c, c) float32, the mean over places of a aᵀ."""
    rows = maps.permute(0, 2, 3, 1).flatten(1, 2)
    return (rows.transpose(1, 2) @ rows).float() / rows.shape[1]


def colours(x: torch.Tensor) -> torch.Tensor:
    """(b, 3, h, w) → (b, 4, 4): the Gram matrix of the colours about mid-grey beside a constant channel of ½."""
    with torch.autocast(x.device.type, enabled=False):
        flat = F.pad((x.float() - 0.5).flatten(2), (0, 0, 0, 1), value=0.5)
        return flat @ flat.transpose(1, 2) / flat.shape[2]


def statistics(x: torch.Tensor, maps: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Of each level (b, c, c): five layers and the colours."""
    return [*(gram(m) for m in maps), colours(x)]


def apart(here: Sequence[torch.Tensor], there: Sequence[torch.Tensor]) -> torch.Tensor:
    """(b, levels): squared distances."""
    return torch.stack([(a - b).square().sum((1, 2)) for a, b in zip(here, there, strict=True)], 1)


def variation(x: torch.Tensor) -> torch.Tensor:
    """(b,): mean square of the differences between neighbours, down and across."""
    return (x[:, :, 1:] - x[:, :, :-1]).square().mean((1, 2, 3)) + (x[..., 1:] - x[..., :-1]).square().mean((1, 2, 3))


def beyond(x: torch.Tensor) -> torch.Tensor:
    """(b,): mean square of what lies outside 0..1."""
    return F.relu((x - 0.5).abs() - 0.5).square().mean((1, 2, 3))


class Targets:
    """What each style asks of each level. grams: per level (styles, c, c); scale (styles, levels): how far photographs are from it."""

    def __init__(self, look: Look, styles: Sequence[torch.Tensor], photos: torch.Tensor) -> None:
        """styles: of each the picture (1, 3, h, w); photos (n, 3, h, w)."""
        with torch.no_grad():
            self.grams = [torch.cat(level) for level in zip(*[statistics(x, look(x)[0]) for x in styles], strict=True)]
            here = [torch.cat(level) for level in zip(*[statistics(x, look(x)[0]) for x in torch.split(photos, 8)], strict=True)]
            far = [apart(here, [g[s : s + 1] for g in self.grams]).mean(0) for s in range(len(styles))]
        self.scale = torch.stack(far).clamp_min(1e-12)
        self.scale[:, -1].clamp_min_(COLOURS)

    def of(self, which: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        return [g[which] for g in self.grams], self.scale[which]


class Judge(nn.Module):
    """The part of the loss that looks with a network; apart, so that it can be compiled."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look

    def forward(
        self, painted: torch.Tensor, photo: torch.Tensor, style: list[torch.Tensor], scale: torch.Tensor, strength: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Each level's distance (b, levels), as a share of the usual one; that of the content (b,), as a share of its size."""
        with torch.no_grad():
            maps, held = self.look(photo)
            here = statistics(photo, maps)
        maps, now = self.look(painted)
        asked = [h + (s - h) * strength[:, None, None] for h, s in zip(here, style, strict=True)]
        levels = apart(statistics(painted, maps), asked) / scale
        held = held.float()
        return levels, (now.float() - held).square().sum((1, 2, 3)) / held.square().sum((1, 2, 3)).clamp_min(1e-6)
