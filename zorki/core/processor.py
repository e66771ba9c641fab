"""What this machine's processor can compute by itself."""

from __future__ import annotations

import os
from functools import cache

SWITCH = "ZORKI_BFLOAT16"  # 0: as if the processor had none


def bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 natively and oneDNN, which does it for torch, is allowed to use that."""
    return os.environ.get(SWITCH) != "0" and has_bfloat16()


@cache
def has_bfloat16() -> bool:
    """The same, whatever the switch says."""
    import torch

    native = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    if not any(native.get(kind) for kind in ("avx512_bf16", "amx_bf16")):
        return False
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()) if hasattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported") else False
