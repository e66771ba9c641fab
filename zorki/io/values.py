"""Numbers taken for colours, of files, arrays and tensors: layout and range are checked, never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from zorki.core.errors import InputError
from zorki.io.photo import Array, Floats, Raw

Span = Literal["auto"] | tuple[float, float]
NARROW = 16  # a picture that uses less than this part of a 16-bit scale is told of
BRIGHT = 32.0  # floats above it count to 255; below, they are light beyond white
UNSEEN = 256  # and less than this part of a longer scale would be all black


def from_array(value: Any) -> Raw:
    """A numpy array (h, w) or (h, w, 1..4), or a tensor (h, w), (c, h, w) or (1, c, h, w). Raises InputError that says what came."""
    tensor = all(hasattr(value, part) for part in ("detach", "cpu", "numpy"))
    if not tensor and not isinstance(value, np.ndarray):
        expected = "A path, a PIL image, a numpy array or a tensor is needed."
        raise InputError(f"A {type(value).__name__} is no picture.", expected, "Convert it first.")
    if tensor and str(getattr(value, "device", "")) == "meta":
        raise InputError("The tensor is on the device meta.", "There it has a shape and no numbers.", "Give one that has numbers.")
    kind, given = ("tensor", _numpy(value)) if tensor else ("array", value)
    if given.dtype.kind not in "biuf":
        raise InputError(f"The {kind} holds {given.dtype} values.", "A picture has whole numbers or floats.", "Convert it first.")
    data = _channels_last(given, tensor)
    if data is None:
        expected = "A picture is (3, h, w) or (1, 3, h, w) here." if tensor else "A picture is (h, w, 3), (h, w, 4) or (h, w) here."
        raise InputError(f"The {kind} has the shape {given.shape}.", expected, _advice(given.shape, tensor))
    if data.size == 0:
        raise InputError(f"The {kind} of shape {given.shape} has no pixels.", "A picture has at least one.", "Give another.")
    channels = data.shape[2]
    return Raw(data, "gray" if channels < 3 else "rgb", alpha=channels in (2, 4), eight=data.dtype.kind == "f", called=f"The {kind}")


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


def span_of(given: str | Sequence[float] | None) -> Span | None:
    """What `--range` or `range=` says: "auto", "LOW,HIGH" or two numbers. Raises InputError."""
    if given is None:
        return None
    if given == "auto":
        return "auto"
    try:
        low, high = (float(part) for part in (given.split(",") if isinstance(given, str) else given))
    except (ValueError, TypeError):
        low = high = 0.0
    if not (np.isfinite([low, high]).all() and low < high):
        raise InputError(f"--range={given} is no range.", "It is auto, or the numbers for black and for white.", "Write --range=0,4095.")
    return low, high


def span_text(given: str | Sequence[float] | None) -> str | None:
    """The same as one word, for a command line. Raises InputError."""
    span = span_of(given)
    return span if span is None or span == "auto" else ",".join(f"{number:.12g}" for number in span)


def settle(raw: Raw, name: str, span: Span | None) -> None:
    """Brings a Raw's stored numbers to uint8 or uint16, or float32 0..1: by their type, not by what is there, unless `span` says so.

    The next picture of a set gets the same rule. Raises InputError for numbers that are no picture's.
    """
    who = raw.called or name
    if raw.data.dtype == np.bool_:
        raw.data, raw.top = raw.data.astype(np.uint8) * np.uint8(255), None
    if span is not None:
        _spread(raw, span, who)
    elif raw.data.dtype.kind == "f":
        raw.data = unit(raw.data, who)
    else:
        _scale(raw, who)
    if raw.negative or raw.multiplied:
        top = 1 if raw.data.dtype.kind == "f" else np.iinfo(raw.data.dtype).max
        colours, rest = (raw.data[..., :-1], raw.data[..., -1:]) if raw.alpha else (raw.data, raw.data[..., :0])
        if raw.negative:
            colours = top - colours
        if raw.multiplied:
            plain = np.minimum(colours / np.maximum(rest / float(top), 1e-9), top)
            colours = (plain if top == 1 else np.rint(plain)).astype(raw.data.dtype)
        raw.data = np.concatenate([colours, rest], axis=2)


def _spread(raw: Raw, span: Span, who: str) -> None:
    """Colours from `span` to float32 0..1; alpha by its own scale."""
    data = raw.data
    colours = data[..., :-1] if raw.alpha else data
    low, high = (float(colours.min()), float(colours.max())) if span == "auto" else span
    if not np.isfinite([low, high, colours.min(), colours.max()]).all():
        raise InputError(f"{who} has numbers that are not finite.", "A picture has finite ones.", "Find out where they come from.")
    out = np.empty(data.shape, np.float32)
    out[..., : colours.shape[2]] = np.clip((colours.astype(np.float64) - low) / ((high - low) or 1), 0, 1)
    if raw.alpha:
        top = 1 if data.dtype.kind == "f" else raw.top or np.iinfo(data.dtype).max
        out[..., -1] = np.clip(data[..., -1] / top, 0, 1)
    if span == "auto":
        raw.notes += (f"{who} holds {low:,.6g} to {high:,.6g}: that is spread from black to white.",)
    raw.data, raw.eight = out, raw.eight or data.dtype.itemsize == 1


def _scale(raw: Raw, who: str) -> None:
    """Whole numbers by `raw.top`; a narrow range is told of, one that would be all black is refused."""
    data, kind = raw.data, raw.data.dtype
    if kind == np.uint8 and raw.top in (None, 255):
        return
    top = raw.top or int(np.iinfo(kind).max)
    low, high = int(data.min()), int(data.max())
    do = "Scale it to uint8 or uint16, or say what is black and white: --range=LOW,HIGH."
    if kind.kind == "i" and raw.top is None:
        raise InputError(f"{who} holds signed numbers ({kind}) from {low} to {high}.", "A picture has whole numbers from 0 up.", do)
    if low < 0 or high > top or (kind.itemsize > 2 and 0 < high * UNSEEN <= top):
        raise InputError(f"{who} has values from {low} to {high}.", f"Black to white are 0 to {top:,} in such numbers.", do)
    colours = data[..., :-1] if raw.alpha else data
    low, high = int(colours.min()), int(colours.max())
    if top >= 65535 and 0 < (high - low) * NARROW <= top:
        camera, look = (", as 12-bit cameras write it", "dark") if 255 < high <= 4095 else ("", "dark" if high * NARROW <= top else "flat")
        raw.notes += (
            f"{who} holds only {low:,} to {high:,} of 0 to {top:,}{camera}; it is read as it is, {look}. --range=auto spreads it.",
        )
    most, wanted = (255, np.uint8) if top <= 255 else (65535, np.uint16)
    raw.data = data.astype(wanted, copy=False) if top == most else np.rint(data * np.float64(most / top)).astype(wanted)


def unit(data: Array, name: str) -> Floats:
    """floats of any shape to float32 0..1. Raises InputError when they are not finite, have another range, or were divided twice."""
    low, high = float(data.min()), float(data.max())
    finite = np.isfinite(low) and np.isfinite(high)
    values = f"values from {low:.4g} to {high:.4g}" if finite else "numbers that are not finite"
    do = ""
    if not finite:
        do = "Find out where they come from."
    elif low < -0.5:
        do = "Undo the normalisation: multiply by the deviation and add the mean."
    elif high > 255.5:
        do = "Divide by the largest value that it can have."
    elif high > BRIGHT:
        do = "Divide by 255, or give it as uint8."
    elif low < -0.001 or high > 1.001:
        do = f"Scale it, clip it, or say what is black and white: --range={low:.4g},{high:.4g}."
    elif 0 < high <= 1 / 255 + 1e-6:
        do = "It looks divided by 255 twice: divide once."
    if do:
        raise InputError(f"{name} has {values}.", "Floating-point pictures go from 0 to 1.", do)
    return np.clip(data, 0, 1).astype(np.float32)
