"""Faces painted by a brush; everything else in the picture stays to the bit.

A face is painted with what is around it, at a size at which strokes are to it what they are to a whole portrait: the brush norms by the statistics of all that it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from zorki import lens
from zorki.facing.hiding import Patch, Picture, Region, floats
from zorki.painting import brushwork
from zorki.painting.enlarging import enlarged
from zorki.pixels.sizes import resize

AROUND = 0.6  # of a face's height: what is painted with it on each side
SMALLEST, LARGEST = (
    160,
    420,
)  # pixels of a face's height at which it is painted: smaller ones are enlarged for it, larger ones are brought down
SOFT = 0.25  # of a region's shorter half axis: the seam, in which the painting begins
SHRINK = 24  # pixels at the least of a face that is enlarged for it, so that of a dot no painting is made


@dataclass(frozen=True)
class Painter:
    """Paints the regions that `hiding.hidden` gives it. net: a brush; weights: of each of its styles, as `brushwork.weights_of` reads them; strength: 0..1."""

    net: lens.Net
    weights: tuple[float, ...]
    strength: float = 1.0

    @classmethod
    def of(cls, net: lens.Net, style: str, strength: float = 1.0) -> Painter:
        """Raises UnknownName for a style that the brush lacks, InputError for a net that is none."""
        return cls(net, tuple(brushwork.weights_of(net, style)), strength)

    def __call__(self, picture: Picture, where: Region) -> Patch | None:
        hw = (picture.shape[0], picture.shape[1])
        inner, outer = where.bounds(hw), where.bounds(hw, AROUND * where.height)
        if inner is None or outer is None:
            return None
        whole = torch.from_numpy(np.ascontiguousarray(floats(picture[outer]).transpose(2, 0, 1)))[None]
        size = (whole.shape[-2], whole.shape[-1])
        k = min(max(where.height, SMALLEST), LARGEST) / max(where.height, SHRINK)
        shown = resize(whole, (max(1, round(k * size[0])), max(1, round(k * size[1]))))
        out = brushwork.painted(self.net, shown, self.weights, self.strength)
        out = enlarged(whole, shown, out) if max(shown.shape[-2:]) < max(size) else resize(out, size)
        rows, columns = (slice(i.start - o.start, i.stop - o.start) for i, o in zip(inner, outer, strict=True))
        return Patch(inner, out[0].permute(1, 2, 0).numpy()[rows, columns], where.weights(inner, SOFT))
