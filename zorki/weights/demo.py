"""Pages on which a network is tried in a browser: what they say of it, whatever it does."""

from __future__ import annotations

from pathlib import PurePath

import numpy as np

import zorki
from zorki import blocks, io, lens
from zorki.weights.cards import megabytes
from zorki.weights.loading import card_of

LARGEST = 1200  # longest side of a picture that lies in the page
ROWS = ("what", "licence", "data", "recipe", "not fit for")  # of a card


def page(net: lens.Net, trial: blocks.Trial, lead: str, file: str) -> blocks.Page:
    """lead: what it does to a photo; file: how near the ONNX file is to torch."""
    card = card_of(net)
    rows = [] if card is None else [(what, said) for what, said in card.rows() if what in ROWS or what in card.figures]
    about = blocks.Table(("", ""), (*rows, ("file", file)), "What the network says of itself.")
    version = trial.runtime.version
    return blocks.Page(
        title=f"{stem(net)}, in your browser",
        lead=f"{lead} The network is in this page and runs on your machine: nothing you show it leaves it.",
        facts=(
            ("network", PurePath(net.name).name),
            ("classes", f"{len(trial.classes):,}"),
            ("model", megabytes(len(trial.model))),
            ("run by", f"onnxruntime-web {version} (MIT licence)"),
        ),
        sections=(
            blocks.Section("try", "Try it", "", (trial,)),
            blocks.Section("network", "The network", "", (about,)),
        ),
        foot=f"Made by Zorki {zorki.__version__}. onnxruntime-web {version} is by Microsoft Corporation, under the MIT licence, which stands in this page's source.",
    )


def stem(net: lens.Net) -> str:
    """What the network's files are called after."""
    return PurePath(net.name).stem or "net"


def shown(picture: io.Photo | None) -> tuple[blocks.Figure, ...]:
    """A picture as the page holds it, if there is one."""
    if picture is None:
        return ()
    h, w = picture.hw
    k = min(1.0, LARGEST / max(h, w))
    small = picture.seen if k == 1 else io.resize(picture.seen, (max(1, round(h * k)), max(1, round(w * k))))
    name = picture.name or "the picture that was given"
    return (blocks.Figure(np.rint(255 * np.clip(small, 0, 1)).astype(np.uint8), name, ""),)
