"""Arrays and tensors taken for pictures: layout and range are checked, never guessed."""

from __future__ import annotations

from typing import Any

import numpy as np

from zorki.core.errors import InputError
from zorki.io.photo import Array, Raw
from zorki.io.pillow import unit


def from_array(value: Any) -> Raw:
    """A numpy array (h, w), (h, w, 1..4) or a tensor (c, h, w), (1, c, h, w) as Raw; floats stay 8-bit pictures unless uint16 came.

    Raises InputError that says what came.
    """
    tensor = all(hasattr(value, part) for part in ("detach", "cpu", "numpy"))
    if not tensor and not isinstance(value, np.ndarray):
        raise InputError(
            f"A {type(value).__name__} is no picture.", "A path, a PIL image, a numpy array or a tensor is needed.", "Convert it first."
        )
    data = _numpy(value) if tensor else value
    kind = "tensor" if tensor else "array"
    shape = tuple(data.shape)
    if tensor:
        if data.ndim == 4 and shape[0] == 1:
            data = data[0]
        if data.ndim == 3 and data.shape[0] in (1, 3, 4):
            data = np.moveaxis(data, 0, -1)
        elif data.ndim != 2:
            raise _layout(
                kind,
                shape,
                "(3, h, w) or (1, 3, h, w)",
                "Call .permute(2, 0, 1) on it." if shape[-1:] in ((3,), (4,)) else "Give one picture.",
            )
    elif data.ndim == 4 or (data.ndim == 3 and data.shape[2] not in (1, 2, 3, 4)) or data.ndim not in (2, 3):
        first = data.ndim == 3 and shape[0] in (1, 3, 4)
        raise _layout(
            kind, shape, "(h, w, 3), (h, w, 4) or (h, w)", "Call np.moveaxis(picture, 0, -1) on it." if first else "Give one picture."
        )
    data = data if data.ndim == 3 else data[..., None]
    if data.size == 0:
        raise InputError(f"The {kind} of shape {shape} has no pixels.", "A picture has at least one.", "Give another.")
    channels = data.shape[2]
    values, eight = _values(data, kind)
    return Raw(data=values, space="gray" if channels < 3 else "rgb", alpha=channels in (2, 4), eight=eight)


def _layout(kind: str, shape: tuple[int, ...], wanted: str, do: str) -> InputError:
    return InputError(f"The {kind} has the shape {shape}.", f"A picture is {wanted} here.", do)


def _numpy(value: Any) -> Array:
    value = value.detach().cpu()
    if value.is_floating_point():
        value = value.float()  # numpy knows no bfloat16
    array: Array = value.numpy()
    return array


def _values(data: Array, kind: str) -> tuple[Array, bool]:
    """uint8 and uint16 as they are, bool as 0 and 255, float checked; and whether it counts as an 8-bit picture."""
    if data.dtype == np.bool_:
        return data.astype(np.uint8) * np.uint8(255), True
    if data.dtype in (np.uint8, np.uint16):
        return data, data.dtype == np.uint8
    if data.dtype.kind == "f":
        return unit(data, f"The {kind}"), True
    raise InputError(
        f"The {kind} holds {data.dtype}.",
        "uint8, uint16 or floats from 0 to 1 are a picture.",
        "Call .astype(np.uint8) if its values go to 255.",
    )
