"""What is asked of a net that locates: a class, one of its detections, or a side of one's box; and the photo with that box on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from zorki import blocks, lens
from zorki.core import events
from zorki.core.errors import InputError
from zorki.explaining import classes, reading
from zorki.explaining.reading import Reading, Side
from zorki.locating import drawing, looking
from zorki.locating.detections import Detections
from zorki.locating.looking import Looked, Traced

if TYPE_CHECKING:
    from zorki.wings.see.attribution import Settings

MARKS: dict[str, tuple[str, ...]] = {
    "width": ("left", "right"),
    "height": ("top", "bottom"),
}  # the sides that are drawn, where not the side itself
INK, THICK = np.array([255, 255, 255], np.uint8), 90  # of the side asked about; of so many pixels of the longer side its line is one wide


@dataclass(frozen=True, eq=False)
class Boxes:
    """found: all detections, in pixels of the photo of hw; names, colours: of the net's classes. asked: which of them are asked about; detection: the only
    one, 1 the first; side: of its box. read: the number asked for, value: what it is (a logit, or pixels), net: the net that gives it first. seen: (1, c, h, w)
    as the net is shown the photo."""

    found: Detections
    names: tuple[str, ...]
    colours: tuple[str, ...]
    hw: tuple[int, int]
    asked: tuple[int, ...]
    detection: int | None
    side: Side | None
    read: Reading
    value: float
    net: lens.Net
    seen: torch.Tensor

    def weighed(self, method: str) -> str:
        """The layer whose maps are weighed where nobody names one.

        Grad-CAM weighs whole maps: those of the level that the boxes are said at, as in the encoder, or at another level, often no map has a mean slope above 0.
        LayerCAM weighs each place by its own slope, which behind the encoder is 0 but next to the cell. Raises InputError for a net without maps.
        """
        return lens.choosing.read(self.net) if method == "layercam" or self.level is None else self.level

    @cached_property
    def level(self) -> str | None:
        """The layer that most of the boxes asked about are said from; of several this is said. None where the net does not tell."""
        levels = reading.levels(self.net, self.read.cells, (self.seen.shape[-2], self.seen.shape[-1]))
        if len(levels) > 1:
            name, count = next(iter(levels.items()))
            events.note(
                f"{name} is weighed, from which {count} of the {sum(levels.values())} boxes are said; --detection=1 asks about one."
            )
        return next(iter(levels), None)

    def rows(self) -> list[dict[str, Any]]:
        """class, score, x, y, w, h of each detection, the surest first."""
        each = zip(self.found.labels.tolist(), self.found.scores.tolist(), self.found.boxes.tolist(), strict=True)
        return [
            {"class": self.names[label], "score": round(score, 4)} | {k: round(v, 2) for k, v in zip("xywh", box, strict=True)}
            for label, score, box in each
        ]

    def answer(self) -> dict[str, Any]:
        """As --json gives it."""
        cells = list(self.read.cells) or None
        return {"boxes": self.rows(), "detection": self.detection, "side": self.side, "value": round(self.value, 4), "cells": cells}

    def lines(self) -> list[str]:
        """The detections with their numbers; before those that are asked about stands a mark."""
        out = [
            f"{'>' if i in self.asked else ' '}{i + 1:3}  {b['score']:6.1%}  {b['x']:4.0f} {b['y']:4.0f} {b['w']:4.0f} {b['h']:4.0f}  {b['class']}"
            for i, b in enumerate(self.rows())
        ]
        return out or ["nothing was found"]

    def marked(self, picture: blocks.Pixels) -> blocks.Pixels:
        """A picture of the photo (h, w, 3) with the boxes that are asked about, and the side, if it is one, by a thick white line."""
        h, w = picture.shape[:2]
        places = self.found.boxes[list(self.asked)].numpy() * np.array([w / self.hw[1], h / self.hw[0]] * 2)
        colours = [self.colours[label] for label in self.found.labels[list(self.asked)].tolist()]
        out = drawing.drawn(picture, places, ["" for _ in colours], colours)
        if self.side is None or not len(places):
            return out
        left, top, right, bottom = drawing.inside(places[0], (h, w)) or (0, 0, w, h)
        thick = max(2, round(max(h, w) / THICK))
        lines = {
            "left": (left, top, left + thick, bottom), "right": (right - thick, top, right, bottom),
            "top": (left, top, right, top + thick), "bottom": (left, bottom - thick, right, bottom),
        }  # fmt: skip
        for side in MARKS.get(self.side, (self.side,)):
            a, b, c, d = lines[side]
            drawing.dim(out, (a - 1, b - 1, c + 1, d + 1), 1)
            out[max(0, b) : d, max(0, a) : c] = INK
        return out


def asked(net: lens.Net, photo: torch.Tensor, s: Settings) -> tuple[Boxes, int]:
    """What the settings ask about the photo (1, 3, h, w), and the number of the class.

    The class is the one given, else that of the surest detection; asked are all detections of it that are as sure as those that are shown, their logits added
    up; of a side the surest. Where there is none, the cell that comes nearest to one is asked, and this is said. Raises InputError for a detection
    that is not there or is of another class, and for a net that gives no boxes.
    """
    names, colours = looking.named(net)
    traced = looking.traced(net, photo[0], looking.usual(net), longest=looking.trained(net))
    number = None if s.class_ is None else classes.within(classes.numbered(net, s.class_), len(names))
    h, w = photo.shape[-2:]
    times = (float(h), float(w)) if traced.said.one else (h / traced.seen.shape[-2], w / traced.seen.shape[-1])
    found, cells, which = chosen(net, traced, names, number, times, s)
    label = int(found.labels[which[0]]) if number is None else number
    once = looking.outputs(net)[1 if s.box else 0]
    own = () if traced.said.one else tuple(cells[list(which)].tolist())
    read = reading.of_class(label, own) if s.box is None else reading.of_side(s.box, times, own)
    value = float(read.of((traced.said.logits if s.box is None else traced.said.boxes)[None])[0])
    lone = which[0] + 1 if len(which) == 1 and found is traced.found else None
    told(names[label], found, which, lone, s, value, traced.said)
    return Boxes(found, names, colours, (h, w), which, lone, s.box, read, value, once, traced.seen), label


def chosen(
    net: lens.Net, traced: Traced, names: tuple[str, ...], number: int | None, times: tuple[float, float], s: Settings
) -> tuple[Detections, torch.Tensor, tuple[int, ...]]:
    """All detections with their cells, and which of them are asked about; where there is none, what comes nearest to one."""
    found, cells = traced.found, traced.cells
    if s.detection is not None:
        if s.detection > len(found):
            do = "`zorki locate predict` lists them; give another --detection, or leave it out."
            raise InputError(f"There is no detection {s.detection}.", f"{net.name} shows {len(found)} in this photo.", do)
        label = int(found.labels[s.detection - 1])
        if number not in (None, label):
            got = f"Detection {s.detection} is no {names[number or 0]}."
            raise InputError(got, f"It is called {names[label]}.", "Leave out --class, or --detection.")
        return found, cells, (s.detection - 1,)
    if traced.said.one and not len(found):
        raise InputError(f"{net.name} gives no box here.", "What it says has no area.", "Take another photo.")
    first = number if number is not None else int(found.labels[0]) if len(found) else None
    mine = tuple(i for i, label in enumerate(found.labels.tolist()) if label == first)
    if traced.said.one and number is not None and not mine and s.box is not None:
        got = f"The box that {net.name} gives is of {names[int(found.labels[0])]}."
        raise InputError(got, f"A side of {names[number]}'s is asked about.", "Leave out --class.")
    if mine:
        return found, cells, mine[:1] if s.box is not None else mine
    if traced.said.one:
        return found, cells, (0,)
    return (*near(traced, number, times), (0,))


def near(traced: Traced, number: int | None, times: tuple[float, float]) -> tuple[Detections, torch.Tensor]:
    """What the surest cell says, of a class or of any, however sure, and its number."""
    logits = traced.said.logits if number is None else traced.said.logits[:, number : number + 1]
    cell = logits.amax(1).argmax()[None]
    label = logits[cell].argmax(1) if number is None else torch.full_like(cell, number)
    boxes = traced.said.boxes[cell] * traced.said.boxes.new_tensor([times[1], times[0]] * 2)
    return Detections(boxes, traced.said.logits[cell, label].sigmoid(), label), cell


def told(name: str, found: Detections, which: tuple[int, ...], lone: int | None, s: Settings, value: float, said: Looked) -> None:
    """Says what is asked, and what the answer is."""
    score = float(found.scores[which[0]]) if len(found) else 0.0
    if s.box is not None:
        where = f"Detection {lone}, {name}" if lone else f"No {name} is shown; what comes nearest to one, {score:.1%} sure,"
        what = (
            f"is {value:.1f} pixels {'wide' if s.box == 'width' else 'high'}"
            if s.box in MARKS
            else f"has its {s.box} side at {value:.1f} pixels"
        )
        events.note(f"{where} {what}: the map shows what moves that, either way.")
    elif said.one:
        events.note(f"{name}: its logit is asked about, {value:.2f}.")
    elif lone:
        events.note(f"Detection {lone}, {name}, {score:.1%} sure: its logit is asked about, {value:.2f}.")
    elif len(which) > 1:
        events.note(f"{name}: the logits of the {len(which)} cells that its detections came of are added up. --detection=1 asks about one.")
    else:
        events.note(f"No {name} is shown: the cell is asked that comes nearest to one, {score:.1%} sure.")
