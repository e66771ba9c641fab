"""Seconds a picture of segmenters, beside the U-Net of 31 million parameters: `python -m benchmarks.segment` prints a table.

All ways are run by turns in one process, so that other work on the machine harms all alike; least and median. The numbers are random: they do not
change how long it takes. --model RUN|NAME times a trained one too. ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 ZORKI_BFLOAT16=0 before it make a
newer processor one of the ordinary kind.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator

import torch
from torch import nn

from benchmarks.brush import Call, taken
from zorki.core import processor
from zorki.nets.folding import folded
from zorki.nets.segmenter import Segmenter
from zorki.segmenting.cost import cost

CLASSES = 11
RIVAL = "U-Net 2015"


def nets(model: str | None) -> Iterator[tuple[str, Segmenter]]:
    yield RIVAL, Segmenter("unet", "unet2015", CLASSES, norm=False)
    for net, encoder in (("pyramid", "lite0"), ("pyramid", "lite2"), ("unet", "lite0"), ("maxunpool", "lite0"), ("transpose", "lite0")):
        yield f"{net} on {encoder}", Segmenter(net, encoder, CLASSES)
    if model is not None:
        import zorki

        given = zorki.load(model).inner
        assert isinstance(given, Segmenter)
        yield model, given


def call(net: nn.Module, x: torch.Tensor, rough: bool) -> Call:
    def run() -> object:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=rough):
            return net(x)

    return run


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--turns", type=int, default=9)
    p.add_argument("--size", default="360x480", help="rows x columns")
    p.add_argument("--model")
    a = p.parse_args()
    h, w = (int(n) for n in a.size.split("x"))
    x = torch.rand(1, 3, h, w).contiguous(memory_format=torch.channels_last)
    names, calls = list[str](), list[Call]()
    for name, net in nets(a.model):
        spent = cost(net, (h, w))
        quick = folded(net).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for rough in (False, True) if processor.bfloat16() else (False,):
            kind = "bfloat16" if rough else "float32"
            names.append(f"{name:20} {kind:8}  {spent.parameters / 1e6:5.1f} M parameters {spent.multiply_adds / 1e9:6.1f} G multiply-adds")
            calls.append(call(quick, x, rough))
    found = taken(calls, a.turns)
    rival = min(found[0])
    print(f"{h}x{w}, {torch.get_num_threads()} threads, least and median of {a.turns}, by turns; ratios of the least")
    for name, seconds in zip(names, found, strict=True):
        print(
            f"  {name}  {min(seconds):6.3f} s  {statistics.median(seconds):6.3f} s  {rival / min(seconds):5.1f} times {RIVAL}, float32",
            flush=True,
        )


if __name__ == "__main__":
    main()
