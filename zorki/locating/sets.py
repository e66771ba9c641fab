"""Sets of pictures with boxes: the parts that are learnt from and judged on, each example as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from zorki import io
from zorki.core.seeds import seed_for

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Classes:
    """names: of what is located, in the order of the network's numbers. pictures: how all pictures of the set are read."""

    names: tuple[str, ...]
    pictures: io.Pictures = field(default_factory=io.Pictures)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as TOML and JSON hold it."""
        return {"names": list(self.names), "pictures": self.pictures.to_dict()}

    @staticmethod
    def of(data: dict[str, Any]) -> Classes:
        """What `to_dict` gave."""
        return Classes(tuple(data["names"]), io.Pictures.of(data["pictures"]))


@dataclass(frozen=True)
class Set:
    """Examples of one split, whose boxes have an area and lie inside their pictures, and what their classes are. set[i] is `example` of the i-th."""

    examples: tuple[io.Example, ...]
    classes: Classes

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return self.example(self.examples[i])

    def example(self, one: io.Example) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """(c, h, w) float32 0..1; (n, 4) float32 left, top, width, height in pixels; (n,) int64 class numbers. Raises InputError for a file that
        cannot be read."""
        import torch

        boxes, labels = self.boxes(one)
        return self.classes.pictures.read(one.picture), torch.from_numpy(boxes), torch.from_numpy(labels)

    def boxes(self, one: io.Example) -> tuple[np.ndarray[Any, np.dtype[np.float32]], np.ndarray[Any, np.dtype[np.int64]]]:
        """(n, 4) left, top, width, height in pixels and (n,) class numbers, without opening the picture."""
        numbers = {name: n for n, name in enumerate(self.classes.names)}
        boxes = np.array([(b.x, b.y, b.w, b.h) for b in one.boxes], np.float32).reshape(-1, 4)
        return boxes, np.array([numbers[b.label] for b in one.boxes], np.int64)


def splits(
    name: str, parts: dict[str, Sequence[io.Example]], classes: Classes, seed: int = 0, share: float = 0.2, groups: str | None = None
) -> tuple[Set, Set]:
    """What is learnt from and what is judged on: train and val as they lie, or made of what there is, as `io.split` parts it. Raises InputError."""
    if parts.get("train") and parts.get("val"):
        return Set(tuple(parts["train"]), classes), Set(tuple(parts["val"]), classes)
    examples = parts.get("train") or parts.get("all") or ()
    learnt, held = io.split(examples, "pictures with boxes", name, seed_for(seed, "split"), share, groups)
    return Set(learnt, classes), Set(held, classes)
