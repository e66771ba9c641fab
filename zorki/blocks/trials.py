"""What a reader can try on the page itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from zorki.blocks.charts import Swatch
from zorki.blocks.pictures import Figure

__all__ = ["Runtime", "Trial"]


@dataclass(frozen=True)
class Runtime:
    """What runs an ONNX file in a browser: onnxruntime-web's script (a module with all of its own code in it) and its WebAssembly."""

    version: str
    script: bytes = field(repr=False)
    binary: bytes = field(repr=False)


@dataclass(frozen=True, eq=False)
class Trial:
    """A segmenter at work in the reader's browser, on pictures of the reader's own: classes over them, and how much there is of each.

    model: an ONNX file. Its input `picture` is (1, 3, h, w) float32 in 0..1, its output (1, classes, h, w) what `gives` says. name: the file's.
    shorter: the shorter side of what the network looks at, where the reader chooses none. hw: the only size that it takes. shown: numbers of the
    classes that are painted at first. pictures: some to begin with; the first is shown at once, and where there are none, a street that the page draws.
    """

    model: bytes
    name: str
    runtime: Runtime
    classes: tuple[Swatch, ...]
    shown: tuple[int, ...]
    sentence: str
    shorter: int
    gives: Literal["logits", "probabilities"] = "logits"
    hw: tuple[int, int] | None = None
    pictures: tuple[Figure, ...] = ()
    command: str = ""
