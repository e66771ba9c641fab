"""Networks by name: a shipped one, a function of the user's, or a module that is there already."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import nn

from zorki import lens, weights
from zorki.core import events, folders, forks, numbers
from zorki.core.errors import InputError, WeightsError
from zorki.studio.shelves import DEFAULT_MODEL

OURS = "zorki:"  # before a name: the network of Zorki's, also where a file bears that name
FILES = (".pt2", ".pt", ".pth", ".safetensors", ".ts")


def load(
    model: str | nn.Module | lens.Net = DEFAULT_MODEL,
    *,
    weights_file: str | Path | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    side: int | tuple[int, int] | str | None = None,
    device: str = "auto",
    dtype: str = "auto",
) -> lens.Net:
    """A network to look at: a name (`zorki models`), `file.py:function`, `package.module:Class`, a .pt2 or TorchScript file, an nn.Module.

    weights_file: a state dict for it (safetensors, or .pth by weights_only). mean, std: what a net of the user's expects;
    without them pictures reach it in 0..1. side: pixels of the pictures that it takes, (h, w) or "96x128" where they are not square; not given,
    it is found by trying. dtype: what is drawn with; whatever measures stays in float32. Raises UnknownName, InputError, WeightsError.
    """
    if std is not None and (not all(map(math.isfinite, std)) or not all(std)):
        raise InputError("--std has a zero or a number that is not finite.", "Pictures are divided by it.")
    forks.heed()
    net = found(model, mean, std, numbers.sides(side) if isinstance(side, str) else side)
    if weights_file is not None:
        fill(net.module, folders.at_home(weights_file))
        net.name = f"{net.name} with {Path(weights_file).name}"  # no longer the network that the name alone would give
    place = chosen_device(device)
    if place is not None and not isinstance(model, nn.Module | lens.Net):
        net.module.to(place)
    net.drawing = chosen_dtype(dtype, net.device)
    return net


def found(
    model: str | nn.Module | lens.Net, mean: Sequence[float] | None, std: Sequence[float] | None, side: int | tuple[int, int] | None
) -> lens.Net:
    """The network that `model` means. Nothing is guessed: what could mean two things is an error that says how to write each."""
    known = isinstance(model, str) and (model in weights.names() or model.startswith(OURS))
    if (mean is not None or std is not None or side is not None) and (isinstance(model, lens.Net) or known):
        raise InputError("--mean, --std and --side are for a network of your own.", "This one knows its own.", "Leave them out.")
    if isinstance(model, lens.Net):
        return model
    if isinstance(model, nn.Module):
        return own(model, type(model).__name__, mean, std, side)
    if isinstance(model, str | Path):
        model = str(folders.at_home(model))
    else:
        raise InputError(f"The model is a {type(model).__name__}.", "It is a name, file.py:function, a file, or an nn.Module.")
    if known and os.path.lexists(model):
        raise InputError(
            f"--model {model} is a network of Zorki's and a file here.", "", f"Write {OURS}{model} for the one, ./{model} for the other."
        )
    if known:
        return weights.load(model.removeprefix(OURS))
    if ":" in model and not Path(model).exists():
        return own(weights.built(model), model, mean, std, side)
    if model.endswith(".py"):
        raise InputError(f"--model {model} is a file without a function.", "It is a name or file.py:function.", f"Write {model}:function.")
    if Path(model).exists():
        module, told = weights.opened(Path(model))
        return lens.Net(module, name=Path(model).name, mean=mean, std=std, **(told | ({} if side is None else {"side": side})))
    if Path(model).suffix in FILES:
        raise InputError(f"There is no file {model}.", "", "Look at the path given to --model.")
    return weights.load(model)


def own(
    module: nn.Module, name: str, mean: Sequence[float] | None, std: Sequence[float] | None, side: int | tuple[int, int] | None
) -> lens.Net:
    """A user's module as a Net; says what is assumed of its input."""
    if mean is None and std is None:
        inside = any(hasattr(m, "mean") and hasattr(m, "std") for m in module.modules())
        events.note(
            f"{name} gets pictures in 0..1: it normalises them inside."
            if inside
            else f"{name} gets pictures in 0..1, as neither --mean nor --std is given."
        )
    return lens.Net(module, name=name, mean=mean, std=std, side=side)


def fill(module: nn.Module, file: Path) -> None:
    """Loads a state dict strictly. Raises WeightsError."""
    if file.is_dir():
        raise WeightsError(f"{file} is a folder.", "--weights takes a file with a state dict.")
    try:
        if file.suffix == ".safetensors":
            from safetensors.torch import load_file

            state: dict[str, Any] = load_file(file)
        else:
            state = torch.load(file, map_location="cpu", weights_only=True)
        module.load_state_dict(state)
    except FileNotFoundError:
        raise WeightsError(f"There is no file {file}.", "--weights takes a state dict.") from None
    except UnpicklingError:
        raise WeightsError(
            f"{file.name} holds more than tensors, or is no state dict.", "Nothing in it was run.", "Save it as safetensors."
        ) from None
    except Exception as e:
        raise WeightsError(f"{file.name} does not fit the network.", " ".join(str(e).split())[:300]) from e


def chosen_device(name: str) -> torch.device | None:
    """auto: the best there is. None: leave the net where it is. Raises InputError."""
    if name == "auto":
        return torch.device("cuda") if torch.cuda.is_available() else torch.device("mps") if torch.backends.mps.is_available() else None
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as e:
        raise InputError(f"--device {name} is not to be had here.", " ".join(str(e).split())[:160], "Use auto or cpu.") from e
    return device


def chosen_dtype(name: str, device: torch.device) -> torch.dtype:
    """auto: bfloat16 where the processor computes it natively. Raises InputError."""
    if name == "auto":
        if device.type == "cpu":
            native = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
            return torch.bfloat16 if native.get("avx512_bf16") or native.get("amx_bf16") else torch.float32
        return torch.bfloat16 if device.type == "cuda" and torch.cuda.is_bf16_supported(False) else torch.float32
    if name not in ("float32", "bfloat16"):
        raise InputError(f"--dtype {name} is not known.", "It is auto, float32 or bfloat16.")
    return torch.float32 if name == "float32" else torch.bfloat16
