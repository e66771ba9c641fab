"""The page on which a segmenter is tried in a browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from zorki import blocks, io, lens
from zorki.segmenting import regions
from zorki.weights import demo

USUAL = 384  # pixels of the shorter side that is looked at where nothing says how large pictures were in training


def page(
    net: lens.Net, model: bytes, gives: Literal["logits", "probabilities"], parity: str, named: tuple[Sequence[str], Sequence[str]], runtime: blocks.Runtime,
    hw: tuple[int, int] | None, picture: io.Photo | None,
) -> blocks.Page:  # fmt: skip
    """model: the ONNX file. named: the classes and their colours."""
    names, colours = named
    trial = blocks.Trial(
        model, f"{demo.stem(net)}.onnx", runtime, tuple(map(blocks.Swatch, names, colours)), regions.things(names),
        "The network looks at a smaller copy of the photo and says for every pixel which class is likeliest. Point at the picture: it says which class is there, and "
        "how sure it is. At another size it may see other things: best is about the size that pictures had when it was trained.",
        net.resize or USUAL, gives, hw, demo.shown(picture),
    )  # fmt: skip
    return demo.page(net, trial, "A class for every pixel of a photo.", f"ONNX; its {gives} are torch's, to {parity}")
