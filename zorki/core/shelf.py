"""A shelf lists the files of a folder: whatever lies in it is there, nothing else is edited to add one."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from zorki.core.errors import UnknownName


@cache
def names(package: str) -> tuple[str, ...]:
    """The modules of a package that are for use, in name order; those that start with `_` are the package's own."""
    path = importlib.import_module(package).__path__
    return tuple(sorted(m.name for m in pkgutil.iter_modules(path) if not m.name.startswith("_")))


def take(package: str, name: str, kind: str) -> ModuleType:
    """The module `name` from the shelf. Raises UnknownName with the nearest ones."""
    if name not in names(package):
        raise UnknownName.among(kind, name, names(package))
    return importlib.import_module(f"{package}.{name}")
