"""Networks by name: a shipped one, a function of the user's, or a module that is there already."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from zorki import lens, weights
from zorki.core.errors import InputError, WeightsError, ZorkiError
from zorki.studio.shelves import DEFAULT_MODEL


def load(
    model: str | nn.Module | lens.Net = DEFAULT_MODEL,
    *,
    weights_file: str | Path | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    device: str = "auto",
    dtype: str = "auto",
) -> lens.Net:
    """A network to look at: a name (`zorki models`), `file.py:function`, `package.module:function`, or an nn.Module.

    weights_file: a state dict for it (safetensors, or .pth by weights_only). mean, std: what a net of the user's expects;
    without them pictures reach it in 0..1. dtype: what is drawn with; whatever measures stays in float32.
    Raises UnknownName, InputError, WeightsError.
    """
    if isinstance(model, lens.Net):
        net = model
    elif isinstance(model, nn.Module):
        net = lens.Net(model, name=type(model).__name__, mean=mean, std=std)
    elif ":" in model and model not in weights.names():
        net = lens.Net(built(model), name=model, mean=mean, std=std)
    else:
        net = weights.load(model)
    if weights_file is not None:
        fill(net.module, Path(weights_file))
    place = chosen_device(device)
    if place is not None and not isinstance(model, nn.Module | lens.Net):
        net.module.to(place)
    net.drawing = chosen_dtype(dtype, net.device)
    return net


def built(spec: str) -> nn.Module:
    """The module that a function of the user's returns; the function's own errors come through as one sentence."""
    where, _, name = spec.rpartition(":")
    try:
        if where.endswith(".py"):
            found = importlib.util.spec_from_file_location(Path(where).stem, where)
            if found is None or found.loader is None or not Path(where).is_file():
                raise InputError(f"There is no file {where}.", "--model takes file.py:function.")
            module = importlib.util.module_from_spec(found)
            sys.modules.setdefault(module.__name__, module)  # dataclasses and pickles look their module up there
            found.loader.exec_module(module)
        else:
            module = importlib.import_module(where)
        made = getattr(module, name)()
    except ZorkiError:
        raise
    except Exception as e:
        raise InputError(f"--model {spec} failed: {type(e).__name__}: {e}", "It is to name a function that returns an nn.Module.") from e
    if not isinstance(made, nn.Module):
        raise InputError(f"--model {spec} returned a {type(made).__name__}.", "It is to return an nn.Module.")
    return made


def fill(module: nn.Module, file: Path) -> None:
    """Loads a state dict strictly. Raises WeightsError."""
    try:
        if file.suffix == ".safetensors":
            from safetensors.torch import load_file

            state: dict[str, Any] = load_file(file)
        else:
            state = torch.load(file, map_location="cpu", weights_only=True)
        module.load_state_dict(state)
    except FileNotFoundError:
        raise WeightsError(f"There is no file {file}.", "--weights takes a state dict.") from None
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
