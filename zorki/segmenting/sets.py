"""Sets of pictures with masks: the parts that are learnt from and judged on, each pair as tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zorki import io
from zorki.core.errors import InputError
from zorki.core.seeds import seed_for
from zorki.segmenting.table import Table, discovered

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Set:
    """Examples of one split, and what their masks mean. set[i] is `pair` of the i-th."""

    examples: tuple[io.Example, ...]
    table: Table

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self.pair(self.examples[i])

    def pair(self, example: io.Example) -> tuple[torch.Tensor, torch.Tensor]:
        """(c, h, w) float32 0..1 of the table's channels, and (h, w) uint8 class numbers with 255 = void.

        Raises InputError for files that cannot be read, for values that the table does not hold, and for two sizes.
        """
        import torch

        assert example.mask is not None
        picture = self.table.pictures.read(example.picture)
        numbers = self.table.numbers(io.open_mask(example.mask))
        if numbers.shape != picture.shape[1:]:
            (h, w), (ph, pw) = numbers.shape, picture.shape[1:]
            got = f"{example.mask.name} is {w} × {h}, {example.picture.name} {pw} × {ph}."
            raise InputError(got, "A mask says the class of each pixel of its picture.", "Bring it to that size by nearest neighbour.")
        return picture, torch.from_numpy(np.ascontiguousarray(numbers))


def splits(
    folder: io.LabelledFolder, seed: int = 0, share: float = 0.2, groups: str | None = None, table: Table | None = None
) -> tuple[Set, Set]:
    """What is learnt from and what is judged on: train/ and val/ as they lie, or made of what there is.

    share: of the pictures (of the groups) that are judged on, at least one and never all. groups: what must stay together, such as the slices of
    one patient: a regular expression, whose first bracket (or whole match) at the start of a name is its group, or a number of letters from its
    start. table: what the masks mean, if that is known. Raises InputError for fewer than two pictures or groups, and as `discovered`.
    """
    table = discovered(folder) if table is None else table
    given = {name: tuple(e for e in some if e.mask is not None) for name, some in folder.splits.items()}
    if given.get("train") and given.get("val"):
        return Set(given["train"], table), Set(given["val"], table)
    examples = given.get("train") or given.get("all") or ()
    learnt, held = io.split(examples, "pictures with masks", folder.name, seed_for(seed, "split"), share, groups)
    return Set(learnt, table), Set(held, table)
