"""Seconds a picture, the brush beside the restated TransformerNet and in other runtimes: `python -m benchmarks.brush` prints a table.

All ways are run by turns in one process, so that other work on the machine harms all alike; medians, with the quarters about them.
ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 ZORKI_BFLOAT16=0 before it make a newer processor one of the ordinary kind. OpenVINO has a row where
it can be imported.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch

from recipes.brush.transformer import Transformer
from zorki import weights
from zorki.core import processor
from zorki.nets.brush import Brush
from zorki.weights import exporting

SIZES = ((512, 512), (720, 1280))
STYLES = 30
Call = Callable[[], object]


def plain(net: torch.nn.Module, x: torch.Tensor, w: torch.Tensor, rough: bool) -> Call:
    """In torch, as it is used."""

    def call() -> object:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=rough):
            return net(x, w)

    return call


def exported(brush: Brush) -> bytes:
    size = {2: "height", 3: "width"}
    example = {"picture": torch.rand(1, 3, 61, 83), "styles": torch.eye(STYLES)[0], "strength": torch.tensor(1.0)}
    own = Brush(STYLES).eval().requires_grad_(False)
    own.load_state_dict(brush.state_dict())
    return exporting.converted(own, example, "painting", {"picture": size, "painting": size})


def in_onnxruntime(data: bytes, given: dict[str, np.ndarray[Any, Any]]) -> Call:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, given)


def in_openvino(data: bytes, given: dict[str, np.ndarray[Any, Any]], kind: str) -> Call:
    """The sizes are fixed, as there it is made for them."""
    import openvino

    core = openvino.Core()
    model = core.read_model(data)
    model.reshape({name: list(x.shape) for name, x in given.items()})
    made = core.compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": torch.get_num_threads(), "INFERENCE_PRECISION_HINT": kind})
    return lambda: made(given)


def ways(brush: Brush, other: Transformer, data: bytes, hw: tuple[int, int]) -> Iterator[tuple[str, Call]]:
    x, w = torch.rand(1, 3, *hw), torch.eye(STYLES)[0]
    given = {"picture": x.numpy(), "styles": w.numpy(), "strength": np.array(1.0, np.float32)}
    for rough in (False, True) if processor.bfloat16() else (False,):
        kind = "bfloat16" if rough else "float32"
        yield f"TransformerNet, {kind}", plain(other, x, w, rough)
        yield f"brush, {kind}", plain(brush, x, w, rough)
        yield f"torch.compile, {kind}", plain(torch.compile(brush), x, w, rough)  # type: ignore[arg-type]
        if find_spec("openvino"):
            yield f"OpenVINO, {kind}", in_openvino(data, given, "bf16" if rough else "f32")
    yield "ONNX Runtime, float32", in_onnxruntime(data, given)


def taken(calls: list[Call], turns: int) -> list[list[float]]:
    """The seconds of each, by turns; the first round warms up."""
    out: list[list[float]] = [[] for _ in calls]
    for turn in range(turns + 1):
        for call, seconds in zip(calls, out, strict=True):
            began = time.perf_counter()
            call()
            if turn:
                seconds.append(time.perf_counter() - began)
    return out


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--turns", type=int, default=9)
    a = p.parse_args()
    brush, other = weights.load("brush").inner, Transformer().eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    assert isinstance(brush, Brush)
    data = exported(brush)
    for hw in SIZES:
        names, calls = zip(*ways(brush, other, data, hw), strict=True)
        found = taken(list(calls), a.turns)
        rival = statistics.median(found[0])
        print(f"{hw[1]}x{hw[0]}, {torch.get_num_threads()} threads, medians of {a.turns}, by turns")
        for name, seconds in zip(names, found, strict=True):
            low, middle, high = statistics.quantiles(seconds, n=4)
            print(f"  {name:26} {middle:6.3f} s ({low:.3f} to {high:.3f})  {rival / middle:5.1f} times TransformerNet, float32", flush=True)


if __name__ == "__main__":
    main()
