"""Why a net does not take a picture, in one sentence with what to do."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from zorki.core.errors import InputError
from zorki.lens.inputs import PICTURES, described, parameters

FLAT = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d)
DEEP = (nn.Conv3d, nn.ConvTranspose3d)


def failed(name: str, module: nn.Module, picture: Any, error: Exception) -> InputError:
    """What to say when `module`, called `name`, raised `error` on `picture`."""
    words = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    plain = isinstance(picture, torch.Tensor)
    wanted, takes = parameters(module, needed=True), parameters(module)
    if plain and len(wanted) > 1:
        return InputError(
            f"{name} takes {len(wanted)} inputs ({', '.join(wanted)}), and gets one picture.",
            "What else it takes is to have a default.",
            "Give a module whose forward takes the picture and fills in the rest.",
        )
    if plain and takes and takes[0] not in PICTURES and (own := next((p for p in takes if p in PICTURES), None)):
        part = next((path for path, m in module.named_children() if parameters(m)[:1] == [own]), None)
        do = f"Give the part that sees: .{part}" if part else "Give a module whose forward takes the picture alone"
        return InputError(
            f"{name} takes its picture as {own}, and wants {takes[0]} too: {words!r}.", "Zorki gives it a photo alone.", f"{do}."
        )
    if plain and picture.dim() == 4 and takes_volumes(module):
        return InputError(
            f"{name} takes volumes, its first convolution is three-dimensional: {words!r}.",
            "A photo has no depth.",
            "Give a module that makes a volume of the picture.",
        )
    if isinstance(error, ImportError):
        return InputError(f"{name} fails: {words!r}.", "It imports something that is not here.", "Install that.")
    return InputError(
        f"{name} fails on {described(picture)}: {words!r}.",
        "It may take another size, other channels, or a list.",
        "Give the size with --side; for anything else a module that makes of a picture what it takes.",
    )


def telling(errors: list[InputError]) -> InputError:
    """Of what a net said at several sizes what tells most: what is wrong at any size, else the first."""
    return max(errors, key=lambda e: not isinstance(e.__cause__, RuntimeError | ValueError | AssertionError))


def takes_volumes(module: nn.Module) -> bool:
    """Whether the first convolution of a net has three dimensions."""
    return isinstance(next((m for m in module.modules() if isinstance(m, (*FLAT, *DEEP))), None), DEEP)


def refuse_flat(part: nn.Module, given: Any) -> None:
    """Raises ValueError for a picture (b, c, h, w) on its way into a convolution of volumes, which would take it for one of (c, d, h, w)."""
    if isinstance(part, DEEP) and given and isinstance(given[0], torch.Tensor) and given[0].dim() == 4:
        raise ValueError(f"a {type(part).__name__} gets a picture")
