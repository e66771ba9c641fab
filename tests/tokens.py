"""Nets whose tokens stand in every order that people's transformers put them in, small. All take 64 x 64 pixels, in patches of 8."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

D, SIDE, PATCH = 16, 64, 8
GRID = SIDE // PATCH


class Looks(nn.Module):
    """A block whose attention is written out, as timm's and vit-pytorch's are; any number of windows (…, n, d)."""

    def __init__(self, d: int = D, bias: nn.Module | None = None) -> None:
        super().__init__()
        self.norm1, self.qkv, self.attend, self.drop, self.out = (
            nn.LayerNorm(d),
            nn.Linear(d, 3 * d),
            nn.Softmax(-1),
            nn.Dropout(),
            nn.Linear(d, d),
        )
        self.norm2, self.mlp = nn.LayerNorm(d), nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Linear(2 * d, d))
        self.bias = bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        *front, n, d = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(*front, n, 3, 2, d // 2).transpose(-2, -4).unbind(-3)  # (…, 2, n, d / 2) each
        look = q @ k.transpose(-2, -1) / 3
        look = self.drop(self.attend(look if self.bias is None else look + self.bias()))
        x = x + self.out((look @ v).transpose(-2, -3).reshape(*front, n, d))
        return x + self.mlp(self.norm2(x))  # type: ignore[no-any-return]


class Written(nn.Module):
    """Tokens before and behind the patches: class, registers. Its class comes from the first of them, the last, or all patches' mean."""

    img_size = SIDE

    def __init__(self, first: int = 1, last: int = 0, blocks: int = 3) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, D, PATCH, PATCH)
        self.before, self.behind = nn.Parameter(torch.randn(1, first, D)), nn.Parameter(torch.randn(1, last, D))
        self.blocks = nn.Sequential(*(Looks() for _ in range(blocks)))
        self.norm, self.head, self.first, self.last = nn.LayerNorm(D), nn.Linear(D, 5), first, last

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.before.expand(len(x), -1, -1), x, self.behind.expand(len(x), -1, -1)], 1)
        x = self.norm(self.blocks(x))
        return self.head(x[:, 0] if self.first else x[:, -1] if self.last else x.mean(1))  # type: ignore[no-any-return]


class Rearranged(nn.Module):
    """vit-pytorch's: pixels of a patch in a row, a norm, a linear layer. patch need not divide the picture."""

    def __init__(self, patch: int = PATCH) -> None:
        super().__init__()
        self.side, self.embed = patch, nn.Sequential(nn.LayerNorm(3 * patch**2), nn.Linear(3 * patch**2, D), nn.LayerNorm(D))
        self.block, self.head = Looks(), nn.Linear(D, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        p, (h, w) = self.side, (x.shape[2] // self.side, x.shape[3] // self.side)
        x = x[:, :, : h * p, : w * p].reshape(len(x), 3, h, p, w, p).permute(0, 2, 4, 3, 5, 1).reshape(len(x), h * w, -1)
        return self.head(self.block(self.embed(x)).mean(1))  # type: ignore[no-any-return]


class Sequence(nn.Module):
    """CLIP's: tokens first, then pictures (n, b, d)."""

    img_size = SIDE

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.token = nn.Conv2d(3, D, PATCH, PATCH), nn.Parameter(torch.randn(1, 1, D))
        self.norm, self.attn, self.end, self.head = nn.LayerNorm(D), nn.MultiheadAttention(D, 2), nn.Identity(), nn.Linear(D, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patch(x).flatten(2).permute(0, 2, 1)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1).permute(1, 0, 2)
        y = self.norm(x)
        return self.head(self.end(x + self.attn(y, y, y, need_weights=False)[0])[0])  # type: ignore[no-any-return]


class Bias(nn.Module):
    """What attention adds to each pair of tokens: depends on no picture."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(2, n, n))

    def forward(self) -> torch.Tensor:
        return self.table


class Shifted(nn.Module):
    """Swin's: windows of 4 x 4 tokens, shifted, with a bias that is a module; tokens (b, n, d) outside; then patches merged."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.block, self.merge = nn.Conv2d(3, D, PATCH, PATCH), Looks(bias=Bias(16)), nn.Linear(4 * D, D)
        self.blocked, self.end, self.head = nn.Identity(), nn.LayerNorm(D), nn.Linear(D, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        b, n, d = x.shape
        x = x.view(b, GRID, GRID, d).roll((-2, -2), (1, 2)).view(b, 2, 4, 2, 4, d).transpose(2, 3).reshape(-1, 16, d)
        x = self.block(x).view(b, 2, 2, 4, 4, d).transpose(2, 3).reshape(b, GRID, GRID, d).roll((2, 2), (1, 2))
        x = self.blocked(x.reshape(b, n, d)).view(b, GRID, GRID, d)
        x = torch.cat([x[:, i::2, j::2] for j in (0, 1) for i in (0, 1)], -1).flatten(1, 2)
        return self.head(self.end(self.merge(x)).mean(1))  # type: ignore[no-any-return]


class Nested(nn.Module):
    """NesT's: (b, blocks, n, d), and maps between two levels."""

    img_size = SIDE

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.one, self.pool, self.two, self.head = (
            nn.Conv2d(3, D, PATCH, PATCH),
            Looks(),
            nn.Conv2d(D, D, 3, 2, 1),
            Looks(),
            nn.Linear(D, 5),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patch(x).permute(0, 2, 3, 1)
        b, d = len(x), x.shape[-1]
        x = self.one(x.reshape(b, 2, 4, 2, 4, d).transpose(2, 3).reshape(b, 4, 16, d))
        x = x.reshape(b, 2, 2, 4, 4, d).transpose(2, 3).reshape(b, GRID, GRID, d).permute(0, 3, 1, 2)
        x = self.two(self.pool(x).flatten(2).transpose(1, 2).unsqueeze(1))
        return self.head(x.mean((1, 2)))  # type: ignore[no-any-return]


class Within(nn.Module):
    """TNT's: outer tokens of patches, and inside each patch 4 x 4 inner tokens (b · patches, 16, d)."""

    img_size = SIDE

    def __init__(self) -> None:
        super().__init__()
        self.pixels, self.token = nn.Conv2d(3, 4, 3, 2, 1), nn.Parameter(torch.randn(1, 1, D))
        self.first, self.inner, self.project, self.outer = nn.Linear(64, D), Looks(4), nn.Linear(64, D), Looks()
        self.norm, self.head = nn.LayerNorm(D), nn.Linear(D, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b = len(x)
        inner = F.unfold(self.pixels(x), 4, stride=4).transpose(1, 2).reshape(b * GRID**2, 4, 16).transpose(1, 2)
        outer = torch.cat([self.token.expand(b, -1, -1), self.first(inner.reshape(b, GRID**2, 64))], 1)
        added = self.project(self.inner(inner).reshape(b, GRID**2, 64))
        outer = torch.cat([outer[:, :1], outer[:, 1:] + added], 1)
        return self.head(self.norm(self.outer(outer))[:, 0])  # type: ignore[no-any-return]


class Queries(nn.Module):
    """DETR's: a hundred learnt queries that look at the patches, and stand for no place."""

    img_size = SIDE

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.queries = nn.Conv2d(3, D, PATCH, PATCH), nn.Parameter(torch.randn(1, 100, D))
        self.look, self.dec, self.head = nn.MultiheadAttention(D, 2, batch_first=True), nn.Linear(D, D), nn.Linear(D, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        m = self.patch(x).flatten(2).transpose(1, 2)
        return self.head(self.dec(self.look(self.queries.expand(len(x), -1, -1), m, m)[0])).mean(1)  # type: ignore[no-any-return]


class Masked(nn.Module):
    """MAE's encoder: a quarter of the patches, drawn anew each time."""

    img_size = SIDE

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.block, self.head = nn.Conv2d(3, D, PATCH, PATCH), Looks(), nn.Linear(D, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        kept = torch.rand(x.shape[:2]).argsort(1)[:, :16, None].expand(-1, -1, D)
        return self.head(self.block(x.gather(1, kept)).mean(1))  # type: ignore[no-any-return]


class Mixer(nn.Module):
    """Tokens mixed by a linear layer over them, between two transposes."""

    img_size = SIDE

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.mix, self.end, self.head = nn.Conv2d(3, D, PATCH, PATCH), nn.Linear(64, 64), nn.LayerNorm(D), nn.Linear(D, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        return self.head(self.end(x + self.mix(x.transpose(1, 2)).transpose(1, 2)).mean(1))  # type: ignore[no-any-return]


class Unpadded(nn.Module):
    """Six convolutions of 9 x 9 that each read their middle alone, without padding: a unit stands 24 pixels inside."""

    def __init__(self, count: int = 6) -> None:
        super().__init__()
        self.body = nn.Sequential(*(nn.Conv2d(1 if i else 3, 1, 9) for i in range(count)))
        self.relu, self.head = nn.ReLU(), nn.Linear(1, 2)
        with torch.no_grad():
            for part in self.body:
                part.weight.zero_()[:, :, 4, 4] = 1 / part.in_channels
                part.bias.zero_()
            self.head.weight.copy_(torch.tensor([[1.0], [-1.0]]))
            self.head.bias.zero_()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.relu(self.body(x)).mean((2, 3)))  # type: ignore[no-any-return]


def spectral() -> nn.Module:
    """Weights that are computed by a module of their own, whose buffers move in train mode."""
    norm = nn.utils.parametrizations.spectral_norm
    return nn.Sequential(
        norm(nn.Conv2d(3, 8, 3)), nn.ReLU(), norm(nn.Conv2d(8, 8, 3)), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)
    )  # fmt: skip
