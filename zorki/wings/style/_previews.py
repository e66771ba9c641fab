"""While a brush learns: now and then a photo in the first of its styles, in the run folder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from zorki import io
from zorki.core import events
from zorki.core.errors import ZorkiError
from zorki.nets.brush import Brush
from zorki.wings.style._crops import Photos

SECONDS, STYLES, SIDE = 120.0, 6, 256  # between two; shown at most; pixels of each picture


@contextmanager
def every(net: Brush, photos: Photos, path: Path, seconds: float = SECONDS) -> Iterator[None]:
    """Inside, a training writes `path` every so many seconds, the photo itself first. It draws nothing at random and changes nothing."""
    photo = photos.crops(1, SIDE, np.random.default_rng(0))
    last = time.monotonic()

    def hear(event: events.Event) -> None:
        nonlocal last
        if event.stage == "training" and event.step and (event.step == event.of or time.monotonic() - last >= seconds):
            with suppress(ZorkiError):  # a preview that cannot be written is no reason to lose a training
                io.save_photo(path, sheet(net, photo), force=True, quality=88)
                events.tell("preview", event.step, event.of, preview=str(path))
            last = time.monotonic()

    with events.listen(hear):
        yield


@torch.no_grad()
def sheet(net: Brush, photo: torch.Tensor) -> np.ndarray:
    """(SIDE, n SIDE, 3) in 0..1: the photo, then what it is in each style."""
    hot = F.one_hot(torch.arange(min(STYLES, net.styles), device="cpu"), net.styles).float()
    return torch.cat([photo[0], *(net(photo, one)[0] for one in hot)], -1).permute(1, 2, 0).numpy()
