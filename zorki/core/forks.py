"""A process that was forked after torch had worked: its threads were not copied, and whoever waits for them waits for ever."""

from __future__ import annotations

import os
import sys
from functools import cache


@cache
def heed() -> None:
    """From here on a forked child computes in one thread, as torch's own data loaders do."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=alone)


def alone() -> None:
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(1)
