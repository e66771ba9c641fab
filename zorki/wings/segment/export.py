"""Write a segmenter as an ONNX file, for apps and web pages that cut pictures apart without Zorki.

Source: ONNX, opset 20.
Differs: what is done before and after the network (normalising, reflecting to a size that it takes, enlarging, cutting back) is in the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from zorki.core.method import File, Input

if TYPE_CHECKING:
    import torch

    from zorki import lens
    from zorki.wings.segment._whole import Whole

INPUTS: dict[str, Input] = {}
NETS = ("people", "road")
TASK = "segment"
GIVES = "written"
ENDING = ".onnx"
TRIED = ((1, 61, 83), (2, 64, 40), (1, 17, 130))  # pictures, height, width, at which the file is checked
SWITCHED = (1, 241, 330)  # and of max unpooling too, where a switch that rounding turns changes a spot of some thousand pixels
RARE = 0.05  # of all numbers, that may change there


@dataclass(frozen=True)
class Settings:
    to: str = "onnx"
    "kind of the file"
    gives: Literal["logits", "probabilities"] = "logits"
    "what comes out for each class and pixel: logits, or probabilities, which sum to 1"


PRESETS: dict[str, Settings] = {}


def run(net: lens.Net, s: Settings = Settings()) -> Iterator[File]:
    """One file. Input: `picture` (batch, 3, height, width) float32, sRGB in 0..1. Output, called after what it gives: (batch, classes, height, width)
    float32, of the picture's size.

    Raises InputError for a network that gives no map for each class, or that cannot be written so, and where packages are missing; UnknownName for another kind
    of file; Stopped where the file would answer otherwise than the network.
    """
    from zorki.weights import exporting
    from zorki.wings.segment._whole import Whole

    exporting.refuse(s.to)
    count = classes(net)
    whole = Whole(net, s.gives == "probabilities").eval()
    free = ({} if net.batch else {0: "batch"}) | ({2: "height", 3: "width"} if whole.hw is None else {})
    trials = list(tried(whole, net.batch))
    example, rare = {"picture": trials[1]["picture"]}, RARE if whole.switches else 0
    data = exporting.to_onnx(whole, example, s.gives, {"picture": free, s.gives: free}, about(net, count, s), trials, rare)

    def write(path: Path) -> None:
        path.write_bytes(data)

    yield File(f"{Path(net.name).stem}.onnx", write, {"parity": exporting.parity(data), "bytes": len(data)})


def classes(net: lens.Net) -> int:
    """How many it tells apart. Raises InputError where it gives no map for each of them."""
    import torch

    from zorki.segmenting import tiles

    side = net.hw if not net.step() else (32, 32)
    return int(tiles.once(net, torch.zeros(net.batch or 1, net.channels, *side, dtype=torch.float32, device="cpu")).shape[1])


def tried(whole: Whole, batch: int | None) -> Iterator[dict[str, torch.Tensor]]:
    """Pictures of those sizes, or of the one size that the network takes: smooth, with some noise, as photos are."""
    import torch
    from torch.nn import functional as F

    dice = torch.Generator("cpu").manual_seed(0)
    for count, *hw in (*TRIED, SWITCHED) if whole.switches else TRIED:
        h, w = whole.hw or hw
        coarse, fine = (torch.rand(batch or count, whole.channels, *some, generator=dice, dtype=torch.float32, device="cpu") for some in ((5, 7), (h, w)))
        yield {"picture": (F.interpolate(coarse, (h, w), mode="bicubic", align_corners=False) + 0.2 * (fine - 0.5)).clamp(0, 1)}


def about(net: lens.Net, count: int, s: Settings) -> dict[str, str]:
    """What the file says of itself: the card; names and colours of the classes, as JSON; how pictures reach it."""
    from zorki import weights
    from zorki.segmenting import regions
    from zorki.weights import exporting

    names, colours = regions.classes_of(net, count)
    card = weights.card_of(net)
    span = None if card is None else card.pictures.get("range")
    said = {"picture": "sRGB in 0..1", "classes": json.dumps(names, ensure_ascii=False), "colours": json.dumps(colours)}
    said |= {} if net.resize is None else {"shorter_side": str(net.resize)}
    said |= {} if span is None else {"range": json.dumps(list(span))}
    return exporting.about(net) | said
