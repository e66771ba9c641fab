"""Options that mean the same for every method, whoever asks. A surface adds its own: how it tells of the work."""

from __future__ import annotations

from typing import Annotated, Literal

from zorki.core.settings import Least, Option
from zorki.weights.cards import DEFAULT

NET = (
    Option("model", str, DEFAULT, "a name (zorki models), file.py:function or package.module:Class that gives an nn.Module, or a .pt2"),
    Option("weights", str | None, None, "a state dict for it: safetensors, or .pth read by weights_only"),
    Option("mean", tuple[float, ...], (), "what the net expects taken off each channel, once for each (0..1)"),
    Option("std", tuple[float, ...], (), "what the net expects each channel divided by"),
    Option("side", str | None, None, "the pictures that the net takes, as 224 or 24x40 (rows x columns); not given: found by trying"),
    Option("device", str, "auto", "auto, cpu, cuda, cuda:N or mps"),
    Option("dtype", Literal["auto", "float32", "bfloat16"], "auto", "what is drawn with; auto: bfloat16 where the processor has it"),
)
OPEN = (
    Option("limit", int | None, None, "most pixels that a picture may have (200 million)"),
    Option("range", str | None, None, "the stored numbers that are black and white, as 0,4095; auto: each picture's lowest and highest"),
)
OUT = (
    Option("out", str | None, None, "file, folder, or - for stdout; not given: in this folder, named after input and command"),
    Option("force", bool, False, "replace a file that exists"),
)
FILM = (Option("film", str | None, None, "the climb as a film: .mp4, .gif or .webp"),)
FRAMES = (
    Option(
        "steady",
        Annotated[float, Least(0, 100)],
        0,
        "of a film: how strongly each frame holds to the last one, moved along, any percent from 0 to 100",
    ),
)
PRESET = Option("preset", str | None, None, "settings by name ({}); what is given beside it counts")
