"""What a network takes for faces in pictures that have none: shown more often afterwards, as large and in such places as faces are.

Source: Sung and Poggio 1998 (bootstrapping: a detector's false alarms are what it learns next).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from recipes.faces.scenes import Shot
from recipes.faces.stock import Stock
from zorki.locating import decoding
from zorki.scores.average_precision import iou

LEAST = 0.45  # how sure the network is of what it is lured by
TIMES = {
    "faced": (1.0, 2.0),
    "faceless": (1.0, 2.0),
    "tiny_faceless": (3.0,),
    "furred": (3.0,),
}  # how much larger it sees the pictures of each part
LONGEST = 1280  # pixels of the longer side that it sees at most
APART = 0.1  # IoU with what the teacher sees, from which on it may be a face


def lured(net: torch.nn.Module, stock: Stock, file: Path) -> Stock:
    """The stock with its lures, which are found once and kept in the file: by part and number of the picture, boxes and scores."""
    if not file.exists():
        found = {part: list(rows(net, getattr(stock, part), times)) for part, times in TIMES.items()}
        file.with_suffix(".part").write_text(json.dumps(found))
        file.with_suffix(".part").rename(file)
    lures = list[Shot]()
    for part, some in json.loads(file.read_text()).items():
        shots = getattr(stock, part)
        lures += [replace(shots[k], lures=np.array(boxes)[:, :4]) for k, boxes in some]
    return replace(stock, lures=tuple(lures))


@torch.inference_mode()
def rows(net: torch.nn.Module, shots: tuple[Shot, ...], times: tuple[float, ...]) -> Iterator[tuple[int, list[list[float]]]]:
    """Of the pictures with lures the number, and of each lure left, top, width, height in the stored picture and how sure the network is."""
    for k, shot in enumerate(shots):
        picture, out = shot.read().convert("RGB"), list[list[float]]()
        for larger in times:
            zoom = min(larger, LONGEST / max(picture.size))
            seen = picture.resize([max(1, round(side * zoom)) for side in picture.size], Image.Resampling.BILINEAR)  # type: ignore[arg-type]
            x = torch.from_numpy(np.array(seen)).permute(2, 0, 1)[None].float() / 255
            logits, boxes, *_ = net(x.contiguous(memory_format=torch.channels_last))
            found = decoding.many(logits[0], boxes[0], (seen.height, seen.width), LEAST)
            places = found.boxes.double().numpy() / zoom
            free = (iou(places, shot.faces.boxes) < APART).all(1) if len(shot.faces.boxes) else np.ones(len(places), bool)
            out += [
                [round(float(v), 2) for v in (*box, score)] for box, score in zip(places[free], found.scores.numpy()[free], strict=True)
            ]
        if out:
            yield k, out
