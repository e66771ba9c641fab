"""Networks from the user's own code: a function or a class, named by its file or its package."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from torch import nn

from zorki.core.errors import InputError, ZorkiError


def built(spec: str) -> nn.Module:
    """The module that a function of the user's returns; the function's own errors come through as one sentence.

    What it prints goes to stderr. Its folder (or the current one) is where its imports are looked for, as when it is run.
    """
    where, _, name = spec.rpartition(":")
    file = Path(where)
    folder = file.parent if where.endswith(".py") else Path()
    if where.endswith(".py") and not file.is_file():
        raise InputError(f"There is no file {where}.", "--model takes file.py:function.")
    sys.path.insert(0, str(folder.resolve()))
    try:
        with contextlib.redirect_stdout(sys.stderr):
            module = run_file(file) if where.endswith(".py") else importlib.import_module(where)
            made = getattr(module, name)
            made = made if isinstance(made, nn.Module) else made()
    except ZorkiError:
        raise
    except (Exception, SystemExit) as e:
        told = " ".join(f"{type(e).__name__}: {e}".split())[:300]
        raise InputError(f"--model {spec} failed: {told}", "It is to name a function that returns an nn.Module.") from e
    finally:
        sys.path.remove(str(folder.resolve()))
    if not isinstance(made, nn.Module):
        raise InputError(f"--model {spec} returned a {type(made).__name__}.", "It is to return an nn.Module.")
    return made


def run_file(file: Path) -> ModuleType:
    """A file as a module of its own name, so that a user's timm.py is not taken for the library."""
    name = f"_zorki_model_{file.stem}"
    found = importlib.util.spec_from_file_location(name, file)
    assert found is not None, "a .py file has a specification"
    assert found.loader is not None, "and a loader"
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # dataclasses and pickles look their module up there
    try:
        found.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
