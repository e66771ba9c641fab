"""What it looks like when memory is not enough."""

from __future__ import annotations

import torch


def out_of_memory(error: BaseException) -> bool:
    """Whether an accelerator, torch on the processor, or Python says that memory is not enough."""
    said = str(error).lower()
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and ("out of memory" in said or "can't allocate memory" in said)
    )
