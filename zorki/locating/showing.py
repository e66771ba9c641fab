"""What a person looks at: a picture with its true boxes, and with those that were found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zorki import io
from zorki.blocks import Pixels
from zorki.locating.drawing import drawn
from zorki.locating.judging import Judged
from zorki.pixels.palette import nth

SIDE = 480  # longest side of what is shown
WRONG = "×"  # before what was found and is not true


@dataclass(frozen=True, eq=False)
class Seen:
    """Both (h, w, 3) uint8 of one size. truth, found: the picture with its boxes in their classes' colours."""

    truth: Pixels
    found: Pixels


def seen(judged: Judged, number: int) -> Seen:
    """The picture of that number, opened once more; what was found in it is known."""
    one, names = judged.pictures[number], judged.matched.names
    picture = judged.part[number][0]
    k = min(1.0, SIDE / max(one.hw))
    hw = (max(1, round(one.hw[0] * k)), max(1, round(one.hw[1] * k)))
    small = coloured(io.resize(picture.permute(1, 2, 0).numpy(), hw))
    times = np.array([hw[1] / one.hw[1], hw[0] / one.hw[0]] * 2)
    told = [
        f"{'' if at >= 0 else WRONG + ' '}{names[label]} {100 * score:.0f} %"
        for at, label, score in zip(one.taken, one.labels[one.shown], one.scores[one.shown], strict=True)
    ]
    return Seen(
        drawn(small, one.true * times, [names[k] for k in one.of], [nth(int(k)) for k in one.of]),
        drawn(small, one.boxes[one.shown] * times, told, [nth(int(k)) for k in one.labels[one.shown]]),
    )


def coloured(picture: np.ndarray) -> np.ndarray:
    """(h, w, 3) of a picture of one channel or of more than three."""
    return np.repeat(picture[..., :1], 3, -1) if picture.shape[-1] < 3 else picture[..., :3]
