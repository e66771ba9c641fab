"""What nets take, and what they say of it: inputs, sizes, the way back to the picture."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn

from zorki.core.errors import InputError
from zorki.lens.quieting import inner

PICTURES = ("pixel_values", "pixels", "image", "images", "img", "imgs", "picture", "pictures")  # what forward calls its picture
CONFIGURED = ("pretrained_cfg", "default_cfg")  # where timm's models tell how they were trained
HINTS = ("img_size", "image_size", "input_size")  # attributes in which models tell the size of their pictures
OCCLUSION = "`zorki see attribution --method=occlusion` needs no gradient."
LUMA = (0.2126, 0.7152, 0.0722)  # shares of R, G, B in grey (BT.709)


def grey(picture: torch.Tensor, channels: int, name: str) -> torch.Tensor:
    """Colours (b, 3, h, w) as the grey that a net of one channel takes. Raises InputError for a net of any other number."""
    if channels != 1:
        raise InputError(
            f"{name} takes pictures of {channels} channels, and a photo has three.",
            "A photo can be made grey, but not into these.",
            "Draw its channels, which needs no photo: `zorki see maximize`.",
        )
    return (picture * picture.new_tensor(LUMA).view(-1, 1, 1)).sum(1, keepdim=True)


def refuse_unfinished(module: nn.Module, name: str) -> None:
    """Raises InputError for a net without numbers."""
    for p in (*module.parameters(), *module.buffers()):
        if isinstance(p, nn.parameter.UninitializedParameter | nn.parameter.UninitializedBuffer):
            raise InputError(
                f"{name} has lazy layers that have not run yet.", "They take their shapes from a picture.", "Run it once first."
            )
        if p.is_meta:
            got = f"{name} has no numbers: it lies on the meta device."
            raise InputError(got, "What it has learnt is looked at.", "Load its weights, or call to_empty() and fill it.")


def no_way_back(what: str) -> InputError:
    """What to say when a picture asked for a gradient and none comes back."""
    return InputError(
        f"{what} passes no gradient back to the picture.",
        "The net runs it under no_grad, or turns it into whole numbers.",
        f"Take @torch.no_grad() off its forward; {OCCLUSION}",
    )


def quantised(modules: Iterable[nn.Module]) -> bool:
    """Whether any of a net's modules are torch's own int8 layers."""
    return any("quantized" in type(part).__module__ for part in modules)


def parameters(module: nn.Module, *, needed: bool = False) -> list[str]:
    """The names of what `forward` takes; `needed`: of what it cannot do without."""
    try:
        given = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):
        return []
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in given if p.kind in plain and not (needed and p.default is not inspect.Parameter.empty)]


def keyword(module: nn.Module) -> str | None:
    """The name under which a net takes its picture, where it takes something else first and can do without that; None: the first place."""
    names = parameters(module)
    found = next((name for name in names if name in PICTURES), None)
    return None if found is None or found == names[0] or parameters(module, needed=True) else found


def said(holder: Any, name: str) -> Any:
    """What a configuration says under a name: an object's attribute, or a mapping's value."""
    return holder.get(name) if isinstance(holder, Mapping) else getattr(holder, name, None)


def trained_on(module: nn.Module) -> tuple[list[float], list[float], Any] | None:
    """Mean and std of the pictures that a model was trained on, and their size, as its `pretrained_cfg` (timm) says; None where it does not."""
    module = inner(module)
    begins = next((m.in_channels for m in module.modules() if isinstance(m, nn.Conv2d)), 0)
    for holder in (getattr(module, name, None) for name in CONFIGURED):
        mean, std = ([float(x) for x in found] if numeric(found := said(holder, name)) else [] for name in ("mean", "std"))
        if mean and len(mean) == len(std) and all(std) and begins % len(mean) == 0:  # else it was built for other channels
            return mean, std, said(holder, "input_size")
    return None


def numeric(found: Any) -> bool:
    return isinstance(found, list | tuple) and all(isinstance(x, int | float) and math.isfinite(x) for x in found)


def hinted(module: nn.Module) -> list[tuple[int, int]]:
    """Sizes (h, w) that a model says it takes: in img_size, image_size, input_size, its own or its configuration's."""
    found = []
    for holder in (module, *(getattr(module, name, None) for name in ("config", *CONFIGURED))):
        for hint in HINTS:
            told = said(holder, hint)
            size = (told, told) if isinstance(told, int) else tuple(told)[-2:] if isinstance(told, list | tuple) else ()
            if len(size) == 2 and all(isinstance(n, int) and n > 0 for n in size):
                found.append((size[0], size[1]))
    return found


def copied(x: Any) -> Any:
    """A tensor that a net may write into, on no one's way back."""
    return x.detach().clone() if isinstance(x, torch.Tensor) else x


def wants_grad(picture: Any) -> bool:
    """Whether any picture in it asks for gradients."""
    if isinstance(picture, list | tuple):
        return any(map(wants_grad, picture))
    return isinstance(picture, torch.Tensor) and picture.requires_grad


def shapes(given: Any) -> Any:
    """The form of what a net was given, to know it again."""
    if isinstance(given, list | tuple):
        return type(given).__name__, [shapes(one) for one in given]
    return tuple(given.shape) if isinstance(given, torch.Tensor) else type(given).__name__


def described(sample: Any) -> str:
    """ "a picture of 3 × 64 × 64"."""
    if isinstance(sample, torch.Tensor):
        return "a picture of " + " × ".join(map(str, sample.shape[1:]))
    return f"a {type(sample).__name__} of {len(sample)}" if isinstance(sample, list | tuple) else f"a {type(sample).__name__}"
