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
    """A network at work in the reader's browser, on pictures of the reader's own: classes over them and how much there is of each, or boxes about things and how many.

    model: an ONNX file. Its input `picture` is (1, 3, h, w) float32 in 0..1. Its output is called what it `gives`: logits or probabilities (1, classes, h, w); or detections
    (n, 6), left, top, width, height in pixels, score and class of each, the surest first, for which it also takes `least`, a float32. name: the file's.
    shown: numbers of the classes that are seen at first. shorter: the shorter side of what the network looks at, where the reader chooses none; None: the file brings pictures to its
    size itself. hw: the only size that it takes. pictures: some to begin with; the first is shown at once, and where there are none, a street that the page draws. least: of
    detections, how sure one is that is shown at first.
    """

    model: bytes
    name: str
    runtime: Runtime
    classes: tuple[Swatch, ...]
    shown: tuple[int, ...]
    sentence: str
    shorter: int | None = None
    gives: Literal["logits", "probabilities", "detections"] = "logits"
    hw: tuple[int, int] | None = None
    pictures: tuple[Figure, ...] = ()
    command: str = ""
    least: float = 0.3
