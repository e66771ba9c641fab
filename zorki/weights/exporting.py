"""A network as an ONNX file that takes any size: captured by torch.export, and checked beside torch before it is written.

Source: ONNX, opset 20; torch.onnx.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import torch
from torch import nn

from zorki.core import events
from zorki.core.errors import InputError, Stopped
from zorki.weights.exported import silent

NEEDED, ORACLE = ("onnx", "onnxscript"), "onnxruntime"
NEAR = 1e-3  # of pictures in 0..1: what the file may differ from torch
CHATTY = ("torch.onnx", "onnxscript", "onnx_ir")  # loggers, also those that are still to be made below them
Inputs = Mapping[str, torch.Tensor]


def to_onnx(
    module: nn.Module,
    example: Inputs,
    output: str,
    sizes: Mapping[str, Mapping[int, str]],
    about: Mapping[str, str],
    trials: Sequence[Inputs],
) -> bytes:
    """The file's bytes. module: in eval mode, on the processor; it is called with `example`'s tensors in their order, and gives one.

    sizes: of inputs, and of the output, the axes that may have any length, with their names. about: goes into the metadata, with `parity`:
    how far the file's answers to `trials` are from the module's at most; "not checked" without onnxruntime, which is said.
    Raises InputError where packages are missing, Stopped for a file that answers otherwise by more than NEAR.
    """
    refuse_missing()
    data = converted(module, example, output, sizes)
    apart = None if find_spec(ORACLE) is None else max(distances(data, module, trials))
    if apart is None:
        events.note(f"The file was not checked beside the network, as {ORACLE} is not installed.")
    elif not apart <= NEAR:  # also of NaN
        raise Stopped(
            f"The file's answers differ from the network's by {apart:.2g}.",
            f"At most {NEAR:g} is let pass, so nothing was written.",
            "Install other versions of torch, onnx and onnxscript.",
        )
    return described(data, {**about, "parity": "not checked" if apart is None else f"{apart:.2g} at most, in {ORACLE}"})


def refuse_missing() -> None:
    """Raises InputError where what writes ONNX files is not installed."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise InputError(
            f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} not installed.",
            "An ONNX file is written with the extra export.",
            "Install it: pip install 'zorki[export]'.",
        )


def converted(module: nn.Module, example: Inputs, output: str, sizes: Mapping[str, Mapping[int, str]]) -> bytes:
    """An ONNX file with those names, without metadata."""
    free = tuple(dict.fromkeys(sizes.get(name, {}), torch.export.Dim.DYNAMIC) or None for name in example)
    with silent(), hushed(), torch.no_grad():
        # Captured here and not by torch.onnx, which keeps each comparison of sizes for later and takes minutes over it.
        program = torch.export.export(module, tuple(example.values()), dynamic_shapes=free)
        made = torch.onnx.export(program, dynamo=True, input_names=list(example), output_names=[output], verbose=False)
        assert made is not None
        proto: Any = made.model_proto
    del proto.graph.value_info[:]  # sizes in between, in names that nobody knows
    for part in (proto, proto.graph, *proto.graph.node, *proto.functions, *(n for f in proto.functions for n in f.node)):
        del part.metadata_props[:]  # where in whose files each operation was written
        part.doc_string = ""
    for value in (*proto.graph.input, *proto.graph.output):
        for axis, name in sizes.get(value.name, {}).items():
            value.type.tensor_type.shape.dim[axis].dim_param = name
    return bytes(proto.SerializeToString())


def distances(data: bytes, module: nn.Module, trials: Sequence[Inputs]) -> Iterator[float]:
    """For each trial the largest difference between the file's answer, in onnxruntime, and the module's."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, torch.get_num_threads()
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    for trial in trials:
        (found,) = session.run(None, {name: x.numpy() for name, x in trial.items()})
        with torch.no_grad():
            yield float((torch.from_numpy(found) - module(*trial.values())).abs().max())


def parity(data: bytes) -> str:
    """What a file of `to_onnx` says of how far its answers are from the network's."""
    import onnx

    return next(str(p.value) for p in onnx.load_model_from_string(data).metadata_props if p.key == "parity")


def described(data: bytes, about: Mapping[str, str]) -> bytes:
    """The file with that metadata."""
    import onnx

    proto = onnx.load_model_from_string(data)
    onnx.helper.set_model_props(proto, dict(about))
    return bytes(proto.SerializeToString())


@contextmanager
def hushed() -> Iterator[None]:
    """Inside, exporters log nothing."""
    before = {log: log.level for log in map(logging.getLogger, CHATTY)}
    try:
        for log in before:
            log.setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for log, level in before.items():
            log.setLevel(level)
