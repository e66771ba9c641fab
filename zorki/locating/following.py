"""The things of a film: which box of a frame is which of the one before, so that each has a number while it is seen.

Source: Zhang et al. 2022 (ByteTrack), by the package trackers (Roboflow, Apache-2.0), with the film's own time stamps.
Differs: what is of two classes is never one thing; a thing has its number from its third frame on, when it was seen so often in a row; nothing goes on across
a cut.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from zorki import io
from zorki.core.errors import InputError
from zorki.locating import drawing
from zorki.locating.detections import Detections
from zorki.locating.located import counted, told
from zorki.pixels import palette
from zorki.weights.cards import short

COLUMNS = ("frame", "seconds", "id", "class", "x", "y", "w", "h", "score")
LOW = 0.4  # of how sure it must be: less sure boxes still carry on a thing that is known
OFTEN = 3  # frames in a row in which a thing must be seen before it counts
BRIDGED = 0.3  # seconds for which a thing that is not seen is still drawn, where it would be by now
CELLS = 8  # each way, whose brightness tells a cut
CUT, ALIKE = (
    25.0,
    0.5,
)  # levels by which brightness changes on average, and correlation below which it does, at a cut. Of five cuts in a street film the least was 38 levels, the
# most alike 0.33; of 740 other frames of four films none changed by more than 16
FAINT = "#bbbbbb"  # of what has no number yet


@dataclass(frozen=True)
class Thing:
    """A box of a frame. number: None of what has none yet; seen: whether it is seen, not only expected there; at: which of the frame's boxes it is."""

    number: int | None
    label: int
    box: tuple[float, float, float, float]
    score: float
    seen: bool = True
    at: int = -1


class Following:
    """look: what a net finds in a frame, with how sure at least. names: of its classes. least: how sure it must be; gap: seconds for which a thing may be out of
    sight and is the same still. Raises InputError where the tracker is not installed.

    Whoever follows more than boxes inherits, keeps it in the words of a frame (`seen`), and calls `follow` in `add`.
    """

    columns: Sequence[str] = COLUMNS

    def __init__(
        self, look: Callable[[io.Photo, float], Any], names: Sequence[str], video: io.Video, least: float, gap: float = 1.0
    ) -> None:
        self.look, self.names, self.least = look, tuple(names), least
        self.tracker = Tracker(video.rate, least, gap)
        self.apart = 4.0 * max(video.hw)  # how far things of two classes are moved from one another before they are compared
        self.labels: dict[int, int] = {}  # of the things by now: a class each
        self.things: list[Thing] = []
        self.before: npt.NDArray[np.float64] | None = None

    def seen(self, photo: io.Photo) -> str:
        """boxes: [class, score, left, top, width, height] of each; bright: of each cell of the frame; as JSON."""
        x: Detections = self.look(photo, self.least * LOW)
        rows = zip(x.labels.tolist(), x.scores.tolist(), x.boxes.tolist(), strict=True)
        boxes = [[label, round(score, 4), *(round(v, 2) for v in box)] for label, score, box in rows]
        return json.dumps({"boxes": boxes, "bright": brightness(photo.pixels)}, separators=(",", ":"))

    def add(self, number: int, seconds: float, seen: str) -> list[list[Any]]:
        """The next frame; a row for each box that is sure enough, or of a thing that is known."""
        said = json.loads(seen)
        self.follow(np.array(said["boxes"], np.float64).reshape(-1, 6), np.array(said["bright"], np.float64), seconds)
        return [
            [
                number,
                round(seconds, 4),
                "" if t.number is None else t.number,
                self.names[t.label],
                *(round(v, 2) for v in t.box),
                round(t.score, 4),
            ]
            for t in self.things
            if t.seen
        ]

    def follow(self, found: npt.NDArray[np.float64], bright: npt.NDArray[np.float64], seconds: float) -> bool:
        """The things of the next frame, in `things`; whether another scene begins with it. found: (n, 6) class, score, left, top, width, height; bright: of its cells."""
        cut = self.before is not None and is_cut(self.before, bright)
        if cut:
            self.tracker.forget()
        self.before = bright
        shift = found[:, :1] * self.apart * [1, 0, 0, 0]
        numbers, expected = self.tracker.next(found[:, 2:] + shift, found[:, 1], seconds)
        self.things = []
        for at, (row, which) in enumerate(zip(found, numbers, strict=True)):
            label, score = int(row[0]), float(row[1])
            if which is not None:
                self.labels.setdefault(which, label)
            if which is not None or score >= self.least:
                self.things.append(Thing(which, label, tuple(row[2:].tolist()), score, at=at))
        for which, box in expected:
            label = self.labels[which]
            x, y, w, h = (box - np.array([label * self.apart, 0, 0, 0])).tolist()
            self.things.append(Thing(which, label, (x, y, w, h), 0.0, seen=False))
        return cut

    def picture(self, photo: io.Photo) -> npt.NDArray[np.uint8]:
        """(h, w, 3): the frame with its things, each in a colour of its own that it keeps; what has no number yet is grey, what is out of sight for a moment thin."""
        out = drawing.levels(photo.pixels)
        for line, some in ((0.4, [t for t in self.things if not t.seen]), (1.0, [t for t in self.things if t.seen])):
            texts = [f"{short(self.names[t.label])} {t.number}" if t.number is not None and t.seen else "" for t in some]
            colours = [FAINT if t.number is None else palette.nth(t.number - 1) for t in some]
            out = drawing.drawn(out, [t.box for t in some], texts, colours, line)
        return out

    @property
    def counts(self) -> dict[str, int]:
        """How many distinct things there were by now of each class, most first."""
        return counted(self.names[label] for label in self.labels.values())

    def answer(self) -> dict[str, Any]:
        return {"things": self.counts}

    def lines(self) -> list[str]:
        return [told(self.counts) or "nothing was found"]


def brightness(pixels: npt.NDArray[np.floating[Any]]) -> list[int]:
    """The mean level, 0 to 255, of each of CELLS × CELLS parts of a frame (h, w, 3) in 0..1, row by row."""
    rows, columns = (np.linspace(0, n, CELLS, endpoint=False).astype(int) for n in pixels.shape[:2])
    high, wide = (np.diff([*begins, n]).clip(1) for begins, n in zip((rows, columns), pixels.shape, strict=False))
    sums = np.add.reduceat(np.add.reduceat(pixels.mean(2, dtype=np.float32), rows, 0), columns, 1)
    return np.rint(255 * sums / (high[:, None] * wide)).astype(int).ravel().tolist()  # type: ignore[no-any-return]


def is_cut(before: npt.NDArray[np.float64], now: npt.NDArray[np.float64]) -> bool:
    """Whether another scene begins between two frames, by the brightness of their cells."""
    if np.abs(now - before).mean() < CUT:
        return False
    a, b = before - before.mean(), now - now.mean()
    return float(a @ b) < ALIKE * float(np.sqrt((a @ a) * (b @ b)))


class Tracker:
    """The package's ByteTrack. rate: frames a second; least: how sure a box must be to begin a thing; gap: seconds, as `Following`."""

    def __init__(self, rate: float, least: float, gap: float) -> None:
        try:
            import supervision
            import trackers
        except ImportError as error:
            do = "Install it: pip install 'zorki[track]'. Single pictures need nothing more."
            raise InputError("The things of a film are followed by the package trackers.", "It is not here.", do) from error
        self._detections = supervision.Detections
        self._tracker = trackers.ByteTrackTracker(
            lost_track_buffer=math.ceil(30 * max(gap, 1.1 / max(1e-3, rate))),  # below a frame nothing would be followed
            frame_rate=max(1e-3, rate), track_activation_threshold=least,
            high_conf_det_threshold=least, minimum_consecutive_frames=OFTEN,
        )  # fmt: skip
        self._begin = self._count = 0

    def forget(self) -> None:
        """Another scene begins: nothing of it was seen before."""
        self._tracker.reset()
        self._begin = self._count

    def next(
        self, boxes: npt.NDArray[np.float64], scores: npt.NDArray[np.float64], seconds: float
    ) -> tuple[list[int | None], list[tuple[int, npt.NDArray[np.float64]]]]:
        """The things' numbers, from 1, of the boxes (n, 4) left, top, width, height of the next frame, in their order, None of what has none yet; and where
        things are expected that were seen a moment ago and are not now."""
        n = len(scores)
        corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], 1)
        given = self._detections(xyxy=corners.reshape(-1, 4), confidence=scores, class_id=np.arange(n))
        found: Any = self._tracker.update(given if n else self._detections.empty(), timestamp=seconds)
        numbers: list[int | None] = [None] * n
        for which, own in zip(found.class_id, found.tracker_id, strict=True) if len(found) else ():
            numbers[int(which)] = None if own < 0 else self._numbered(int(own))
        lost = []
        for track in self._tracker.tracks:
            if track.tracker_id >= 0 and 0 < track.time_since_update_seconds <= BRIDGED:
                x, y, right, bottom = track.get_state_bbox().tolist()
                lost.append((self._numbered(int(track.tracker_id)), np.array([x, y, right - x, bottom - y])))
        return numbers, lost

    def _numbered(self, own: int) -> int:
        number = self._begin + own + 1
        self._count = max(self._count, number)
        return number
