"""The likeliest class of each pixel of a picture, band by band, at the picture's own size whatever size was looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch.nn import functional as F

from zorki import lens
from zorki.core.errors import InputError, Stopped
from zorki.core.void import VOID
from zorki.lens.chunks import free_memory
from zorki.pixels.pieces import Held, Rows
from zorki.segmenting.tiles import Band, Mirror, bands

AT_ONCE = 1 << 25  # numbers of logits that are enlarged in one go


class Predicted(NamedTuple):
    """labels: (h, w), uint8 or, of more than 255 classes, int32. classes: how many there are. probabilities: (k, h, w) float16; inside: (h, w) float32, the sum of
    those of some classes; None where nobody asked."""

    labels: torch.Tensor
    classes: int
    probabilities: torch.Tensor | None = None
    inside: torch.Tensor | None = None


def predicted(
    net: lens.Net, picture: torch.Tensor | Rows, hw: tuple[int, int] | None = None, *, tile: int | None = None, mirror: Mirror = "none",
    probabilities: bool = False, inside: Sequence[int] = (),
) -> Predicted:  # fmt: skip
    """picture: (c, h, w) in 0..1, or what reads its rows. hw: the size of the answer, where the picture is a smaller copy: logits are enlarged, not labels.

    probabilities: whether to keep them. inside: classes. tile, mirror, Raises: as `tiles.logits`; InputError also where memory has no room for the probabilities,
    Stopped for logits that are no numbers.
    """
    rows: Rows = Held(picture) if isinstance(picture, torch.Tensor) else picture
    hw = hw or rows.hw
    out: Predicted | None = None
    for top, found in enlarged(bands(net, rows, tile, mirror), rows.hw, hw):
        if out is None:
            out = room(found.shape[0], hw, probabilities, bool(inside))
        some = slice(top, top + found.shape[1])
        out.labels[some] = likeliest(found, net.name).to(out.labels.dtype)
        if probabilities or inside:
            shares = found.softmax(0)
            if out.probabilities is not None:
                out.probabilities[:, some] = shares.half()
            if out.inside is not None:
                out.inside[some] = shares[list(inside)].sum(0)
    assert out is not None
    return out


def likeliest(logits: torch.Tensor, net: str) -> torch.Tensor:
    """(k, h, w) → (h, w) int64. Raises Stopped where one of them is no number."""
    most, labels = logits.max(0)  # nan is the largest of all
    if bool(most.isnan().any()):
        raise Stopped(
            f"{net} answers with what is no number.",
            "Its weights are damaged, or too large for their kind of number.",
            "Take another --model.",
        )
    return labels


def room(k: int, hw: tuple[int, int], probabilities: bool, inside: bool) -> Predicted:
    """Empty, for k classes. Raises InputError where there is no memory for the probabilities."""
    size = 2 * k * hw[0] * hw[1]
    if probabilities and size > free_memory() // 2:
        got = f"The probabilities of {k} classes at {hw[1]} × {hw[0]} pixels take {size / 1e9:.1f} GB."
        raise InputError(got, "There is no room for them.", "Ask for the classes alone, or give a smaller picture.")
    return Predicted(
        torch.empty(hw, dtype=torch.uint8 if k <= VOID else torch.int32, device="cpu"),
        k,
        torch.empty((k, *hw), dtype=torch.float16, device="cpu") if probabilities else None,
        torch.empty(hw, dtype=torch.float32, device="cpu") if inside else None,
    )


def enlarged(found: Iterator[Band], had: tuple[int, int], hw: tuple[int, int]) -> Iterator[Band]:
    """Bands of a picture of size `had` as bands of the size hw, bilinear, as F.interpolate does it; never all of it at once."""
    if had == hw:
        yield from found
        return
    small = torch.cat([band.logits for band in found], 1)
    at = ((torch.arange(hw[0], dtype=torch.float64, device="cpu") + 0.5) * had[0] / hw[0] - 0.5).clamp(0, had[0] - 1)
    above = at.floor().long()
    below, share = (above + 1).clamp_max(had[0] - 1), (at - above).float()[:, None]
    rows = max(1, AT_ONCE // (small.shape[0] * hw[1]))
    for top in range(0, hw[0], rows):
        some = slice(top, top + rows)
        part = torch.lerp(small[:, above[some]], small[:, below[some]], share[some])
        yield Band(top, F.interpolate(part[None], (part.shape[1], hw[1]), mode="bilinear", align_corners=False)[0])
