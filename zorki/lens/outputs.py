"""Which tensor is meant in what a net gives."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch

from zorki.core.errors import InputError
from zorki.lens.trace import answer_in, tensor_in

OUTPUT = ":output"  # stands for what the whole net gives (`Net.chosen`) among the layers asked for; no module's name has a colon


def chosen(output: Any, which: int | str | None) -> torch.Tensor:
    """The tensor under `which`; where that is None the output itself, the first tensor in it, or what is named as an answer.

    Raises InputError for a list with nothing chosen, and where there is none.
    """
    if isinstance(output, torch.Tensor):
        return output
    many = {f.name: getattr(output, f.name) for f in dataclasses.fields(output)} if dataclasses.is_dataclass(output) else output
    if which is not None:
        try:
            found = tensor_in(many[which])
        except (KeyError, IndexError, TypeError):
            found = None
        if found is None:
            raise InputError(f"The output has no tensor {which!r}.", f"It is a {type(output).__name__} of {len(many)}.", "Choose another.")
        return found
    if isinstance(output, list) and len(output) > 1:
        choices = " or ".join(map(str, range(len(output)))) if len(output) < 5 else f"0 to {len(output) - 1}"
        raise InputError(
            f"The output is a list of {len(output)}.", f"One is meant: {choices}.", "Say which: zorki.lens.Net(module, output=0)."
        )
    found = answer_in(many)
    if found is None:
        raise InputError(
            f"The net gives a {type(output).__name__} without any tensor.", "It is to be one or to hold one.", "Give a module that does."
        )
    return found
