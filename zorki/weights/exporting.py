"""A network as an ONNX file that takes any size: captured by torch.export, and checked beside torch before it is written.

Source: ONNX, opset 20; torch.onnx.
"""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.util import find_spec
from io import StringIO
from pathlib import PurePath
from typing import Any, NamedTuple

import torch
from torch import nn

from zorki import lens
from zorki.core import events
from zorki.core.errors import InputError, Stopped, UnknownName, ZorkiError
from zorki.weights.exported import silent
from zorki.weights.loading import card_of

FORMATS = ("onnx",)
NEEDED, ORACLE = ("onnx", "onnxscript"), "onnxruntime"
NEAR = 1e-3  # what a number of the file's answer may differ from torch's
LATER = ("where", "size", "styles")  # rows of a card that are of its own file, or are said in another way
CHATTY = ("torch.onnx", "onnxscript", "onnx_ir")  # loggers, also those that are still to be made below them
Inputs = Mapping[str, torch.Tensor]
Judge = Callable[[Inputs, Sequence[torch.Tensor]], "Apart"]  # what the file was given, and all that it answered
Operations = Mapping[Any, Callable[..., Any]]  # an operation of our own → what writes it down in ONNX's


def refuse(to: str) -> None:
    """Raises UnknownName for another kind of file than FORMATS, InputError where what writes it is not installed."""
    if to not in FORMATS:
        raise UnknownName.among("kind of file to export", to, FORMATS, f"Write --to={FORMATS[0]}, or leave it out.")
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise InputError(
            f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} not installed.",
            "An ONNX file is written with the extra export.",
            "Install it: pip install 'zorki[export]'.",
        )


def still(net: lens.Net, module: nn.Module) -> nn.Module:
    """A net's module, or a part of it, as it is written: a copy on the processor, in float32 and eval mode. Raises InputError for what cannot be copied."""
    try:
        with net.alone():
            own = copy.deepcopy(module)
        return own.cpu().float().eval().requires_grad_(False).to(memory_format=torch.contiguous_format)  # type: ignore[call-overload, no-any-return]
    except Exception as e:  # a module may hold anything: a file, a lock, a compiled part
        raise unfit(net.name, e) from e


def about(net: lens.Net) -> dict[str, str]:
    """What a file says of its network: the name, without the folders of somebody's disk, and the rows of the card."""
    card = card_of(net)
    return {"name": PurePath(net.name).name} | (
        {} if card is None else {what.replace(" ", "_"): said for what, said in card.rows() if what not in LATER}
    )


class Apart(NamedTuple):
    """How far a file's answer is from the module's. most: the largest difference; beyond: the share of its `numbers` that differ by more than NEAR."""

    most: float
    beyond: float
    numbers: int = 1


def to_onnx(
    module: nn.Module,
    example: Inputs,
    output: str,
    sizes: Mapping[str, Mapping[int, str]],
    about: Mapping[str, str],
    trials: Sequence[Inputs],
    rare: float = 0,
    *,
    checked: Sequence[str] = (),
    judge: Judge | None = None,
    operations: Operations | None = None,
) -> bytes:
    """The file's bytes. module: `still`; it is called with `example`'s tensors in their order, and gives one, or a tuple of it and of what `checked` names.

    sizes: of inputs, and of the output, the axes that may have any length, with their names; in `example` none of these is 1. about: `name`, and more that goes into the
    metadata, with `parity`: how far the file's answers to `trials` are from the module's at most; "not checked" without onnxruntime. It is said, too.
    rare: which share of an answer may be further off, of a module that chooses otherwise where two numbers are equal but for rounding.
    checked: answers from in between that only `judge` gets to see; they are not in the file. judge: how far an answer is from what it is to be; not given: from the module's.
    operations: those of the module's that torch does not know how to write down.
    Raises InputError where the module cannot be written so, Stopped for a file that answers otherwise by more than NEAR.
    """
    try:
        events.tell("export", 0, 2)
        whole = converted(module, example, output, sizes, checked, operations)
        events.tell("export", 1, 2)
        found = None if find_spec(ORACLE) is None else list(distances(whole, judge or beside(module), trials))
        data = without(whole, checked)
    except (ZorkiError, MemoryError):
        raise
    except Exception as e:  # whatever torch meets in a module that it cannot follow
        raise unfit(about["name"], e) from e
    events.tell("export", 2, 2)
    if found is None:
        events.note(f"The file was not checked beside the network, as {ORACLE} is not installed.")
        return described(data, {**about, "parity": "not checked"})
    most = max(one.most for one in found)
    many = max(1, sum(one.numbers for one in found))
    beyond = sum(one.beyond * one.numbers for one in found) / many  # of all pictures together: in a small one a spot is much
    if math.isinf(most) and any(not bool(one.isfinite().all()) for trial in trials for one in answers(module, trial)):
        raise Stopped(
            f"{about['name']} answers with what is no number.", "Nothing was written.", "Mend its weights, or take another network."
        )
    if most > NEAR and beyond > rare:
        raise Stopped(
            f"The file's answers differ from the network's by {most:.2g}.",
            f"At most {NEAR:g} is let pass, so nothing was written.",
            "Install other versions of torch, onnx and onnxscript.",
        )
    said = f"{most:.2g} at most" if most <= NEAR else f"{NEAR:g} but for {beyond:.2%}, there {most:.2g} at most"
    events.note(f"The file's answers are torch's, to {said}: checked in {ORACLE}.")
    return described(data, {**about, "parity": f"{said}, in {ORACLE}"})


def unfit(name: str, error: Exception) -> InputError:
    """What is said of a network that cannot be written down. The innermost error tells most."""
    deepest: BaseException = error
    while deepest.__cause__ is not None:
        deepest = deepest.__cause__
    said = next((line.strip() for line in str(deepest).splitlines() if line.strip()), type(deepest).__name__)
    return InputError(
        f"{name} cannot be written as an ONNX file: {said[:160]!r}.",
        "It is to be tensor operations alone, the same whatever the picture shows.",
        "Mend it where its code branches on numbers or leaves torch.",
    )


def converted(
    module: nn.Module,
    example: Inputs,
    output: str,
    sizes: Mapping[str, Mapping[int, str]],
    checked: Sequence[str] = (),
    operations: Operations | None = None,
) -> bytes:
    """An ONNX file with those names, without metadata."""
    free = tuple(dict.fromkeys(sizes.get(name, {}), torch.export.Dim.DYNAMIC) or None for name in example)
    with silent(), hushed(), torch.no_grad():
        # Captured here and not by torch.onnx, which keeps each comparison of sizes for later and takes minutes over it.
        program = torch.export.export(module, tuple(example.values()), dynamic_shapes=free)
        made = torch.onnx.export(
            program, dynamo=True, input_names=list(example), output_names=[output, *checked], verbose=False,
            custom_translation_table=None if operations is None else dict(operations),
        )  # fmt: skip
        assert made is not None
        proto: Any = made.model_proto
    del proto.graph.value_info[:]  # sizes in between, in names that nobody knows
    for part in (proto, *within(proto.graph), *proto.functions, *(one for f in proto.functions for n in f.node for one in within(n))):
        del part.metadata_props[:]  # where in whose files each operation was written
        part.doc_string = ""
    for value in (*proto.graph.input, *proto.graph.output):
        for axis, name in sizes.get(value.name, {}).items():
            value.type.tensor_type.shape.dim[axis].dim_param = name
    return bytes(proto.SerializeToString())


def within(part: Any) -> Iterator[Any]:
    """A graph or an operation of it, and all operations inside, also those of loops."""
    yield part
    for node in getattr(part, "node", ()):
        yield from within(node)
    for held in getattr(part, "attribute", ()):
        for graph in (held.g, *held.graphs):
            if graph.node:
                yield from within(graph)


def without(data: bytes, outputs: Sequence[str]) -> bytes:
    """The file without those of its outputs."""
    import onnx

    if not outputs:
        return data
    proto = onnx.load_model_from_string(data)
    kept = [one for one in proto.graph.output if one.name not in outputs]
    del proto.graph.output[:]
    proto.graph.output.extend(kept)
    return bytes(proto.SerializeToString())


def distances(data: bytes, judge: Judge, trials: Sequence[Inputs]) -> Iterator[Apart]:
    """For each trial how far the file's answers, in onnxruntime, are from what they are to be."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, torch.get_num_threads()
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    for trial in trials:
        found = session.run(None, {name: x.numpy() for name, x in trial.items()})
        yield judge(trial, [torch.from_numpy(one) for one in found])


def answers(module: nn.Module, trial: Inputs) -> tuple[torch.Tensor, ...]:
    """All that the module gives."""
    with torch.no_grad():
        given = module(*trial.values())
    return given if isinstance(given, tuple) else (given,)


def beside(module: nn.Module) -> Judge:
    """Says how far an answer is from the module's."""
    return lambda trial, found: apart(found[0], answers(module, trial)[0])


def apart(found: torch.Tensor, wanted: torch.Tensor, scale: torch.Tensor | float = 1.0) -> Apart:
    """How far numbers are from those that are wanted, over `scale`; infinitely where they have another shape, or are none."""
    if found.shape != wanted.shape:
        return Apart(math.inf, 1, max(1, wanted.numel()))
    if not found.numel():
        return Apart(0, 0, 0)
    each = ((found - wanted).abs() / scale).nan_to_num(math.inf)
    return Apart(float(each.max()), float((each > NEAR).double().mean()), each.numel())


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
    """Inside, exporters log and print nothing."""
    before = {log: log.level for log in map(logging.getLogger, CHATTY)}
    try:
        for log in before:
            log.setLevel(logging.CRITICAL + 1)
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):  # torch prints what it had understood of a module that it gives up
            yield
    finally:
        for log, level in before.items():
            log.setLevel(level)
