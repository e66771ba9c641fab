"""Write a segmenter as an ONNX file, for apps and web pages that cut pictures apart without Zorki.

Source: ONNX, opset 20.
Differs: what is done before and after the network (normalising, reflecting to a size that it takes, enlarging, cutting back) is in the file; a page can
be made beside it on which the file is tried in a browser.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.method import File, Input, Leaf
from zorki.weights.options import Tried

if TYPE_CHECKING:
    import torch

    from zorki import io, lens
    from zorki.wings.segment import _whole

INPUTS = {"picture": Input("a picture for the page of --demo to begin with", kind="photo", option=True)}
NETS = ("people", "road")
TASK = "segment"
GIVES = "written"
ENDING = ".onnx"
TRIED = ((1, 61, 83), (2, 64, 40), (1, 17, 130))  # pictures, height, width, at which the file is checked
SWITCHED = (1, 241, 330)  # and of max unpooling too, where a switch that rounding turns changes a spot of some thousand pixels
RARE = 0.05  # of all numbers, that may change there


@dataclass(frozen=True)
class Settings(Tried):
    gives: Literal["logits", "probabilities"] = "logits"
    "what comes out for each class and pixel: logits, or probabilities, which sum to 1"


PRESETS: dict[str, Settings] = {}


def run(net: lens.Net, picture: io.Photo | None = None, s: Settings = Settings()) -> Iterator[File | Leaf]:
    """One file, and a page where it is asked for. The file's input: `picture` (batch, 3, height, width) float32, sRGB in 0..1. Its output, called after what it
    gives: (batch, classes, height, width) float32, of the picture's size.

    Raises InputError for a network that gives no map for each class, or that cannot be written so, and where packages or onnxruntime-web are missing; UnknownName
    for another kind of file; Stopped where the file would answer otherwise than the network.
    """
    from zorki.segmenting import regions
    from zorki.weights import browser, demo, exporting
    from zorki.wings.segment import _demo, _whole

    exporting.refuse(s.to)
    if not s.demo and (picture is not None or s.runtime is not None):
        raise InputError("A picture and a runtime are for a page.", "No page is asked for.", "Add --demo, or leave them out.")
    runtime = browser.runtime(s.runtime) if s.demo else None
    named = regions.classes_of(net, classes(net))
    whole = _whole.Whole(net, s.gives == "probabilities").eval()
    if s.demo and whole.channels != 3:
        got = f"{net.name} takes pictures of {whole.channels} channels."
        raise InputError(got, "A page in a browser has photos, which have three.", "Leave --demo out.")
    if whole.hw is not None:
        h, w = whole.hw
        events.note(f"{net.name} takes pictures of {w} × {h} pixels alone, and so does the file: whoever runs it brings them to that size.")
    free = ({} if net.batch else {0: "batch"}) | ({2: "height", 3: "width"} if whole.hw is None else {})
    trials = list(tried(whole, net.batch))
    example, rare = {"picture": trials[1]["picture"]}, RARE if whole.switches else 0
    data = exporting.to_onnx(whole, example, s.gives, {"picture": free, s.gives: free}, about(net, *named), trials, rare)
    parity = exporting.parity(data)

    def write(path: Path) -> None:
        path.write_bytes(data)

    yield File(f"{demo.stem(net)}.onnx", write, {"parity": parity, "bytes": len(data)})
    if runtime is not None:
        yield Leaf(_demo.page(net, data, s.gives, parity, named, runtime, whole.hw, picture), "demo")


def classes(net: lens.Net) -> int:
    """How many it tells apart. Raises InputError where it gives no map for each of them."""
    import torch

    from zorki.segmenting import tiles

    side = net.hw if not net.step() else (32, 32)
    return int(tiles.once(net, torch.zeros(net.batch or 1, net.channels, *side, dtype=torch.float32, device="cpu")).shape[1])


def tried(whole: _whole.Whole, batch: int | None) -> Iterator[dict[str, torch.Tensor]]:
    """Pictures of those sizes, or of the one size that the network takes: smooth, with some noise, as photos are."""
    import torch
    from torch.nn import functional as F

    dice = torch.Generator("cpu").manual_seed(0)
    for count, *hw in (*TRIED, SWITCHED) if whole.switches else TRIED:
        h, w = whole.hw or hw
        coarse, fine = (
            torch.rand(batch or count, whole.channels, *some, generator=dice, dtype=torch.float32, device="cpu")
            for some in ((5, 7), (h, w))
        )
        yield {"picture": (F.interpolate(coarse, (h, w), mode="bicubic", align_corners=False) + 0.2 * (fine - 0.5)).clamp(0, 1)}


def about(net: lens.Net, names: Sequence[str], colours: Sequence[str]) -> dict[str, str]:
    """What the file says of itself: the card; names and colours of the classes, as JSON; how pictures reach it."""
    from zorki import weights
    from zorki.weights import exporting

    card = weights.card_of(net)
    span = None if card is None else card.pictures.get("range")
    said = {"picture": "sRGB in 0..1", "classes": json.dumps(list(names), ensure_ascii=False), "colours": json.dumps(list(colours))}
    said |= {} if net.resize is None else {"shorter_side": str(net.resize)}
    said |= {} if span is None else {"range": json.dumps(list(span))}
    return exporting.about(net) | said
