"""State dicts as trainers leave them, brought to a network's own keys."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import nn

from zorki.core import events
from zorki.core.errors import WeightsError

WRAPPINGS = ("state_dict", "model_state_dict", "model", "net", "network", "module", "weights", "params")  # taken before any other
COUNTED = ("total_ops", "total_params", "n_averaged", "num_batches_tracked")  # what counts, and is no weight
OWN = "Give weights that were saved from this very network."
COMPILED = "_orig_mod."  # what torch.compile writes into keys, wherever a part was compiled

State = Mapping[str, torch.Tensor]


def fill(module: nn.Module, file: Path) -> None:
    """Loads a file's state dict, all of it; a module that it does not fit is left as it was.

    One wrapping is opened, one prefix that all keys have is taken off, counters that the module lacks are left out; each is said by
    a note. Raises WeightsError.
    """
    held = read(file)
    wanted = module.state_dict()
    tried = list(unwrapped(held))
    for wrapping, state in tried:
        if (found := fitted(state, wanted)) is not None:
            prefix, left, keys = found
            refuse_shapes(file, keys, state, wanted)
            said(file, wrapping, compiled(state, wanted) + prefix, left)
            load(module, file, renamed(state, keys, prefix))
            return
    if any(m._load_state_dict_pre_hooks for m in module.modules()):  # it may know its older keys
        load(module, file, tried[0][1])
        return
    raise unlike(file, tried[0][1], wanted)


def read(file: Path) -> Any:
    """What a file of tensors holds. Raises WeightsError; nothing in it is run."""
    if file.is_dir():
        raise WeightsError(f"{file} is a folder.", "--weights takes a file with a state dict.", "Name a file in it.")
    try:
        if file.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(file)
        return torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise WeightsError(
            f"There is no file {file}.", "--weights takes a file with a state dict.", "Check the name and the folder."
        ) from None
    except UnpicklingError:
        raise WeightsError(
            f"{file.name} holds more than tensors, or is no state dict.", "Nothing in it was run.", "Save it as safetensors."
        ) from None
    except Exception as e:  # whatever a damaged file makes of its reader
        words = " ".join(f"{type(e).__name__}: {e}".split())[:200]
        raise WeightsError(f"{file.name} cannot be read.", f"Its reader says {words!r}.", "Copy or save it again.") from e


def unwrapped(held: Any) -> Iterator[tuple[str, State]]:
    """State dicts in what a file holds, each with the name that it lies under: itself, "", and those one floor below, the usual ones first."""
    held = held if isinstance(held, Mapping) else {}
    inside = {key: state for key, value in held.items() if isinstance(value, Mapping) and (state := only_tensors(value))}
    if (state := only_tensors(held)) or not inside:
        yield "", state
    for key in sorted(inside, key=lambda k: WRAPPINGS.index(k) if k in WRAPPINGS else len(WRAPPINGS)):
        yield str(key), inside[key]


def only_tensors(given: Mapping[Any, Any]) -> State:
    """The tensors of a mapping, under their keys, with what torch notes of the modules' versions."""
    state = OrderedDict((key, x) for key, x in given.items() if isinstance(key, str) and isinstance(x, torch.Tensor))
    vars(state)["_metadata"] = getattr(given, "_metadata", {})
    return state


def fitted(state: State, wanted: State) -> tuple[str, list[str], dict[str, str]] | None:
    """The prefix to take off, the counters left out, and for each key wanted the file's; None where a state dict does not fit."""
    own = {key.replace(COMPILED, ""): key for key in wanted}
    given = {key.replace(COMPILED, ""): key for key in state}
    kept = [key for key in given if not counted(key)]
    for prefix in prefixes(kept):
        keys = {own[key.removeprefix(prefix)]: given[key] for key in given if key.removeprefix(prefix) in own and key.startswith(prefix)}
        left = [key for key in given.values() if key not in keys.values()]
        if all(counted(key) for key in (*left, *(key for key in wanted if key not in keys))):
            return prefix, left, keys
    return None


def compiled(state: State, wanted: State) -> str:
    """torch.compile's part of the keys, where the file alone has it."""
    return COMPILED if any(COMPILED in key for key in state) and not any(COMPILED in key for key in wanted) else ""


def renamed(state: State, keys: Mapping[str, str], prefix: str) -> State:
    """The state dict under the network's own keys."""
    out = OrderedDict((own, state[key]) for own, key in keys.items())
    told = vars(state)["_metadata"].items()
    vars(out)["_metadata"] = {f"{path}.".replace(COMPILED, "").removeprefix(prefix).removesuffix("."): version for path, version in told}
    return out


def prefixes(keys: list[str]) -> list[str]:
    """ "", and all that keys begin with in common, up to a dot: "model.", "model.net."."""
    paths = [key.split(".")[:-1] for key in keys]
    found = [""]
    for one, other in zip(min(paths, default=[]), max(paths, default=[]), strict=False):  # what these two have in common all have
        if one != other:
            break
        found.append(f"{found[-1]}{one}.")
    return found


def counted(key: str) -> bool:
    return key.rpartition(".")[2] in COUNTED


def refuse_shapes(file: Path, keys: Mapping[str, str], state: State, wanted: State) -> None:
    """Raises WeightsError before anything is written."""
    for own, key in keys.items():
        if state[key].shape != wanted[own].shape:
            raise WeightsError(
                f"{file.name} does not fit the network.",
                f"{own} is {tuple(wanted[own].shape)} in the network and {tuple(state[key].shape)} in the file.",
                OWN,
            )


def load(module: nn.Module, file: Path, state: State) -> None:
    """Raises WeightsError with torch's own words."""
    missing = {key: x for key, x in module.state_dict().items() if key not in state and counted(key)}
    whole = OrderedDict({**missing, **state})  # older files have no such counters
    vars(whole)["_metadata"] = vars(state)["_metadata"]
    try:
        module.load_state_dict(whole)
    except Exception as e:
        raise WeightsError(f"{file.name} does not fit the network.", f"It says {' '.join(str(e).split())[:300]!r}.", OWN) from e


def said(file: Path, wrapping: str, prefix: str, left: list[str]) -> None:
    """Tells what was done to the file's keys to make them fit."""
    done = [f"the state dict under {wrapping!r} is taken"] if wrapping else []
    done += [f"{prefix!r} is taken off its keys"] if prefix else []
    done += [f"what the network does not have is left out: {', '.join(left[:3])}{' …' if len(left) > 3 else ''}"] if left else []
    if done:
        events.note(f"{file.name}: {'; '.join(done)}.")


def unlike(file: Path, state: State, wanted: State) -> WeightsError:
    """Says how the keys of a file and of a network begin, or where they differ."""
    if not state:
        return WeightsError(
            f"{file.name} holds no state dict.", "That is tensors under the names of a network's parameters.", "Save module.state_dict()."
        )
    here, there = (prefixes([key for key in keys if not counted(key)] or list(keys))[-1] for keys in (state, wanted))
    if here != there:
        begins, wants = (prefix or f"{next(iter(keys))} …" for prefix, keys in ((here, state), (there, wanted)))
        return WeightsError(f"{file.name} does not fit the network.", f"Its keys begin with {begins}, the network's with {wants}.", OWN)
    more, less = ([key for key in a if key not in b] for a, b in ((state, wanted), (wanted, state)))
    told = [f"{len(keys)} {what}, as {keys[0]}" for what, keys in (("missing", less), ("too many", more)) if keys]
    return WeightsError(f"{file.name} does not fit the network.", f"Of its keys {' and '.join(told)}.", OWN)
