"""Seeds: one number from the user, one stream for each picture. No global generator is touched."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def seed_for(seed: int, *what: object) -> int:
    """A seed that depends on the user's seed and on what is drawn, not on how many are drawn beside it."""
    digest = hashlib.blake2b(repr((seed, *what)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1  # torch wants a signed 64-bit number


def generator(seed: int, *what: object) -> torch.Generator:
    """A generator on the processor, so that every device draws the same numbers."""
    import torch

    return torch.Generator().manual_seed(seed_for(seed, *what))


def uniform(shape: Sequence[int], seed: int, *what: object) -> torch.Tensor:
    """Numbers from 0 to 1, float32 in main memory whatever torch's defaults are."""
    import torch

    return torch.rand(tuple(shape), generator=generator(seed, *what), dtype=torch.float32, device="cpu")


def normal(shape: Sequence[int], seed: int, *what: object) -> torch.Tensor:
    """Numbers of mean 0 and deviation 1, float32 in main memory whatever torch's defaults are."""
    import torch

    return torch.randn(tuple(shape), generator=generator(seed, *what), dtype=torch.float32, device="cpu")
