"""Write a brush as an ONNX file, for apps and web pages that paint without Zorki.

Source: Dumoulin, Shlens, Kudlur 2017 (the network); ONNX, opset 20 (the file).
Differs: how much of which style, and how strongly, are inputs of the file, or one mixture is folded in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zorki.core.method import File, Input

if TYPE_CHECKING:
    import torch

    from zorki import lens

INPUTS: dict[str, Input] = {}
NETS = ("brush",)
TASK = "style"
GIVES = "written"
ENDING = ".onnx"
TRIED = ((61, 83), (64, 40), (17, 130))  # sizes, height first, at which the file is checked


@dataclass(frozen=True)
class Settings:
    to: str = "onnx"
    "kind of the file"
    style: str | None = None
    "one style or mixture that is folded in (wave:2,scream:1); not given: all of them, and the file's input `styles` says which"


PRESETS: dict[str, Settings] = {}


def run(net: lens.Net, s: Settings = Settings()) -> Iterator[File]:
    """One file. Inputs, all float32: `picture` (1, 3, height, width), sRGB in 0..1, any size; `styles` (styles,), weights of any sum above 0, left out
    of a file of one mixture; `strength` (), 0 (the photo) to 1. Output: `painting`, of the picture's shape.

    Raises InputError for a network that is no brush and where packages are missing, UnknownName for a style that it has not and for another kind of file, Stopped
    where the file would paint otherwise than the network.
    """
    from zorki.painting import brushwork
    from zorki.weights import exporting

    exporting.refuse(s.to)
    brush, styles = brushwork.opened(net)
    weights = None if s.style is None else numbers(brushwork.weights_of(net, s.style))
    own = exporting.still(net, brush)
    module = own if weights is None else folded(own, weights)
    trials = list(tried(len(styles), weights is None))
    size = {2: "height", 3: "width"}
    data = exporting.to_onnx(module, trials[0], "painting", {"picture": size, "painting": size}, about(net, s), trials)

    def write(path: Path) -> None:
        path.write_bytes(data)

    yield File("brush.onnx", write, {"parity": exporting.parity(data)})


def numbers(given: float | Sequence[float]) -> torch.Tensor:
    """float32, on the processor."""
    import torch

    return torch.tensor(given, dtype=torch.float32, device="cpu")


def folded(brush: Any, weights: torch.Tensor) -> torch.nn.Module:
    """The brush as a module that paints in that mixture alone."""
    from torch import nn

    class Folded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.brush = brush
            self.register_buffer("weights", weights)

        def forward(self, picture: torch.Tensor, strength: torch.Tensor) -> Any:
            return self.brush(picture, self.weights, strength)

    return Folded().eval()


def tried(styles: int, chosen: bool) -> Iterator[dict[str, torch.Tensor]]:
    """Pictures of TRIED sizes, with several styles, mixtures and strengths; chosen: whether the styles are an input."""
    import torch

    dice = torch.Generator("cpu").manual_seed(0)
    for k, hw in enumerate(TRIED):
        for strength in (1.0, 0.5, 0.0):
            picture, mixture = (torch.rand(n, generator=dice, dtype=torch.float32, device="cpu") for n in ((1, 3, *hw), styles))
            weights = mixture if k else numbers([float(n == styles // 2) for n in range(styles)])
            yield {"picture": picture} | ({"styles": weights} if chosen else {}) | {"strength": numbers(strength)}


def about(net: lens.Net, s: Settings) -> dict[str, str]:
    """What the file says of itself: the card, and the styles in the order of the input `styles`, as JSON."""
    from zorki.painting import brushwork
    from zorki.weights import exporting

    _, styles = brushwork.opened(net)
    more = {"style": s.style} if s.style is not None else {}
    return exporting.about(net) | {"styles": json.dumps([asdict(one) for one in styles], ensure_ascii=False)} | more
