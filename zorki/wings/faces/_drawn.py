"""The face that the network wants to see for each expression: a drawing that begins at the mean face and climbs that expression's logit."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from zorki import lens, pixels
from zorki.core import events
from zorki.core.seeds import seed_for
from zorki.pixels import objectives

SIDE = 144  # pixels of a drawing
RATE = 0.03
KEEP = 300.0  # how strongly the mean face is held on to, beside one unit of the logit
SHIFT, SCALE, TURN = 0.08, 0.2, 12.0  # how a drawing is moved before each look: shares of its side, degrees
LIGHT, SPREAD, ENDS = 0.5, 0.22, 0.02  # of what is drawn: mean, spread, and how near to black and white


def even(faces: torch.Tensor) -> torch.Tensor:
    """Faces (n, 3, h, w), each brought to a mean of 0 and a spread of 1, so that all count alike, whatever the light."""
    middle = faces.mean((1, 2, 3), keepdim=True)
    return (faces - middle) / (faces - middle).square().mean((1, 2, 3), keepdim=True).sqrt().clamp_min(1e-3)


def lit(face: torch.Tensor) -> torch.Tensor:
    """What `even` made, or a mean of such, as a picture (3, h, w) in 0..1 again."""
    return (LIGHT + SPREAD * face / face.square().mean().sqrt().clamp_min(1e-6)).clamp(ENDS, 1 - ENDS)


def drawings(net: lens.Net, start: torch.Tensor, numbers: Sequence[int], steps: int, seed: int) -> list[torch.Tensor]:
    """(3, SIDE, SIDE) in 0..1 of each of the net's classes. start: the mean face (3, h, w)."""
    device = net.device
    begin = torch.nn.functional.interpolate(start[None], (SIDE, SIDE), mode="bicubic", align_corners=False).clamp(ENDS, 1 - ENDS).to(device)
    seeds = [seed_for(seed, "faces explain", number) for number in numbers]
    canvas = pixels.empty(net, (SIDE, SIDE), seeds, begin.expand(len(seeds), -1, -1, -1))
    goal = objectives.channels(objectives.LOGITS, numbers) - KEEP * objectives.nearness(begin)
    look = pixels.Framed(net.hw, SHIFT, SCALE, TURN)
    for step in pixels.climb(net, canvas, goal, steps=steps, rate=RATE, seeds=seeds, wobble=look):
        events.tell("drawing", step.i, steps)
    with torch.no_grad():
        return list(pixels.display.visible(canvas()).detach().float().cpu())


def said(net: lens.Net, drawn: torch.Tensor, number: int) -> float:
    """How probable the net finds the class in a drawing (3, h, w)."""
    x = torch.nn.functional.interpolate(drawn[None], net.hw, mode="bilinear", antialias=True, align_corners=False)
    with torch.no_grad():
        return float(net.logits(x.to(net.device)).double().softmax(1)[0, number])
