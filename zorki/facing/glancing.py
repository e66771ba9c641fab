"""What was taken for a face is looked at again, alone and in three sizes: a face stays one, what was alike by chance does not.

Source: Sung and Poggio 1998 and Rowley, Baluja, Kanade 1998 (false alarms of several looks at one place seldom agree).
Differs: the looks are one network's, at other sizes and at the mirror image, and their mean says how sure it is.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from zorki import lens
from zorki.facing import aligning
from zorki.locating import looking
from zorki.locating.detections import Detections
from zorki.pixels.pieces import Rows
from zorki.scores import boxes as geometry

DOUBT, SURE = 0.45, 0.9  # how sure the first look was: below it is no face and needs no other look, above it is one
SIDE = 192  # pixels of what a glance is shown
VIEWS = ((40, False), (64, True), (100, False))  # pixels of the face in it, and whether it is mirrored
SAME = 0.4  # IoU with the first look's box, from which on a glance speaks of it


def again(net: lens.Net, picture: torch.Tensor | Rows, found: Detections) -> Detections:
    """The same places, the surest first by the mean of what all looks say. picture: (c, h, w) in 0..1, or what reads its rows; found: in its pixels."""
    scores = found.scores.clone()
    for i in ((scores >= DOUBT) & (scores < SURE)).nonzero().flatten().tolist():
        said = [glance(net, picture, found.boxes[i], int(found.labels[i]), *view) for view in VIEWS]
        scores[i] = (scores[i] + sum(said)) / (1 + len(said))
    return replace(found, scores=scores)[scores.argsort(descending=True, stable=True)]


def glance(net: lens.Net, picture: torch.Tensor | Rows, box: torch.Tensor, label: int, pixels: int, mirrored: bool) -> float:
    """How sure the network is of such a thing at the box (4,), shown with so many pixels in the middle of a square."""
    where = aligning.about(box.tolist(), SIDE / pixels)
    x = aligning.taken(picture, where, SIDE)[None]
    said = looking.looked(net, x.flip(3) if mirrored else x)
    size = box[2:] * SIDE / where.side
    expected = torch.cat([(SIDE - size) / 2, size])
    there = geometry.iou(said.boxes, expected) >= SAME
    return float(said.logits[there, label].sigmoid().max()) if bool(there.any()) else 0.0
