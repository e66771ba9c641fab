"""Show with small numbers what a network does to a map: how pooling is undone, in three ways.

Source: Zeiler and Fergus 2014 (switches); Zeiler et al. 2010 (transposed convolution); Odena, Dumoulin, Olah 2016 (checkerboards).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zorki.core.errors import InputError, UnknownName
from zorki.core.method import Input
from zorki.core.numbers import matrix

if TYPE_CHECKING:
    from zorki import blocks
    from zorki.segmenting.unpooling import Map
    from zorki.wings.segment import _unpooling

TOPICS = ("unpooling",)
MOST, KERNEL = 8, 7  # numbers of a side of what is explained; of a kernel
LARGEST = 1e9  # of these numbers
INPUTS = {"topic": Input(f"what is explained: {', '.join(TOPICS)}", kind="word")}
NETS: tuple[str, ...] = ()
WORDS = True  # the answer is what is printed; a page is written only where one is asked for


@dataclass(frozen=True)
class Settings:
    input: str = "1 3 2 0; 2 0 4 1; 5 1 0 2; 0 2 6 1"
    "numbers, with ; between rows: a map whose sides are even, 4 or more, is pooled first; a smaller one is what pooling left, as 1 2; 3 4"
    kernel: str = "1 2 3; 4 5 6; 7 8 9"
    "of the transposed convolution: as many rows as columns, up to 7"


PRESETS: dict[str, Settings] = {}


def run(topic: str, s: Settings = Settings()) -> _unpooling.Shown:
    """All numbers, each as torch has it. Raises UnknownName for a topic that there is not, InputError for numbers that are no map or no kernel."""
    from zorki.wings.segment import _unpooling

    if topic not in TOPICS:
        raise UnknownName.among("topic", topic, TOPICS)
    x, kernel = numbers(s.input), numbers(s.kernel)
    if x is None or max(x.shape) > MOST:
        got = f"--input={s.input!r} is no map of numbers." if x is None else f"--input is {x.shape[0]} × {x.shape[1]} numbers."
        raise InputError(
            got,
            f"It is up to {MOST} rows of up to {MOST} numbers, from -{LARGEST:g} to {LARGEST:g}.",
            "Write them with ; between rows, as --input='1 2; 3 4'.",
        )
    if kernel is None or kernel.shape[0] != kernel.shape[1] or len(kernel) > KERNEL:
        got = f"--kernel={s.kernel!r} is no kernel." if kernel is None else f"--kernel is {kernel.shape[0]} × {kernel.shape[1]} numbers."
        raise InputError(
            got,
            f"It has as many rows as columns, up to {KERNEL}, and numbers from -{LARGEST:g} to {LARGEST:g}.",
            "Write it with ; between rows, as --kernel='1 1 1; 1 1 1; 1 1 1'.",
        )
    pooled = min(x.shape) >= 4 and not any(n % 2 for n in x.shape)
    if not pooled and max(x.shape) > MOST // 2:
        do = f"Give a map whose sides are even and 4 or more, or one of up to {MOST // 2} × {MOST // 2}."
        raise InputError(f"--input is {x.shape[0]} × {x.shape[1]} numbers.", "What is not pooled becomes twice as large.", do)
    return _unpooling.shown(x, kernel, pooled)


def numbers(text: str) -> Map | None:
    import numpy as np

    found = matrix(text)
    return None if found is None or not (np.abs(x := np.array(found, np.float64)) <= LARGEST).all() else x


def page(net: Any, made: _unpooling.Shown, s: Settings, command: str) -> blocks.Page:  # noqa: ARG001
    """The same to be looked at, for --out unpooling.html."""
    from zorki.wings.segment import _unpooling

    return _unpooling.page(made, command)
