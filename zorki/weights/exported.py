"""Files that hold a whole network: torch.export's .pt2, whose layers can be seen, and TorchScript, whose inside is hidden."""

from __future__ import annotations

import io
import logging
import os
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

import torch
from torch import nn

from zorki.core.errors import InputError, WeightsError

FORCED = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
ONE = RLock()
OBJECTS = ("custom_obj_", "script_obj_", "opaque_obj_")  # constants of a .pt2 that only a free pickle could read
BUILD = "Write file.py:function for --model, and give this file with --weights."


def read_network(path: Path) -> tuple[nn.Module, dict[str, Any]]:
    """A network from a file, and what the file says of its pictures (arguments for lens.Net).

    Nothing in the file is run but tensor operations. Raises InputError for a file that only holds weights, WeightsError for a damaged one.
    """
    if path.is_dir():
        raise InputError(f"--model={path} is a folder without a network.", "A file or a name is needed.", "`zorki models` lists the names.")
    if path.suffix == ".safetensors":
        raise InputError(f"{path.name} holds numbers, but not the network that they belong to.", "That is code.", BUILD)
    try:
        with zipfile.ZipFile(path) as archive:
            inside = archive.namelist()
    except (zipfile.BadZipFile, OSError) as e:
        raise InputError(f"--model={path.name} is no network: {str(e)!r}.", "It may be a .pt2 or a TorchScript file.", BUILD) from e
    except Exception as e:  # a damaged list of contents: names that are no text, versions that never were
        raise damaged(path, e, "Save it again.") from e
    if any("/code/" in name for name in inside):  # whatever the file is called
        return scripted(path), {}
    if path.suffix == ".pt2" or any(name.endswith("models/model.json") for name in inside):
        return program(path, inside)
    raise InputError(f"{path.name} holds weights, or a pickled module.", "A pickle could run anything, so it is not opened.", BUILD)


def program(path: Path, inside: list[str]) -> tuple[nn.Module, dict[str, Any]]:
    """What torch.export.save wrote, with its modules in their old places."""
    if any(part in name for name in inside for part in OBJECTS):
        raise InputError(
            f"{path.name} holds objects that only a free pickle could read.", "Nothing in it was run.", "Export it without them."
        )
    try:
        with silent(), tensors_only():
            made = torch.export.load(path if path.suffix == ".pt2" else io.BytesIO(path.read_bytes()))  # it goes by the ending
            net: nn.Module = torch.export.unflatten(made)
    except Exception as e:  # whatever torch meets in a damaged archive
        raise damaged(path, e, "Export it again.") from e
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
        with silent():  # TorchScript is on its way out, which is not the user's business here
            return torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-any-return, no-untyped-call]
    except Exception as e:
        raise damaged(path, e, "Save it again.") from e


def damaged(path: Path, error: Exception, do: str) -> WeightsError:
    words = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return WeightsError(f"{path.name} cannot be opened.", f"Its reader says {words!r}.", do)


@contextmanager
def tensors_only() -> Iterator[None]:
    """Inside, torch.load never unpickles more than tensors, whatever it is asked for; one thread at a time, as the environment is everybody's."""
    with ONE:
        before = os.environ.get(FORCED)
        os.environ[FORCED] = "1"
        try:
            yield
        finally:
            if before is None:
                del os.environ[FORCED]
            else:
                os.environ[FORCED] = before


@contextmanager
def silent() -> Iterator[None]:
    """Inside, torch neither warns nor logs: a person gets one sentence from us instead."""
    with ONE, warnings.catch_warnings(), ExitStack() as stack:
        warnings.simplefilter("ignore")
        for log in [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.partition(".")[0] == "torch"]:
            log.addFilter(drop)
            stack.callback(log.removeFilter, drop)
        yield


def drop(_record: logging.LogRecord) -> bool:
    return False
