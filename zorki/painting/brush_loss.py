"""What a painted picture is judged by while the brush learns: `eye`'s Gram matrices, the colours, the content, smoothness.

Source: Gatys, Ecker, Bethge 2016 (style, content); Johnson, Alahi, Fei-Fei 2016 (as a loss for a network).
Differs: each level's distance is divided by what photographs are away from that style on average, so that levels and styles weigh alike;
the colours are a level of their own; average pooling and repeated borders in the network that looks. In training the painting is looked at
from several sides and, where it is installed, by a second network: a brush that is always looked at by the same eye from the same side
learns what excites that eye and no other.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from zorki import weights
from zorki.nets.brush import padded

BLOCKS, COLOURS = 5, 1e-3  # blocks looked at; a distance of colours that is as good as none
SECOND = ("block2", "block4", "block7", "block10")  # of lite0
TURNS, SMALLER = 8, 0.7  # ways to turn and mirror a picture; how much smaller it is looked at in as many views more
VIEWS = 2 * TURNS


class Look(nn.Module):
    """`eye` up to relu5_1, softened: the first ReLU of each block for style, the third and fourth blocks' second for content.

    second: lite0's blocks look at the style too. Raises WeightsError where lite0 is not installed.
    """

    def __init__(self, second: bool = False) -> None:
        super().__init__()
        net = weights.load("eye").module
        convs = {name: layer for name, layer in net.named_children() if name.startswith("conv")}
        self.convs = nn.ModuleDict(convs).requires_grad_(False)
        normalise = net.normalise
        assert isinstance(normalise, nn.Module)
        self.normalise = normalise
        self.second = Second() if second else None

    def forward(self, x: torch.Tensor) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """x (b, 3, h, w) in 0..1 → the style maps, eye's five and then the second's, and the content's two."""
        photo = x
        x = self.normalise(x).contiguous(memory_format=torch.channels_last)
        style, content = [], []
        for block in range(1, BLOCKS + 1):
            x = F.avg_pool2d(x, 2) if block > 1 else x
            for n in (1, 2) if block < BLOCKS else (1,):
                conv = self.convs[f"conv{block}_{n}"]
                assert isinstance(conv, nn.Conv2d)
                x = F.relu(F.conv2d(padded(x), conv.weight, conv.bias))
                if n == 1:
                    style.append(x)
                elif block in (BLOCKS - 2, BLOCKS - 1):
                    content.append(x)
        return (style if self.second is None else style + self.second(photo)), content


class Second(nn.Module):
    """EfficientNet-Lite0, a network of another build and schooling, up to its eleventh block."""

    def __init__(self) -> None:
        super().__init__()
        net = weights.load("lite0").module
        self.parts = nn.ModuleDict({k: v for k, v in net.named_children() if k.startswith(("stem", "block"))}).requires_grad_(False)

    @torch.compiler.disable  # type: ignore[untyped-decorator]  # it takes minutes to compile and is no faster then
    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """x (b, 3, h, w) in 0..1 → the maps behind the blocks of SECOND."""
        out, x = [], ((x * 255 - 127) / 128).contiguous(memory_format=torch.channels_last)
        for name, part in self.parts.items():
            x = part(x)
            if name in SECOND:
                out.append(x)
            if name == SECOND[-1]:
                break
        return out


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
    """Of each level (b, c, c): the layers looked at, and last the colours."""
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


def shares(levels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(b, levels) → (b,) what eye and the colours say, (b,) what the second says; 0 where there is none."""
    first = torch.cat([levels[:, :BLOCKS], levels[:, -1:]], 1).mean(1)
    second = levels[:, BLOCKS:-1]
    return first, second.mean(1) if second.shape[1] else torch.zeros_like(first)


def viewed(x: torch.Tensor, view: int) -> torch.Tensor:
    """(b, 3, h, w) turned and mirrored in the view's way, and from view TURNS on smaller too; view 0 is the picture as it is."""
    x = x.transpose(2, 3) if view & 4 else x
    dims = [d for d, bit in ((2, 1), (3, 2)) if view & bit]
    x = x.flip(dims) if dims else x
    if view >= TURNS:
        hw = [max(32, round(n * SMALLER)) for n in x.shape[-2:]]
        x = F.interpolate(x, hw, mode="bilinear", antialias=True, align_corners=False)
    return x.contiguous(memory_format=torch.channels_last)


class Targets:
    """What each style asks of each level, for each view. seen: by view the grams of each level (styles, c, c), and how far photographs are
    from them (styles, levels).
    """

    def __init__(self, look: Look, styles: Sequence[torch.Tensor], photos: torch.Tensor, views: int = 1) -> None:
        """styles: of each the picture (1, 3, h, w); photos (n, 3, h, w); views: how many there are to be, 1 to VIEWS."""
        self.seen = [self.at(look, styles, photos, view) for view in range(views)]

    @staticmethod
    @torch.no_grad()
    def at(look: Look, styles: Sequence[torch.Tensor], photos: torch.Tensor, view: int) -> tuple[list[torch.Tensor], torch.Tensor]:
        def levels(pictures: Sequence[torch.Tensor]) -> list[torch.Tensor]:
            shown = [viewed(x, view) for x in pictures]
            return [torch.cat(level) for level in zip(*[statistics(x, look(x)[0]) for x in shown], strict=True)]

        grams, here = levels(styles), levels(torch.split(photos, 8))
        scale = torch.stack([apart(here, [g[s : s + 1] for g in grams]).mean(0) for s in range(len(styles))]).clamp_min(1e-12)
        scale[:, -1].clamp_min_(COLOURS)
        return grams, scale

    def of(self, which: torch.Tensor, view: int = 0) -> tuple[list[torch.Tensor], torch.Tensor]:
        """Of the styles of those numbers (b,): their grams, their scale."""
        grams, scale = self.seen[view]
        return [g[which] for g in grams], scale[which]


class Judge(nn.Module):
    """The part of the loss that looks with a network; apart, so that it can be compiled."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look

    def forward(
        self, painted: torch.Tensor, photo: torch.Tensor, style: list[torch.Tensor], scale: torch.Tensor, strength: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Each level's distance (b, levels), as a share of the usual one; that of the content (b,), as a share of its size, mean of two."""
        with torch.no_grad():
            maps, held = self.look(photo)
            here = statistics(photo, maps)
        maps, now = self.look(painted)
        asked = [h + (s - h) * strength[:, None, None] for h, s in zip(here, style, strict=True)]
        levels = apart(statistics(painted, maps), asked) / scale
        return levels, torch.stack([lost(n.float(), h.float()) for n, h in zip(now, held, strict=True)]).mean(0)


def lost(now: torch.Tensor, held: torch.Tensor) -> torch.Tensor:
    """(b,): the squared distance as a share of what was there."""
    return (now - held).square().sum((1, 2, 3)) / held.square().sum((1, 2, 3)).clamp_min(1e-6)
