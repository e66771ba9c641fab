"""What a segmenter costs for a picture of some size, and how far each of its answers sees."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from zorki import lens
from zorki.nets.segmenter import Segmenter


@dataclass(frozen=True)
class Cost:
    """multiply_adds: of convolutions and linear layers, for one picture of `hw`. sees: pixels a side of the field that a class's score depends on, (vertical,
    horizontal); None where it is the whole picture."""

    hw: tuple[int, int]
    multiply_adds: int
    parameters: int
    sees: tuple[float, float] | None


def cost(net: Segmenter, hw: tuple[int, int]) -> Cost:
    """Counted by one pass at that size; the net stays as it is."""
    h, w = (-(-side // net.step) * net.step for side in hw)  # as the net makes it by mirroring, behind which no field is known
    layers = lens.Net(net, channels=int(net.sizes()["channels"])).layers((h, w))
    last = next(row for row in reversed(layers) if row.name.startswith("decoder."))
    field = last.receptive_field
    return Cost(hw, layers.macs, layers.parameters, None if field is None else field.size)


class Held(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Inside `with`, how many bytes tensors take that are made there; `most` of them at once. What a library needs inside an operation is not counted."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.alive: dict[int, tuple[Any, int]] = {}
        self.most = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else torch loads its compiler, 2 s, at the first operation

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        before = {x.untyped_storage()._cdata for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)}
        out = func(*args, **(kwargs or {}))
        self.alive = {key: one for key, one in self.alive.items() if not one[0].expired()}
        for x in tree_leaves(out):
            if isinstance(x, torch.Tensor) and (storage := x.untyped_storage())._cdata not in before:
                self.alive[storage._cdata] = StorageWeakRef(storage), storage.nbytes()  # type: ignore[no-untyped-call]
        self.most = max(self.most, sum(size for _, size in self.alive.values()))
        return out


def memory(work: Callable[[], object]) -> int:
    """Bytes of all maps that are held at once, at the moment when these are most, while `work` is done. The same on every machine."""
    held = Held()
    with held:
        work()
    return held.most


def seconds(work: Callable[[], object], rounds: int = 5, enough: float = 3.0) -> float:
    """What `work` takes: the least of a few rounds behind a first one that does not count, since what else the machine does only adds to it."""
    work()
    found, began = list[float](), time.perf_counter()
    while len(found) < rounds and (not found or time.perf_counter() - began < enough):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)
