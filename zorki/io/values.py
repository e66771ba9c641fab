"""Arrays and tensors taken for pictures: layout and range are checked, never guessed."""

from __future__ import annotations

from typing import Any

import numpy as np

from zorki.core.errors import InputError
from zorki.io.photo import Array, Floats, Raw


def from_array(value: Any) -> Raw:
    """A numpy array (h, w) or (h, w, 1..4), or a tensor (h, w), (c, h, w) or (1, c, h, w). Raises InputError that says what came."""
    tensor = all(hasattr(value, part) for part in ("detach", "cpu", "numpy"))
    if not tensor and not isinstance(value, np.ndarray):
        expected = "A path, a PIL image, a numpy array or a tensor is needed."
        raise InputError(f"A {type(value).__name__} is no picture.", expected, "Convert it first.")
    kind, given = ("tensor", _numpy(value)) if tensor else ("array", value)
    data = _channels_last(given, tensor)
    if data is None:
        expected = "A picture is (3, h, w) or (1, 3, h, w) here." if tensor else "A picture is (h, w, 3), (h, w, 4) or (h, w) here."
        raise InputError(f"The {kind} has the shape {given.shape}.", expected, _advice(given.shape, tensor))
    if data.size == 0:
        raise InputError(f"The {kind} of shape {given.shape} has no pixels.", "A picture has at least one.", "Give another.")
    values, channels = _values(data, kind), data.shape[2]
    return Raw(values, "gray" if channels < 3 else "rgb", alpha=channels in (2, 4), eight=values.dtype != np.uint16)


def _channels_last(data: Array, tensor: bool) -> Array | None:
    """(h, w, c), or None when the shape is no picture's. A tensor has its channels first, an array last: nothing is guessed from sizes."""
    if tensor and data.ndim == 4 and len(data) == 1:
        data = data[0]
    if data.ndim == 2:
        return data[..., None]
    if data.ndim != 3 or data.shape[0 if tensor else 2] not in (1, 2, 3, 4):
        return None
    return np.moveaxis(data, 0, -1) if tensor else data


def _advice(shape: tuple[int, ...], tensor: bool) -> str:
    if len(shape) == 3 and shape[2 if tensor else 0] in (1, 3, 4):
        return "Call .permute(2, 0, 1) on it." if tensor else "Call np.moveaxis(picture, 0, -1) on it."
    return "Give one picture at a time."


def _numpy(value: Any) -> Array:
    value = value.detach().cpu()
    if value.is_floating_point():
        value = value.float()  # numpy knows no bfloat16
    array: Array = value.numpy()
    return array


def _values(data: Array, kind: str) -> Array:
    """uint8 and uint16 as they are, bool as 0 and 255, floats checked."""
    if data.dtype in (np.uint8, np.uint16):
        return data
    if data.dtype == np.bool_:
        return data.astype(np.uint8) * np.uint8(255)
    if data.dtype.kind == "f":
        return unit(data, f"The {kind}")
    expected = "uint8, uint16 or floats from 0 to 1 are a picture."
    raise InputError(f"The {kind} holds {data.dtype}.", expected, "Call .astype(np.uint8) if its values go to 255.")


def whole(data: Array, name: str) -> Array:
    """Integers 0..65535 to uint16. Raises InputError beyond."""
    if data.min() < 0 or data.max() > 65535:
        raise InputError(
            f"{name} has values from {data.min()} to {data.max()}.",
            "Whole numbers from 0 to 65535 are a 16-bit picture.",
            "Scale it first.",
        )
    return data.astype(np.uint16)


def unit(data: Array, name: str) -> Floats:
    """floats of any shape to float32 0..1. Raises InputError when they are not finite, have another range, or were divided twice."""
    low, high = float(data.min()), float(data.max())
    finite = np.isfinite(low) and np.isfinite(high)
    values = f"values from {low:.4g} to {high:.4g}" if finite else "numbers that are not finite"
    do = ""
    if not finite:
        do = "Find out where they come from."
    elif low < -0.001:
        do = "Undo the normalisation: multiply by the deviation and add the mean."
    elif high > 255.5:
        do = "Divide by the largest value that it can have."
    elif high > 1.001:
        do = "Divide by 255, or give it as uint8."
    elif 0 < high <= 1 / 255 + 1e-6:
        do = "It looks divided by 255 twice: divide once."
    if do:
        raise InputError(f"{name} has {values}.", "Floating-point pictures go from 0 to 1.", do)
    return np.clip(data, 0, 1).astype(np.float32)
