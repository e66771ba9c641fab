"""The page on which a segmenter is tried in a browser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Literal

import numpy as np

import zorki
from zorki import blocks, io, lens, weights
from zorki.segmenting import regions
from zorki.weights.cards import megabytes

USUAL = 384  # pixels of the shorter side that is looked at where nothing says how large pictures were in training
LARGEST = 1200  # longest side of a picture that lies in the page
ROWS = ("what", "licence", "data", "recipe", "not fit for")  # of a card


def page(
    net: lens.Net, model: bytes, gives: Literal["logits", "probabilities"], parity: str, named: tuple[Sequence[str], Sequence[str]], runtime: blocks.Runtime,
    hw: tuple[int, int] | None, picture: io.Photo | None,
) -> blocks.Page:  # fmt: skip
    """model: the ONNX file. named: the classes and their colours."""
    names, colours = named
    card = weights.card_of(net)
    trial = blocks.Trial(
        model, f"{stem(net)}.onnx", runtime, tuple(map(blocks.Swatch, names, colours)), regions.things(names),
        "The network looks at a smaller copy of the photo and says for every pixel which class is likeliest. Point at the picture: it says which class is there, and "
        "how sure it is. At another size it may see other things: best is about the size that pictures had when it was trained.",
        net.resize or USUAL, gives, hw, () if picture is None else (shown(picture),),
    )  # fmt: skip
    rows = [] if card is None else [(what, said) for what, said in card.rows() if what in ROWS or what in card.figures]
    about = blocks.Table(("", ""), (*rows, ("file", f"ONNX; its {gives} are torch's, to {parity}")), "What the network says of itself.")
    return blocks.Page(
        title=f"{stem(net)}, in your browser",
        lead="A class for every pixel of a photo. The network is in this page and runs on your machine: nothing you show it leaves it.",
        facts=(
            ("network", PurePath(net.name).name),
            ("classes", f"{len(names):,}"),
            ("model", megabytes(len(model))),
            ("run by", f"onnxruntime-web {runtime.version} (MIT licence)"),
        ),
        sections=(
            blocks.Section("try", "Try it", "", (trial,)),
            blocks.Section("network", "The network", "", (about,)),
        ),
        foot=f"Made by Zorki {zorki.__version__}. onnxruntime-web {runtime.version} is by Microsoft Corporation, under the MIT licence, which stands in this page's source.",
    )  # fmt: skip


def stem(net: lens.Net) -> str:
    """What the network's files are called after."""
    return PurePath(net.name).stem or "net"


def shown(picture: io.Photo) -> blocks.Figure:
    """A picture as the page holds it."""
    h, w = picture.hw
    k = min(1.0, LARGEST / max(h, w))
    small = picture.seen if k == 1 else io.resize(picture.seen, (max(1, round(h * k)), max(1, round(w * k))))
    name = picture.name or "the picture that was given"
    return blocks.Figure(np.rint(255 * np.clip(small, 0, 1)).astype(np.uint8), name, "")
