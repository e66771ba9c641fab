"""What a network takes for faces in pictures that have none: shown more often afterwards, as large and in such places as faces are.

In pictures of 64 pixels the teacher misses what is blurred; so of these each is shown to it once more, alone and enlarged, and where it doubts then, nothing is learnt.

Source: Sung and Poggio 1998 (bootstrapping: a detector's false alarms are what it learns next).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from recipes.faces.scenes import SURE, Shot
from recipes.faces.stock import DOUBT, Stock
from recipes.faces.teacher import POINTS, Faces, YuNet
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
ASKED, ALONE, MAYBE, MEETS = "tiny_faceless", 160, 0.3, 0.3
"""Of which part the teacher is asked again; pixels that it sees then; how sure it is to be, and by how much (IoU) its box is to meet the lure, that it doubts."""


def lured(net: torch.nn.Module, stock: Stock, teacher: Callable[[], YuNet], file: Path) -> Stock:
    """The stock with its lures, which are found once and kept in the file: by part and number of the picture, of each left, top, width, height, how sure the network
    is, and whether it may be a face."""
    if not file.exists():
        asked = teacher() if getattr(stock, ASKED) else None
        found = {part: list(rows(net, getattr(stock, part), times, asked if part == ASKED else None)) for part, times in TIMES.items()}
        file.with_suffix(".part").write_text(json.dumps(found))
        file.with_suffix(".part").rename(file)
    parts, lures = {part: list(getattr(stock, part)) for part in TIMES}, list[Shot]()
    for part, some in json.loads(file.read_text()).items():
        for k, each in some:
            places = np.array(each)
            maybe = places[:, 5] > 0
            shot = parts[part][k] = doubted(parts[part][k], places[maybe, :4])
            if not maybe.all():
                lures.append(replace(shot, lures=places[~maybe, :4]))
    return replace(stock, lures=tuple(lures), **{part: tuple(shots) for part, shots in parts.items()})


def doubted(shot: Shot, boxes: np.ndarray) -> Shot:
    """With boxes of which nothing is learnt."""
    more = Faces(boxes, np.full(len(boxes), (DOUBT + SURE) / 2), np.zeros((len(boxes), POINTS, 2)))
    return replace(shot, faces=Faces(*(np.concatenate(both) for both in zip(shot.faces, more, strict=True)))) if len(boxes) else shot


@torch.inference_mode()
def rows(
    net: torch.nn.Module, shots: tuple[Shot, ...], times: tuple[float, ...], teacher: YuNet | None
) -> Iterator[tuple[int, list[list[float]]]]:
    """Of the pictures with lures the number, and of each lure what `lured` says. teacher: who is asked whether it may be a face."""
    for k, shot in enumerate(shots):
        picture, out = shot.read().convert("RGB"), list[list[float]]()
        for larger in times:
            zoom = min(larger, LONGEST / max(picture.size))
            seen = picture.resize((max(1, round(picture.width * zoom)), max(1, round(picture.height * zoom))), Image.Resampling.BILINEAR)
            x = torch.from_numpy(np.array(seen)).permute(2, 0, 1)[None].float() / 255
            logits, boxes, *_ = net(x.contiguous(memory_format=torch.channels_last))
            found = decoding.many(logits[0], boxes[0], (seen.height, seen.width), LEAST)
            places, scores = found.boxes.double().numpy() / zoom, found.scores.numpy()
            free = (iou(places, shot.faces.boxes) < APART).all(1) if len(shot.faces.boxes) else np.ones(len(places), bool)
            for box, score in zip(places[free], scores[free], strict=True):
                maybe = teacher is not None and may_be(teacher, picture, box)
                out.append([round(float(v), 2) for v in (*box, score, maybe)])
        if out:
            yield k, out


def may_be(teacher: YuNet, picture: Image.Image, box: np.ndarray) -> bool:
    """Whether the teacher thinks of a face there, when it is shown it alone, with half of its size about it."""
    left, top, width, height = box
    shown = picture.crop((round(left - width / 2), round(top - height / 2), round(left + 1.5 * width), round(top + 1.5 * height)))
    larger = shown.resize((ALONE, max(1, round(ALONE * shown.height / max(1, shown.width)))), Image.Resampling.BICUBIC)
    found = teacher.found(np.asarray(larger), MAYBE)
    there = np.array([[larger.width, larger.height, 2 * larger.width, 2 * larger.height]]) / 4
    return bool((iou(found.boxes, there) > MEETS).any())
