"""Write a network that locates as an ONNX file, for apps and web pages without Zorki.

Source: ONNX, opset 20.
Differs: what is done before and after the network is in the file: bringing the picture to the size that it was trained at, leaving out boxes that lie on surer ones,
cutting off what lies beyond the picture, the way back to its pixels; a page can be made beside it on which the file is tried in a browser.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.method import File, Input, Leaf
from zorki.weights.options import Tried

if TYPE_CHECKING:
    import torch

    from zorki import io, lens
    from zorki.wings.locate import _whole

INPUTS = {"picture": Input("a picture for the page of --demo to begin with", kind="photo", option=True)}
NETS = ("locator",)
TASK = "locate"
GIVES = "written"
ENDING = ".onnx"
TRIED = ((61, 83), (700, 400), (1, 90), (30, 1))  # height, width of the pictures at which the file is checked


@dataclass(frozen=True)
class Settings(Tried):
    """Those that exports share."""


PRESETS: dict[str, Settings] = {}


def run(net: lens.Net, picture: io.Photo | None = None, s: Settings = Settings()) -> Iterator[File | Leaf]:
    """One file, and a page where it is asked for. The file's inputs: `picture` (1, 3, height, width) float32, sRGB in 0..1, and `least`, a float32 in 0..1, how sure a thing
    must be. Its output `detections` (n, 6) float32, the surest first: left, top, width, height in the picture's pixels, score, class number.

    Raises InputError for a network that gives no boxes, or that cannot be written so, and where packages or onnxruntime-web are missing; UnknownName
    for another kind of file; Stopped where the file would answer otherwise than `locate predict`.
    """
    from zorki.locating import looking
    from zorki.weights import browser, demo, exporting
    from zorki.wings.locate import _demo, _whole

    exporting.refuse(s.to)
    if not s.demo and (picture is not None or s.runtime is not None):
        raise InputError("A picture and a runtime are for a page.", "No page is asked for.", "Add --demo, or leave them out.")
    runtime = browser.runtime(s.runtime) if s.demo else None
    whole = _whole.Whole(net).eval()
    named = looking.named(net)
    if s.demo and whole.channels != 3:
        got = f"{net.name} takes pictures of {whole.channels} channels."
        raise InputError(got, "A page in a browser has photos, which have three.", "Leave --demo out.")
    trials = list(tried(whole, looking.usual(net)))
    sizes = {"picture": {2: "height", 3: "width"}, _whole.OUTPUT: {0: "found"}}
    events.note("Every size of picture is thought of, which takes a while.")
    data = exporting.to_onnx(
        whole, trials[0], _whole.OUTPUT, sizes, about(net, whole, *named), trials,
        checked=_whole.CHECKED, judge=partial(_whole.judged, whole), operations=_whole.operations(),
    )  # fmt: skip
    parity = exporting.parity(data)

    def write(path: Path) -> None:
        path.write_bytes(data)

    yield File(f"{demo.stem(net)}.onnx", write, {"parity": parity, "bytes": len(data)})
    if runtime is not None:
        yield Leaf(_demo.page(net, data, parity, named, runtime, picture), "demo")


def tried(whole: _whole.Whole, usual: float) -> Iterator[dict[str, torch.Tensor]]:
    """Pictures of those sizes: smooth, with some noise, as photos are; each with `usual` and with 0, so that there are boxes whatever the network knows."""
    import torch
    from torch.nn import functional as F

    dice = torch.Generator("cpu").manual_seed(0)
    for h, w in TRIED:
        coarse, fine = (torch.rand(1, whole.channels, *hw, generator=dice, dtype=torch.float32, device="cpu") for hw in ((5, 7), (h, w)))
        x = (F.interpolate(coarse, (h, w), mode="bicubic", align_corners=False) + 0.2 * (fine - 0.5)).clamp(0, 1)
        for least in (usual, 0.0):
            yield {"picture": x, "least": torch.tensor(least, dtype=torch.float32, device="cpu")}


def about(net: lens.Net, whole: _whole.Whole, names: Sequence[str], colours: Sequence[str]) -> dict[str, str]:
    """What the file says of itself: the card; names and colours of the classes, as JSON; how sure a thing is to be; the longest side that the network is shown."""
    from zorki import weights
    from zorki.locating import looking
    from zorki.weights import exporting

    card = weights.card_of(net)
    span = None if card is None else card.pictures.get("range")
    said = {"picture": "sRGB in 0..1", "classes": json.dumps(list(names), ensure_ascii=False), "colours": json.dumps(list(colours))}
    said |= {"least": f"{looking.usual(net):g}"}
    said |= {"longest_side": str(whole.longest)} if whole.longest else {"size": "{1} × {0}".format(*whole.hw)} if whole.hw else {}
    said |= {} if span is None else {"range": json.dumps(list(span))}
    return exporting.about(net) | said
