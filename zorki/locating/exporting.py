"""A network that locates as the bytes of an ONNX file, checked beside torch, with all that the file says of itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import torch
from torch.nn import functional as F

from zorki import lens, weights
from zorki.core import events
from zorki.locating import looking, whole
from zorki.weights import exporting

TRIED = ((61, 83), (700, 400), (1, 90), (30, 1))  # height, width of the pictures at which the file is checked


def written(
    net: lens.Net, module: whole.Whole, output: str = whole.OUTPUT, said: Mapping[str, str] | None = None, found: str = "found"
) -> bytes:
    """The file. module: of that net; output: what its answer is called, found: and how many there are; said: more that the file says of itself. Raises as
    `exporting.to_onnx`."""
    trials = list(tried(module, looking.usual(net)))
    sizes = {"picture": {2: "height", 3: "width"}, output: {0: found}}
    told = about(net, module, *looking.named(net)) | dict(said or {})
    events.note("Every size of picture is thought of, which takes a while.")
    return exporting.to_onnx(
        module, trials[0], output, sizes, told, trials,
        checked=module.checked, judge=partial(whole.judged, module), operations=whole.operations(),
    )  # fmt: skip


def tried(module: whole.Whole, usual: float) -> Iterator[dict[str, torch.Tensor]]:
    """Pictures of those sizes: smooth, with some noise, as photos are; each with `usual` and with 0, so that there are boxes whatever the network knows."""
    dice = torch.Generator("cpu").manual_seed(0)
    for h, w in TRIED:
        x = drawn(h, w, module.channels, dice)
        for least in (usual, 0.0):
            yield {"picture": x, "least": torch.tensor(least, dtype=torch.float32, device="cpu")}


def drawn(h: int, w: int, channels: int, dice: torch.Generator) -> torch.Tensor:
    """(1, channels, h, w) in 0..1."""
    coarse, fine = (torch.rand(1, channels, *hw, generator=dice, dtype=torch.float32, device="cpu") for hw in ((5, 7), (h, w)))
    return (F.interpolate(coarse, (h, w), mode="bicubic", align_corners=False) + 0.2 * (fine - 0.5)).clamp(0, 1)


def about(net: lens.Net, module: whole.Whole, names: Sequence[str], colours: Sequence[str]) -> dict[str, str]:
    """What the file says of itself: the card; names and colours of the classes, as JSON; how sure a thing is to be; the longest side that the network is shown."""
    card = weights.card_of(net)
    span = None if card is None else card.pictures.get("range")
    said = {"picture": "sRGB in 0..1", "classes": json.dumps(list(names), ensure_ascii=False), "colours": json.dumps(list(colours))}
    said |= {"least": f"{looking.usual(net):g}"}
    said |= {"points": f"{module.points}, from left to right: x, y of each behind the class"} if module.points else {}
    said |= {"longest_side": str(module.longest)} if module.longest else {"size": "{1} × {0}".format(*module.hw)} if module.hw else {}
    said |= {} if span is None else {"range": json.dumps(list(span))}
    return exporting.about(net) | said
