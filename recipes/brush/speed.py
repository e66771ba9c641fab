"""Seconds a picture, the brush beside the restated TransformerNet: `python -m recipes.brush.speed` prints a table.

Each pair is run by turns in one process, and the best of several is taken, so that other work on the machine harms both alike.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

import torch
from torch.utils.flop_counter import FlopCounterMode

from recipes.brush.transformer import Transformer
from zorki.core import processor
from zorki.nets.brush import Brush

SIZES = ((512, 512), (720, 1280))


def taken(calls: list[Callable[[], object]], turns: int) -> list[float]:
    """The least seconds of each."""
    best = [float("inf")] * len(calls)
    for _ in range(turns + 1):
        for k, call in enumerate(calls):
            began = time.perf_counter()
            call()
            best[k] = min(best[k], time.perf_counter() - began)
    return best


@torch.inference_mode()
def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--turns", type=int, default=8)
    p.add_argument("--styles", type=int, default=31)
    a = p.parse_args()
    nets = [n.eval().to(memory_format=torch.channels_last) for n in (Brush(a.styles), Transformer())]  # type: ignore[call-overload]
    weights = torch.eye(a.styles)[0]
    for hw in SIZES:
        x = torch.rand(1, 3, *hw)
        counts = []
        for net in nets:
            with FlopCounterMode(display=False) as count:
                net(x, weights)
            counts.append(count.get_total_flops() / 2e9)
        for rough in (False, True) if processor.bfloat16() else (False,):
            with torch.autocast("cpu", torch.bfloat16, enabled=rough):
                brush, other = taken([partial(net, x, weights) for net in nets], a.turns)
            kind = "bfloat16" if rough else "float32"
            print(
                f"{hw[1]}x{hw[0]} {kind:8}  brush {brush:.3f} s ({counts[0]:.1f} GMAC)  TransformerNet {other:.3f} s ({counts[1]:.1f})  {other / brush:.1f} times",
                flush=True,
            )


if __name__ == "__main__":
    main()
