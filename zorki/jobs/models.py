"""Networks by name: a shipped one, a function of the user's, or a module that is there already."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from zorki import lens
from zorki import weights as cards
from zorki.core import events, folders, forks, numbers, processor
from zorki.core.errors import InputError
from zorki.lens.quieting import inner
from zorki.weights.cards import OURS
from zorki.weights.states import fill

FILES = (".pt2", ".pt", ".pth", ".safetensors", ".ts")


@torch.inference_mode(False)  # a caller may be in it, and nothing could be differentiated through what is made there
def load(
    model: str | nn.Module | lens.Net = cards.DEFAULT,
    *,
    weights: str | Path | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    side: int | tuple[int, int] | str | None = None,
    device: str = "auto",
    dtype: str = "auto",
) -> lens.Net:
    """A network to look at: a name (`zorki models`), `file.py:function`, `package.module:Class`, a .pt2 or TorchScript file, an nn.Module.

    weights: a state dict for it (safetensors, or .pth by weights_only). mean, std: what a net of the user's expects;
    without them pictures reach it in 0..1. side: pixels of the pictures that it takes, (h, w) or "96x128" where they are not square; not given,
    it is found by trying. dtype: what is drawn with; whatever measures stays in float32. An nn.Module or a Net that is given stays as it is and
    where it is: of weights, and of a device that it is not on, a copy is made. Raises UnknownName, InputError, WeightsError.
    """
    lens.check_scale(mean, std)
    forks.heed()
    net = found(model, mean, std, numbers.sides(side) if isinstance(side, str) else side)
    theirs = isinstance(model, nn.Module | lens.Net)
    place = None if theirs and device == "auto" else chosen_device(device)
    module, name, moves = net.module, net.name, place is not None and net.device != place
    if theirs and (weights is not None or moves):
        module = copied(net)
    if weights is not None:
        with net.alone():
            fill(inner(module), folders.at_home(weights))
        name = f"{name} with {Path(weights).name}"  # no longer the network that the name alone would give
    if moves:
        module = module.to(place)
    there = net if module is net.module else net.like(module)
    return there.like(module, name=name, drawing=chosen_dtype(dtype, there.device))


def copied(net: lens.Net) -> nn.Module:
    """A module of its own, with the same numbers. Raises InputError for one that cannot be copied."""
    try:
        with net.alone():
            return copy.deepcopy(net.module)
    except Exception as error:  # a module may hold anything: a file, a lock, a compiled part
        raise InputError(
            f"{net.name} cannot be copied: {' '.join(f'{type(error).__name__}: {error}'.split())[:160]}",
            "A network that is given stays as it is, so --weights and --device are of a copy.",
            "Load the weights, or move it, before it is given.",
        ) from error


def found(
    model: str | nn.Module | lens.Net, mean: Sequence[float] | None, std: Sequence[float] | None, side: int | tuple[int, int] | None
) -> lens.Net:
    """The network that `model` means. Nothing is guessed: what could mean two things is an error that says how to write each."""
    known = isinstance(model, str) and (model in cards.names() or model.startswith(OURS))
    if (mean is not None or std is not None or side is not None) and (isinstance(model, lens.Net) or known):
        raise InputError("--mean, --std and --side are for a network of your own.", "This one knows its own.", "Leave them out.")
    if isinstance(model, lens.Net):
        return model.like(model.module)  # what is chosen here is no business of whoever else has it
    if isinstance(model, nn.Module):
        return own(model, type(model).__name__, mean, std, side)
    if isinstance(model, str | Path):
        model = str(folders.at_home(model))
    else:
        raise InputError(
            f"The model is a {type(model).__name__}.", "It is a name, file.py:function, a file, or an nn.Module.", "Give one of these."
        )
    if known and os.path.lexists(model):
        raise InputError(
            f"--model={model} is a network of Zorki's and a file here.",
            "Nothing is guessed.",
            f"Write {OURS}{model} for the one, ./{model} for the other.",
        )
    if known:
        return cards.load(model.removeprefix(OURS))
    if ":" in model and not Path(model).exists():
        return own(cards.built(model), model, mean, std, side)
    if model.endswith(".py"):
        raise InputError(
            f"--model={model} is a file without a function.", "It is a name or file.py:function.", f"Write --model={model}:function."
        )
    if (Path(model) / cards.RUN_CARD).is_file():
        return cards.load_run(Path(model))
    if Path(model).exists():
        module, told = cards.read_network(Path(model))
        return lens.Net(module, name=Path(model).name, mean=mean, std=std, **(told | ({} if side is None else {"side": side})))
    if Path(model).suffix in FILES:
        raise InputError(f"There is no file {model}.", "Its ending is that of a network.", "Look at the path given to --model.")
    return cards.load(model)


def own(
    module: nn.Module, name: str, mean: Sequence[float] | None, std: Sequence[float] | None, side: int | tuple[int, int] | None
) -> lens.Net:
    """A user's module as a Net; says what is assumed of its input."""
    told = lens.trained_on(module) if mean is None and std is None else None
    if told is not None:
        mean, std, size = told
        more = f", of {' × '.join(map(str, size[-2:]))} pixels" if side is None and isinstance(size, list | tuple) else ""
        numbers = [", ".join(f"{x:g}" for x in some) for some in (mean, std)]
        events.note(f"{name} gets pictures normalised by mean {numbers[0]} and std {numbers[1]}{more}, as its pretrained_cfg says.")
    elif mean is None and std is None:
        inside = any(hasattr(m, "mean") and hasattr(m, "std") for m in module.modules())
        events.note(
            f"{name} gets pictures in 0..1: it normalises them inside."
            if inside
            else f"{name} gets pictures in 0..1, as neither --mean nor --std is given."
        )
    return lens.Net(module, name=name, mean=mean, std=std, side=side)


def chosen_device(name: str) -> torch.device | None:
    """auto: the best there is. None: leave the net where it is. Raises InputError."""
    if name == "auto":
        return torch.device("cuda") if torch.cuda.is_available() else torch.device("mps") if torch.backends.mps.is_available() else None
    try:
        device = torch.empty(1, device=name, dtype=torch.float32).device  # with its number: cuda is cuda:0
    except (RuntimeError, AssertionError) as e:
        raise InputError(
            f"--device={name} is not to be had here.", f"It says {' '.join(str(e).split())[:160]!r}.", "Use auto or cpu."
        ) from e
    return device


def chosen_dtype(name: str, device: torch.device) -> torch.dtype:
    """auto: bfloat16 where the device computes it natively. Raises InputError, also for a bfloat16 that the processor lacks."""
    if name not in ("auto", "float32", "bfloat16"):
        raise InputError(f"--dtype={name} is not known.", "There are auto, float32 and bfloat16.", "Take one of these.")
    if device.type == "cpu":
        native = processor.bfloat16()
        if name == "bfloat16" and not native:
            raise InputError("This processor does not compute bfloat16.", "It takes float32.", "Write --dtype=float32, or leave it out.")
    else:
        native = device.type == "cuda" and torch.cuda.is_bf16_supported(False)
    return torch.bfloat16 if name == "bfloat16" or (name == "auto" and native) else torch.float32
