"""The awkward zoo: small nets with every habit that people's models have. Each says what it takes and what is awkward about it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from tests.tokens import Nested, Shifted, Written, spectral
from tests.toys import toy


class Functional(nn.Module):
    """ReLUs that are functions, one of them in place."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.fc = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 12, 3, padding=1), nn.Linear(12, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.max_pool2d(F.relu(self.a(x)), 2)
        x = F.relu_(self.b(x))
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]


class Reused(nn.Module):
    """One ReLU module that runs twice, in place, as in many a ResNet."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.fc = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1), nn.Linear(8, 5)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.a(x))
        x = self.relu(x + self.b(x))
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]


def activated(activation: nn.Module) -> nn.Module:
    """Two convolutions with that activation."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), activation, nn.MaxPool2d(2), nn.Conv2d(8, 12, 3, padding=1), type(activation)(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 5),
    )  # fmt: skip


def channels(count: int) -> nn.Module:
    """A net whose pictures have `count` channels."""
    return nn.Sequential(
        nn.Conv2d(count, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 12, 3, padding=1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 5),
    )  # fmt: skip


def fixed() -> nn.Module:
    """Takes 28 x 28 alone: the linear layer counts every unit."""
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 14 * 14, 5)
    )  # fmt: skip


class Gives(nn.Module):
    """Wraps the toy's logits into something else."""

    def __init__(self, form: Callable[[torch.Tensor], Any]) -> None:
        super().__init__()
        self.body, self.form = toy(), form

    def forward(self, x: torch.Tensor) -> Any:
        return self.form(self.body(x))


@dataclass
class Output:
    """As transformers' models give it."""

    loss: torch.Tensor | None
    logits: torch.Tensor


class TwoPictures(nn.Module):
    """forward(left, right)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 8, 3, padding=1), nn.Linear(8, 5)

    def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        return self.fc((self.conv(left) - self.conv(right)).relu().mean((2, 3)))  # type: ignore[no-any-return]


class PictureAndNumbers(nn.Module):
    """forward(pair) with one tuple (picture, features), giving a list of heat maps (S05)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, pair: tuple[torch.Tensor, torch.Tensor]) -> list[torch.Tensor]:
        picture, features = pair
        maps = self.conv(picture) + features[:, :, None, None]
        return [maps, maps.relu()]


class Views(nn.Module):
    """One argument that is a list of three pictures; the backbone runs three times (S03)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(12, 5)

    def forward(self, views: list[torch.Tensor]) -> torch.Tensor:
        return self.fc(torch.cat([self.conv(x).relu().mean((2, 3)) for x in views], 1))  # type: ignore[no-any-return]


class Normalises(nn.Module):
    """Takes 0..255 and normalises inside."""

    def __init__(self) -> None:
        super().__init__()
        self.body = toy()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body((x * 255 - 127.5) / 127.5)  # type: ignore[no-any-return]


class Normed(nn.Module):
    """Batch norm and dropout, left in train mode: looking at it must change no running mean."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.Dropout2d(0.5), nn.Conv2d(8, 12, 3, padding=1),
            nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(12, 5),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x)  # type: ignore[no-any-return]


class Attention(nn.Module):
    """A transformer's block on tokens (b, n, d)."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.norm1, self.attn, self.norm2 = nn.LayerNorm(d), nn.MultiheadAttention(d, 2, batch_first=True), nn.LayerNorm(d)
        self.mlp = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Linear(2 * d, d))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.norm1(x)
        x = x + self.attn(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.norm2(x))  # type: ignore[no-any-return]


class ViT(nn.Module):
    """Patches of 8, a class token, learnt positions: takes one size alone. hw: of its pictures, which need not be square."""

    def __init__(self, hw: tuple[int, int] = (32, 32), d: int = 16) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, d, 8, stride=8)
        self.token = nn.Parameter(torch.randn(1, 1, d))
        self.position = nn.Parameter(torch.randn(1, 1 + hw[0] * hw[1] // 64, d))
        self.blocks = nn.Sequential(Attention(d), Attention(d))
        self.norm, self.head = nn.LayerNorm(d), nn.Linear(d, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.position
        return self.head(self.norm(self.blocks(x))[:, 0])  # type: ignore[no-any-return]


class Sliced(nn.Module):
    """As vit-pytorch's: patches of `patch` that must divide the picture (`cut`: what is over is cut off), places learnt for `side`, of which a smaller picture takes the first."""

    def __init__(self, side: int = 96, patch: int = 16, cut: bool = False, d: int = 16) -> None:
        super().__init__()
        self.size, self.place = patch, nn.Parameter(torch.randn(1, (side // patch) ** 2, d) * 0.1)
        self.cut = nn.Conv2d(3, d, patch, stride=patch) if cut else None
        self.patch, self.block, self.head = nn.Linear(3 * patch**2, d), Attention(d), nn.Linear(d, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, c, h, w = x.shape
        if self.cut is not None:
            x = self.cut(x).flatten(2).transpose(1, 2)
        else:
            assert h % self.size == 0 == w % self.size, "Image dimensions must be divisible by the patch size."
            x = x.reshape(b, c, h // self.size, self.size, w // self.size, self.size).permute(0, 2, 4, 3, 5, 1)
            x = self.patch(x.reshape(b, -1, 3 * self.size**2))
        return self.head(self.block(x + self.place[:, : x.shape[1]]).mean(1))  # type: ignore[no-any-return]


class Volumes(nn.Module):
    """A net of volumes (b, c, d, h, w)."""

    def __init__(self, channels: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv3d(channels, 4, 3, padding=1), nn.ReLU(), nn.Conv3d(4, 4, 3, padding=1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x)  # type: ignore[no-any-return]


class Seeing(nn.Module):
    """The part of a net of words and pictures that sees."""

    def __init__(self) -> None:
        super().__init__()
        self.body = toy()

    def forward(self, pixel_values: torch.Tensor | None = None, output_attentions: bool | None = None) -> torch.Tensor:
        return self.body(pixel_values)  # type: ignore[no-any-return]


class WordsAndPictures(nn.Module):
    """As transformers' CLIP: words come first, and all inputs are optional by name. alone: it answers to a picture without words too."""

    def __init__(self, alone: bool = False) -> None:
        super().__init__()
        self.vision_model, self.words, self.alone = Seeing(), nn.Embedding(8, 5), alone

    def forward(self, input_ids: torch.Tensor | None = None, pixel_values: torch.Tensor | None = None) -> torch.Tensor:
        seen = self.vision_model(pixel_values=pixel_values)
        if self.alone and input_ids is None:
            return seen  # type: ignore[no-any-return]
        return seen @ self.words(input_ids.view(-1, input_ids.shape[-1])).mean(1).t()  # type: ignore[no-any-return, union-attr]


class SwinLike(nn.Module):
    """Token maps laid out (b, h, w, c), windows, patch merging; any size that is a multiple of 16."""

    def __init__(self, d: int = 8) -> None:
        super().__init__()
        self.patch, self.norm = nn.Conv2d(3, d, 4, stride=4), nn.LayerNorm(d)
        self.mix = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Linear(2 * d, d))
        self.merge, self.last, self.head = nn.Linear(4 * d, 2 * d), nn.LayerNorm(2 * d), nn.Linear(2 * d, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patch(x).permute(0, 2, 3, 1)
        x = x + self.mix(self.norm(x))
        b, h, w, c = x.shape
        x = x.reshape(b, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(b, h // 2, w // 2, 4 * c)
        return self.head(self.last(self.merge(x)).mean((1, 2)))  # type: ignore[no-any-return]


class Recurrent(nn.Module):
    """An LSTM that reads a convolution's columns (S17)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.lstm, self.fc = nn.Conv2d(3, 4, 3, padding=1, stride=2), nn.LSTM(4, 6, batch_first=True), nn.Linear(6, 5)
        self.drop = nn.Dropout(0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        columns = self.conv(x).relu().mean(2).transpose(1, 2)
        return self.fc(self.drop(self.lstm(columns)[0][:, -1]))  # type: ignore[no-any-return]


class Segmenter(nn.Module):
    """Gives maps of logits (b, classes, h, w)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 13, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x)  # type: ignore[no-any-return]


class NoGrad(nn.Module):
    """A forward pass under @torch.no_grad, as people leave it in for inference."""

    def __init__(self) -> None:
        super().__init__()
        self.body = toy()

    @torch.no_grad()
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x)  # type: ignore[no-any-return]


def frozen() -> nn.Module:
    return toy().requires_grad_(False)


def of_nan() -> nn.Module:
    made = toy()
    with torch.no_grad():
        next(made.parameters()).fill_(math.nan)
    return made


def lazy() -> nn.Module:
    """A lazy layer that ran once, as it is meant to be used."""
    made = nn.Sequential(nn.LazyConv2d(8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(5))
    made(torch.zeros(1, 3, 16, 16))
    return made


def compiled() -> nn.Module:
    return torch.compile(toy(), backend="eager")  # type: ignore[return-value]


ZOO: dict[str, Callable[[], nn.Module]] = {
    "1 channel": lambda: channels(1),
    "4 channels": lambda: channels(4),
    "13 channels": lambda: channels(13),
    "fixed size": fixed,
    "tuple": lambda: Gives(lambda y: (y, y * 2)),
    "dict": lambda: Gives(lambda y: {"aux": y * 2, "logits": y}),
    "dataclass": lambda: Gives(lambda y: Output(None, y)),
    "functional relu": Functional,
    "reused relu": Reused,
    "relu in place": lambda: toy(inplace=True),
    "relu6": lambda: activated(nn.ReLU6()),
    "silu": lambda: activated(nn.SiLU()),
    "gelu": lambda: activated(nn.GELU()),
    "data parallel": lambda: nn.DataParallel(toy()),
    "compiled": compiled,
    "float16": lambda: toy().half(),
    "bfloat16": lambda: toy().bfloat16(),
    "frozen": frozen,
    "train mode": Normed,
    "vit": ViT,
    "vit, not square": lambda: ViT((24, 40)),
    "cut places": lambda: Sliced(48, 16, cut=True),
    "swin-like": SwinLike,
    "words first, and optional": lambda: WordsAndPictures(alone=True),
    "lstm": Recurrent,
    "normalises inside": Normalises,
    "segmenter": Segmenter,
    "lazy": lazy,
    "double": lambda: toy().double(),
    "spectral norm, train mode": spectral,
    "class token behind": lambda: Written(0, 1, blocks=2),
    "windows": Shifted,
    "blocks of tokens": Nested,
}
REFUSED: dict[str, tuple[Callable[[], nn.Module], str]] = {  # the net, and what the one sentence says
    "nan": (of_nan, "not (a )?finite|not finite"),
    "two pictures": (TwoPictures, "right|two|several"),
    "a tuple, then a list": (PictureAndNumbers, "pair|tuple|unpack"),
    "a list of views": (Views, "list|views"),
    "list": (lambda: Gives(lambda y: [y, y * 2]), r"list of 2\. One is meant: 0 or 1"),
    "no grad": (NoGrad, "no_grad|gradient"),
    "volumes": (Volumes, "takes volumes"),
    "words": (WordsAndPictures, r"wants input_ids too.*\.vision_model"),
    "lazy, never run": (lambda: nn.Sequential(nn.LazyConv2d(8, 3), nn.ReLU()), "lazy|uninitialized"),
}
SIZES = {
    "fixed size": (28, 28),
    "vit": (32, 32),
    "vit, not square": (24, 40),
    "class token behind": (64, 64),
    "windows": (64, 64),
    "blocks of tokens": (64, 64),
}  # what a net alone takes, (h, w)
