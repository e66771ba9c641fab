"""How far boxes lie on one another. A box is left, top, width, height, in whatever unit; one without area lies on nothing.

Source: Everingham et al. 2010 (IoU); Rezatofighi et al. 2019 (GIoU); Zheng et al. 2020 (DIoU, CIoU).
"""

from __future__ import annotations

import math

import torch

TINY = 1e-7  # what is divided by at least


def corners(xywh: torch.Tensor) -> torch.Tensor:
    """(…, 4) left, top, width, height → left, top, right, bottom."""
    return torch.cat([xywh[..., :2], xywh[..., :2] + xywh[..., 2:]], -1)


def sized(xyxy: torch.Tensor) -> torch.Tensor:
    """(…, 4) left, top, right, bottom → left, top, width, height."""
    return torch.cat([xyxy[..., :2], xyxy[..., 2:] - xyxy[..., :2]], -1)


def overlaps(one: torch.Tensor, two: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Areas that two boxes (…, 4) share and that both cover together, (…); their leading sizes are broadcast."""
    a, b = corners(one), corners(two)
    shared = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp_min(0).prod(-1)
    areas = one[..., 2:].clamp_min(0).prod(-1) + two[..., 2:].clamp_min(0).prod(-1)
    return shared, areas - shared


def iou(one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
    """(…): shared area over covered area, 0..1; their leading sizes are broadcast, so (n, 1, 4) and (m, 4) give each with each."""
    shared, covered = overlaps(one, two)
    return shared / covered.clamp_min(TINY)


def giou(one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
    """(…), −1..1: less what the box about both covers beside them, as a share of it (Rezatofighi et al., equation 2 of algorithm 1)."""
    shared, covered = overlaps(one, two)
    whole = about(one, two).prod(-1).clamp_min(TINY)
    return shared / covered.clamp_min(TINY) - (whole - covered) / whole


def about(one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
    """(…, 2): width and height of the smallest box about both."""
    a, b = corners(one), corners(two)
    return torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])


def diou(one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
    """(…), −1..1: less the distance of their middles, squared, over the squared diagonal of the box about both (Zheng et al., equation 7)."""
    apart = (one[..., :2] + one[..., 2:] / 2) - (two[..., :2] + two[..., 2:] / 2)
    return iou(one, two) - (apart**2).sum(-1) / (about(one, two) ** 2).sum(-1).clamp_min(TINY)


def ciou(one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
    """(…): DIoU less how much their shapes differ (Zheng et al., equations 9 to 12; its weight is no function to be learnt through)."""
    angles = [torch.atan2(box[..., 2], box[..., 3].clamp_min(TINY)) for box in (one, two)]
    v = 4 / math.pi**2 * (angles[1] - angles[0]) ** 2
    with torch.no_grad():
        weight = v / (1 - iou(one, two) + v).clamp_min(TINY)
    return diou(one, two) - weight * v
