"""Rooms whose doors open only when somebody walks in: `zorki.pixels.climb` loads torch, `import zorki.pixels` does not."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping


def attach(package: str, exports: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """`__getattr__`, `__dir__` and `__all__` for a package.

    exports: public name -> the module of the package that defines it ("climb" -> "climb"); an empty module name
    stands for a submodule of that name.
    """

    def getattr_(name: str) -> object:
        if name not in exports:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = importlib.import_module(f"{package}.{exports[name] or name}")
        return getattr(module, name) if exports[name] else module

    return getattr_, lambda: sorted(exports), sorted(exports)
