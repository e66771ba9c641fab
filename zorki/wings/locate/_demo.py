"""The page on which a network that locates is tried in a browser."""

from __future__ import annotations

from collections.abc import Sequence

from zorki import blocks, io, lens
from zorki.locating import looking
from zorki.weights import demo

LOWEST = 0.05  # how sure a thing is at least that the page can show


def page(
    net: lens.Net, model: bytes, parity: str, named: tuple[Sequence[str], Sequence[str]], runtime: blocks.Runtime,
    picture: io.Photo | None,
) -> blocks.Page:  # fmt: skip
    """model: the ONNX file. named: the classes and their colours."""
    one = looking.alone(net)
    sentence = (
        "The network says of one thing what it is and where. Point at its box: it says how sure it is."
        if one
        else "The network looks at a smaller copy of the photo and draws a box about each thing that it knows. Fewer and surer ones, or more that may be wrong: that is "
        "for the slider to say. Point at a box: it says what is in it, and how sure it is."
    )
    least = min(0.95, max(LOWEST, looking.usual(net)))
    trial = blocks.Trial(
        model, f"{demo.stem(net)}.onnx", runtime, tuple(map(blocks.Swatch, *named)), tuple(range(len(named[0]))), sentence,
        gives="detections", pictures=demo.shown(picture), least=0.0 if one else round(least, 2),
    )  # fmt: skip
    return demo.page(net, trial, "Boxes about the things of a photo.", f"ONNX; its boxes are those of zorki locate predict, to {parity}")
