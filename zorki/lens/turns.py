"""One thread at a time with a net: whoever changes a module or runs it holds its lock meanwhile."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from threading import Lock, RLock
from typing import Any

from torch import nn
from torch.utils.weak import WeakIdKeyDictionary

_LOCKS: MutableMapping[Any, Any] = WeakIdKeyDictionary()  # of modules and of parameters
_MAKING = Lock()


def alone(module: nn.Module) -> Any:
    """The lock of a module: `with alone(module):` while it is changed or run, never across a yield.

    The thread that holds it may take it again. Modules that share a parameter share the lock: a wrapper, a part, a softened copy.
    """
    found = _LOCKS.get(module)
    if found is None:
        with _MAKING:
            own = (module, *module.parameters())
            found = next((_LOCKS[x] for x in own if x in _LOCKS), None) or RLock()
            for x in own:
                _LOCKS.setdefault(x, found)
    return found


def forget() -> None:
    """In a forked child the threads that held a lock are gone, and so nobody would give it back."""
    global _MAKING
    _MAKING = Lock()
    _LOCKS.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget)
