"""The faces of a film: each with a number while it is seen, and with scores that are made calm.

Source: as `zorki/locating/following.py` (who is who: by places alone, no face is ever compared with another) and `smoothing.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from zorki import blocks, io
from zorki.core.durations import clock
from zorki.facing import aligning, timeline
from zorki.facing.faces import EMOTIONS, Face, Floats, rounded
from zorki.facing.panels import Panels
from zorki.facing.people import Person, Shot, Trace
from zorki.locating import drawing, following
from zorki.pixels import palette

COLUMNS = ("frame", "seconds", "face", "left", "top", "width", "height", "score", *EMOTIONS, *(f"{name}_smoothed" for name in EMOTIONS))
SMOOTH = 0.5  # seconds: half-life
SHOWN = 24  # faces on the page: those that are seen longest
BRIEF = 0.5  # seconds: who is seen for less is not on the page, where others are
GONE = 1.0  # seconds beyond the gap after which nobody comes back
LONGEST = 960  # pixels of the longer side at which frames are looked at, where nobody says
SIDE, WIDE = 96, 1.35  # pixels of a picture on the page; how much of what is about the face it shows
FEW = 6  # faces of a frame beside whose numbers words are written
TOLD = 8  # faces that a person is told of one by one
EVEN = [1 / len(EMOTIONS)] * len(EMOTIONS)
NEUTRAL = EMOTIONS.index("neutral")


class Following(following.Following):
    """look: the faces of a frame, as sure as asked; name: the same faces with their expressions. least: how sure it must be; gap: seconds for which a face may be out
    of sight; smooth: half-life in seconds of what is read in a face, 0 for none. show: (h, w, 3) uint8 of a frame and its faces, in place of boxes and bars. Raises
    InputError where the tracker is not installed.

    Memory: what the page shows of SHOWN faces and of those in sight; of all others a few numbers.
    """

    columns: Sequence[str] = COLUMNS

    def __init__(
        self,
        look: Callable[[io.Photo, float], Sequence[Face]],
        name: Callable[[io.Photo, Sequence[Face]], Sequence[Face]],
        video: io.Video,
        least: float,
        gap: float = 1.0,
        smooth: float = SMOOTH,
        show: Callable[[io.Photo, Sequence[Face]], Any] | None = None,
    ) -> None:
        super().__init__(look, ("face",), video, least, gap)
        self.gap, self.smooth, self.rate, self.show = gap, smooth, video.rate, show
        self.read, self.video = name, video
        self.asked: list[tuple[float, float, float, float]] = []  # boxes of the last frame that were read
        self.faces: list[Face] = []  # of the frame, as they were read; then as they are shown
        self.panels = Panels(video.hw)
        self.people: dict[int, Person] = {}
        self.sight: list[int] = []  # the numbers that were seen in the last frame
        self.cuts: list[float] = []
        self.frames, self.seconds = 0, 0.0

    def seen(self, photo: io.Photo) -> str:
        """faces: [score, left, top, width, height, points or null, shares or null] of each; bright: of each cell of the frame; as JSON. What is unsure and lies on
        nothing that is known is not read: it becomes no face."""
        faces = list(self.look(photo, self.least * following.LOW))
        asked = [i for i, face in enumerate(faces) if face.score >= self.least or self.near(face)]
        for i, face in zip(asked, self.read(photo, [faces[i] for i in asked]), strict=True):
            faces[i] = face
        return json.dumps({"faces": [words(face) for face in faces], "bright": following.brightness(photo.pixels)}, separators=(",", ":"))

    def near(self, face: Face) -> bool:
        """Whether it lies where a face was known a moment ago."""
        x, y, w, h = face.box
        boxes = [*self.asked, *(t.box for t in self.things if not t.seen)]
        return any(x < a + c and a < x + w and y < b + d and b < y + h for a, b, c, d in boxes)

    def add(self, number: int, seconds: float, seen: str) -> list[list[Any]]:
        """The next frame; a row for each face that is sure enough, or known."""
        said = json.loads(seen)
        faces = [read(row) for row in said["faces"]]
        self.asked = [face.box for face in faces if face.shares is not None]
        found = np.array([[0, face.score, *face.box] for face in faces], np.float64).reshape(-1, 6)
        if self.follow(found, np.array(said["bright"], np.float64), seconds):
            self.cuts.append(round(seconds, 4))
        for which in self.sight:
            self.people[which].seconds += seconds - self.seconds
        self.frames, self.seconds, self.sight = self.frames + 1, seconds, []
        self.faces, rows = [], []
        for thing in self.things:
            if not thing.seen:
                self.faces.append(Face(thing.box, 0.0, None, tuple(self.people[thing.number or 0].smoothed.tolist())))
                continue
            face = faces[thing.at]
            if face.shares is None:  # unsure, and found again where nobody looked for it: as it was seen last
                known = self.people.get(thing.number or 0)
                face = replace(face, shares=tuple(EVEN if known is None else known.read.tolist()))
            smoothed = self.known(thing.number, seconds, np.array(face.shares))
            self.faces.append(replace(face, shares=tuple(smoothed.tolist())))
            at = face.rectangle
            rows.append(
                [
                    number, round(seconds, 4), "" if thing.number is None else thing.number, at["left"], at["top"], at["width"], at["height"],
                    round(face.score, 4), *face.scores.values(), *self.faces[-1].scores.values(),
                ]
            )  # fmt: skip
        self.panels.place(self.numbered())
        return rows

    def known(self, number: int | None, seconds: float, shares: Floats) -> Floats:
        """The smoothed shares of a face; of one without a number yet what is read in it."""
        if number is None:
            return shares
        self.sight.append(number)
        if number in self.people:
            self.people[number].seen(seconds, shares, self.smooth)
        else:
            self.forget(seconds)
            self.people[number] = Person.new(number, seconds, shares)
        return self.people[number].smoothed

    def forget(self, seconds: float) -> None:
        """Of those who do not come back only what the page will show is kept in full."""
        cut = self.cuts[-1] if self.cuts else 0.0
        gone = [p for p in self.people.values() if p.trace is not None and (p.last < cut or seconds - p.last > self.gap + GONE)]
        for person in sorted(gone, key=longest)[SHOWN:]:
            person.trace = None

    def keep(self, photo: Callable[[], io.Photo]) -> None:
        """After each frame that is added: pictures of it for the page; none where faces are hidden or painted."""
        if self.show is not None:
            return
        for thing, face in zip(self.things, self.faces, strict=True):
            trace: Trace | None = self.people[thing.number].trace if thing.seen and thing.number is not None else None
            if trace is None or face.shares is None:
                continue
            worth = face.score * (0.5 + 1 - face.shares[NEUTRAL])  # a face that is seen well, and says something
            if trace.shots.wants(self.seconds, worth):
                trace.shots.add(Shot(worth, self.seconds, portrait(photo(), face), np.array(face.shares)))

    def picture(self, photo: io.Photo) -> npt.NDArray[np.uint8]:
        """(h, w, 3): the frame with its faces, each in a colour of its own that it keeps; what has no number yet is grey, what is out of sight for a moment thin."""
        if self.show is not None:
            shown: npt.NDArray[np.uint8] = self.show(photo, self.faces)
            return shown
        marked, lost = list[tuple[int | None, Face]](), list[tuple[int | None, Face]]()
        for thing, face in zip(self.things, self.faces, strict=True):
            (marked if thing.seen else lost).append((thing.number, face))
        out = drawing.levels(photo.pixels)
        for line, some in ((0.4, lost), (1.0, marked)):
            texts = [self.label(number, face) if number is not None and line == 1 else "" for number, face in some]
            out = drawing.drawn(out, [face.box for _, face in some], texts, [colour(number) for number, _ in some], line)
        self.panels.draw(out, self.numbered())
        return out

    def label(self, number: int, face: Face) -> str:
        """Its number; with the likeliest expression where the panel has no words, and room is left."""
        panel = self.panels.held.get(number)
        return str(number) if len(self.things) > FEW or (panel is not None and panel.named) else f"{number} {face.emotion}"

    def numbered(self) -> list[tuple[int, Face]]:
        """The faces of the frame that have panels: the largest first."""
        some = [(t.number, face) for t, face in zip(self.things, self.faces, strict=True) if t.number is not None]
        return sorted(some, key=lambda one: (-round(one[1].area), one[0]))

    def longest(self) -> list[Person]:
        """All faces that have a number, the longest seen first."""
        return sorted(map(self.whole, self.people.values()), key=longest)

    def whole(self, person: Person) -> Person:
        """With the time for which it is seen in the last frame."""
        return replace(person, seconds=person.seconds + 1 / max(self.rate, 1e-3)) if person.number in self.sight else person

    def answer(self) -> dict[str, Any]:
        """faces: of each number, in their order, when it is seen first and last, for how many seconds, and the mean scores; cuts: seconds at which another scene begins."""
        return {"faces": [told(self.whole(person)) for person in self.people.values()], "cuts": list(self.cuts)}

    def lines(self) -> list[str]:
        """Of the faces that are seen longest for how long, from when, and how they mostly look; and what is wrong with the film."""
        if not self.people:
            return [f"no face was found in {self.frames:,} frames", *self.video.heard]
        some = self.longest()
        out = [f"face {p.number}: {p.seconds:.1f} s from {clock(p.first)}, {timeline.mostly(p.mean)}" for p in some[:TOLD]]
        if len(some) > TOLD:
            out.append(f"and {len(some) - TOLD:,} more that are seen for less")
        return [*out, *([f"{len(some):,} faces in all"] if len(some) > 1 else []), *self.video.heard]

    def page(self, command: str) -> blocks.Page:
        """Who is there when, and how each looks, in time."""
        length = self.seconds + 1 / max(self.rate, 1e-3)
        full = [p for p in self.longest() if p.trace is not None][:SHOWN]
        shown = [p for p in full if p.seconds >= BRIEF] or full
        faults = " ".join(self.video.heard)
        return timeline.page(self.video.name, shown, len(self.people), length, self.frames, self.cuts, self.smooth, command, faults)


def longest(person: Person) -> tuple[float, int]:
    """By what they are ordered."""
    return -round(person.seconds, 6), person.number


def words(face: Face) -> list[Any]:
    """A face as JSON holds it; its shares together 1."""
    points = None if face.points is None else [round(v, 2) for v in face.points.ravel().tolist()]
    return [round(face.score, 4), *(round(v, 2) for v in face.box), points, None if face.shares is None else rounded(face.shares)]


def read(row: Sequence[Any]) -> Face:
    """The face of those words."""
    score, x, y, w, h, points, shares = row
    return Face(
        (x, y, w, h),
        score,
        None if points is None else np.array(points, np.float64).reshape(-1, 2),
        None if shares is None else tuple(shares),
    )


def told(person: Person) -> dict[str, Any]:
    """What --json says of one."""
    scores = dict(zip(EMOTIONS, rounded(person.mean.tolist()), strict=True))
    when = {"first": round(person.first, 4), "last": round(person.last, 4), "seconds": round(person.seconds, 4)}
    return {"face": person.number, **when, "frames": person.frames, "scores": scores}


def portrait(photo: io.Photo, face: Face) -> npt.NDArray[np.uint8]:
    """(SIDE, SIDE, 3): the face upright, with some of what is about it."""
    square = aligning.square(face)
    pixels = torch.from_numpy(np.ascontiguousarray(photo.pixels)).permute(2, 0, 1)
    cut = aligning.cut(pixels, square._replace(along=square.along * WIDE), SIDE)
    return np.rint(255 * cut.permute(1, 2, 0).clamp(0, 1).numpy()).astype(np.uint8)  # type: ignore[no-any-return]


def colour(number: int | None) -> str:
    """Of a face's rectangle and of its lane."""
    return following.FAINT if number is None else palette.nth(number - 1)
