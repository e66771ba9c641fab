"""Write the networks of faces as two ONNX files, for apps and web pages without Zorki.

Source: ONNX, opset 20.
Differs: what is done before and after the networks is in the files: the picture's size, faces that lie on surer ones, and that each face is turned upright and cut out.
So the answer of the first and the picture are what the second takes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zorki.core.errors import InputError
from zorki.core.method import File, Input
from zorki.facing.emotions import EMOTIONS

if TYPE_CHECKING:
    import torch

    from zorki import lens
    from zorki.wings.faces import _whole

INPUTS = {"emotions": Input("the network that names expressions; not given: the one that ships", kind="network", option=True)}
NETS = ("faces",)
TASK = "locate"
GIVES = "written"
FOUND = "found"  # how many faces there are, in the files
MOST = 5  # faces at which the second file is checked, a picture


@dataclass(frozen=True)
class Settings:
    to: str = "onnx"
    "kind of the files"


PRESETS: dict[str, Settings] = {}


def refuse(s: Settings, given: Mapping[str, Any], film: bool) -> None:  # noqa: ARG001
    """Raises InputError for one file where two are written."""
    if str(given.get("out", "")).lower().endswith(".onnx"):
        raise InputError(f"--out={given['out']} is one file.", "faces.onnx and emotions.onnx are written.", "Name a folder for them.")


def run(net: lens.Net, emotions: lens.Net | None = None, s: Settings = Settings()) -> Iterator[File]:
    """Two files. `faces.onnx`: `picture` (1, 3, height, width) float32, sRGB in 0..1, and `least`, a float32 in 0..1, → `faces` (n, 15) float32, the largest first:
    left, top, width, height in the picture's pixels, score, x and y of five points. `emotions.onnx`: `picture` and `faces` → `scores` (n, 8), each row together 1.

    Raises InputError for networks that find no faces, or name other things than the eight expressions, or cannot be written so, and where packages are missing;
    UnknownName for another kind of file; Stopped where a file would answer otherwise than Zorki.
    """
    from zorki.core import events
    from zorki.facing import reading
    from zorki.locating.exporting import written
    from zorki.weights import exporting
    from zorki.wings.faces import _whole

    exporting.refuse(s.to)
    naming = reading.namer(net, emotions)
    namer = _whole.Namer(naming).eval()  # before the first file takes its time
    events.note("The first of two: what finds faces.")
    columns = {"faces": json.dumps(_whole.COLUMNS), "order": "the largest first"}
    yield file("faces", written(net, _whole.Finder(net).eval(), _whole.FACES, columns, FOUND))
    events.note("The second: what names their expressions.")
    trials = list(tried(namer))
    sizes = {"picture": {2: "height", 3: "width"}, "faces": {0: FOUND}, _whole.SCORES: {0: FOUND}}
    said = exporting.about(naming) | {
        "picture": "sRGB in 0..1",
        "faces": f"{json.dumps(_whole.COLUMNS)}, as the other file gives them; points that are NaN: cut out by the box alone",
        "classes": json.dumps(EMOTIONS),
        "size": f"{namer.side} × {namer.side}",
    }
    yield file("emotions", exporting.to_onnx(namer, trials[0], _whole.SCORES, sizes, said, trials, operations=_whole.operations()))


def file(name: str, data: bytes) -> File:
    from zorki.weights import exporting

    def write(path: Path) -> None:
        path.write_bytes(data)

    return File(f"{name}.onnx", write, {name: {"parity": exporting.parity(data), "bytes": len(data)}})


def tried(namer: _whole.Namer) -> Iterator[dict[str, torch.Tensor]]:
    """Pictures as the first file is checked at, each with faces of all sizes that are turned any way, reach beyond the picture, or have no points; and with none."""
    import torch

    from zorki.locating.exporting import TRIED, drawn

    dice = torch.Generator("cpu").manual_seed(0)
    for h, w in TRIED:
        x = drawn(h, w, namer.channels, dice)
        yield {"picture": x, "faces": faces(MOST, (h, w), dice)}
    yield {"picture": x, "faces": faces(0, (h, w), dice)}


def faces(count: int, hw: tuple[int, int], dice: torch.Generator) -> torch.Tensor:
    """(count, 15): boxes in and about a picture of that size with points, the last without."""
    import math

    import torch

    from zorki.facing.aligning import AT
    from zorki.wings.faces import _whole

    def rand(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=dice, dtype=torch.float32, device="cpu")

    side = max(hw) * (0.02 + 0.9 * rand(count, 1) ** 2)
    turn = 2 * math.pi * rand(count, 1)
    middle = rand(count, 2) * torch.tensor(hw[::-1], dtype=torch.float32, device="cpu")
    places = torch.from_numpy(AT).float()[[0, 1, 1, 2, 3]] - 0.5  # the nose counts for nothing
    x, y = places[:, 0] * side, places[:, 1] * side
    points = torch.stack([x * turn.cos() - y * turn.sin(), x * turn.sin() + y * turn.cos()], 2) + middle[:, None]
    points = points + 0.03 * side[..., None] * (rand(count, 5, 2) - 0.5)
    points[-1:] = _whole.NO_POINTS
    return torch.cat([middle - side / 2, side, side, torch.ones_like(side), points.flatten(1)], 1)
