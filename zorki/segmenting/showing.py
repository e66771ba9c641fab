"""What a person looks at: a picture, what is true of it, what was predicted, and where the net is unsure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from zorki import io, lens
from zorki.blocks import Pixels
from zorki.pixels import display
from zorki.segmenting.judging import Judged, predicted
from zorki.segmenting.preview import laid_over

SIDE = 480  # longest side of what is shown


@dataclass(frozen=True, eq=False)
class Seen:
    """All (h, w, 3) uint8 of one size. truth, predicted: the classes' colours laid over the picture; unsure: the entropy, dark to light."""

    picture: Pixels
    truth: Pixels
    predicted: Pixels
    unsure: Pixels


def seen(net: lens.Net, judged: Judged, number: int) -> Seen:
    """The picture of that number, looked at once more."""
    picture, truth = judged.part[number]
    logits = predicted(net, judged.matched, picture)
    h, w = truth.shape
    k = min(1.0, SIDE / max(h, w))
    hw = (max(1, round(h * k)), max(1, round(w * k)))
    small = io.resize(picture[:3].permute(1, 2, 0).numpy(), hw)
    table = replace(judged.part.table, colours=judged.matched.colours)
    unsure = io.resize(entropy(logits)[..., None].numpy(), hw)[..., 0]
    return Seen(
        np.rint(255 * coloured(small)).astype(np.uint8),
        laid_over(coloured(small), nearest(truth.numpy(), hw), table),
        laid_over(coloured(small), nearest(logits.argmax(0).numpy(), hw), table),
        display.levels(display.heat(torch.from_numpy(unsure))),
    )


def entropy(logits: torch.Tensor) -> torch.Tensor:
    """(h, w) of (k, h, w) in 0..1: 0 where one class has all of the probability, 1 where all have the same."""
    shares = logits.softmax(0)
    found: torch.Tensor = torch.special.entr(shares).sum(0) / float(np.log(max(2, len(logits))))
    return found


def nearest(numbers: np.ndarray, hw: tuple[int, int]) -> np.ndarray:
    """(h, w) class numbers at another size; none is mixed."""
    rows, columns = ((np.arange(new) * 2 + 1) * old // (2 * new) for new, old in zip(hw, numbers.shape, strict=True))
    found: np.ndarray = numbers[rows[:, None], columns]
    return found


def coloured(picture: np.ndarray) -> np.ndarray:
    """(h, w, c) as (h, w, 3): of one channel, or two, the first is grey."""
    return picture if picture.shape[2] == 3 else np.repeat(picture[..., :1], 3, 2)
