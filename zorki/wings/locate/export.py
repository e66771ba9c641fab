"""Write a network that locates as an ONNX file, for apps and web pages without Zorki.

Source: ONNX, opset 20.
Differs: what is done before and after the network is in the file: bringing the picture to the size that it was trained at, leaving out boxes that lie on surer ones,
cutting off what lies beyond the picture, the way back to its pixels; a page can be made beside it on which the file is tried in a browser.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zorki.core.errors import InputError
from zorki.core.method import File, Input, Leaf
from zorki.weights.options import Tried

if TYPE_CHECKING:
    from zorki import io, lens

INPUTS = {"picture": Input("a picture for the page of --demo to begin with", kind="photo", option=True)}
NETS = ("locator",)
TASK = "locate"
GIVES = "written"
ENDING = ".onnx"


@dataclass(frozen=True)
class Settings(Tried):
    """Those that exports share."""


PRESETS: dict[str, Settings] = {}


def run(net: lens.Net, picture: io.Photo | None = None, s: Settings = Settings()) -> Iterator[File | Leaf]:
    """One file, and a page where it is asked for. The file's inputs: `picture` (1, 3, height, width) float32, sRGB in 0..1, and `least`, a float32 in 0..1, how sure a thing
    must be. Its output `detections` (n, 6) float32, the surest first: left, top, width, height in the picture's pixels, score, class number; of a network that says
    points beside its boxes (eyes, nose and mouth of a face) x and y of each behind these.

    Raises InputError for a network that gives no boxes, or that cannot be written so, and where packages or onnxruntime-web are missing; UnknownName
    for another kind of file; Stopped where the file would answer otherwise than `locate predict`.
    """
    from zorki.locating import looking
    from zorki.locating.exporting import written
    from zorki.locating.whole import Whole
    from zorki.weights import browser, demo, exporting
    from zorki.wings.locate import _demo

    exporting.refuse(s.to)
    if not s.demo and (picture is not None or s.runtime is not None):
        raise InputError("A picture and a runtime are for a page.", "No page is asked for.", "Add --demo, or leave them out.")
    runtime = browser.runtime(s.runtime) if s.demo else None
    whole = Whole(net).eval()
    if s.demo and whole.channels != 3:
        got = f"{net.name} takes pictures of {whole.channels} channels."
        raise InputError(got, "A page in a browser has photos, which have three.", "Leave --demo out.")
    data = written(net, whole)
    parity = exporting.parity(data)

    def write(path: Path) -> None:
        path.write_bytes(data)

    yield File(f"{demo.stem(net)}.onnx", write, {"parity": parity, "bytes": len(data)})
    if runtime is not None:
        yield Leaf(_demo.page(net, data, parity, looking.named(net), runtime, picture), "demo")
