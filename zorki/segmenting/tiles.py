"""What a segmenter answers for a whole picture. Until merged: large pictures in tiles."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from zorki import lens
from zorki.core.errors import InputError


def logits(net: lens.Net, picture: torch.Tensor) -> torch.Tensor:
    """(k, h, w) float32 for a picture (c, h, w) in 0..1, enlarged to its size where the net answers at another. Raises InputError for no segmenter."""
    with torch.no_grad():
        found = net.logits(picture[None]).float()
        if found.ndim != 4:
            raise InputError(
                f"{net.name} gives {tuple(found.shape[1:])} numbers.", "A segmenter gives each pixel its classes.", "Give another --model."
            )
        if found.shape[-2:] != picture.shape[-2:]:
            found = F.interpolate(found, picture.shape[-2:], mode="bilinear", align_corners=False)
        return found[0]
