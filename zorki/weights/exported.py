"""Files that hold a whole network: torch.export's .pt2, whose layers can be seen, and TorchScript, whose inside is hidden."""

from __future__ import annotations

import os
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from zorki.core.errors import InputError, WeightsError

OBJECTS = ("custom_obj_", "script_obj_", "opaque_obj_")  # constants of a .pt2 that only a free pickle could read
BUILD = "Write file.py:function for --model, and give this file with --weights."


def opened(path: Path) -> tuple[nn.Module, dict[str, Any]]:
    """A network from a file, and what the file says of its pictures (arguments for lens.Net).

    Nothing in the file is run but tensor operations. Raises InputError for a file that only holds weights, WeightsError for a damaged one.
    """
    if path.is_dir():
        raise InputError(f"--model {path} is a folder without a network.", "", "Give a file, a name (`zorki models`) or file.py:function.")
    if path.suffix == ".safetensors":
        raise InputError(f"{path.name} holds numbers, but not the network that they belong to.", "", BUILD)
    try:
        with zipfile.ZipFile(path) as archive:
            inside = archive.namelist()
    except (zipfile.BadZipFile, OSError) as e:
        raise InputError(f"--model {path.name} is no network: {e}.", "It may be a .pt2 or a TorchScript file.", BUILD) from e
    if path.suffix == ".pt2":
        return program(path, inside)
    if any("/code/" in name for name in inside):
        return scripted(path), {}
    raise InputError(f"{path.name} holds weights, or a pickled module, which could run anything and is not opened.", "", BUILD)


def program(path: Path, inside: list[str]) -> tuple[nn.Module, dict[str, Any]]:
    """What torch.export.save wrote, with its modules in their old places."""
    if any(part in name for name in inside for part in OBJECTS):
        raise InputError(
            f"{path.name} holds objects that only a free pickle could read.", "Nothing in it was run.", "Export it without them."
        )
    try:
        with tensors_only():
            made = torch.export.load(path)
            net: nn.Module = torch.export.unflatten(made)
    except Exception as e:  # whatever torch meets in a damaged archive
        raise WeightsError(f"{path.name} cannot be opened.", " ".join(f"{type(e).__name__}: {e}".split())[:200], "Export it again.") from e
    shapes = [tuple(node.meta["val"].shape) for node in made.graph.nodes if node.name in made.graph_signature.user_inputs]
    pictures = [shape for shape in shapes if len(shape) == 4]
    if len(pictures) != 1 or len(shapes) != 1:
        raise InputError(
            f"{path.name} takes {len(shapes)} inputs.", "Zorki gives a network one picture.", "Export a module that takes just that."
        )
    batch, channels, h, w = pictures[0]
    known: dict[str, Any] = {"channels": int(channels)} if isinstance(channels, int) else {}
    if isinstance(batch, int):
        known["batch"] = batch
    if isinstance(h, int) and isinstance(w, int):
        known |= {"side": (h, w), "step": 0}
    return net, known


def scripted(path: Path) -> nn.Module:
    """A TorchScript file's module: it answers, but no hook sees its layers."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TorchScript is on its way out, which is not the user's business here
            return torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-any-return, no-untyped-call]
    except Exception as e:
        raise WeightsError(f"{path.name} cannot be opened.", " ".join(f"{type(e).__name__}: {e}".split())[:200], "Save it again.") from e


@contextmanager
def tensors_only() -> Iterator[None]:
    """Inside, torch.load never unpickles more than tensors, whatever it is asked for."""
    before = os.environ.get("TORCH_FORCE_WEIGHTS_ONLY_LOAD")
    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if before is None:
            del os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"]
        else:
            os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = before
