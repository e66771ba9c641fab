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
from zorki.facing import aligning, timeline
from zorki.facing.faces import EMOTIONS, Face, Floats, rounded
from zorki.facing.people import Person, Shot, Trace
from zorki.locating import drawing, following
from zorki.pixels import palette

COLUMNS = ("frame", "seconds", "face", "left", "top", "width", "height", "score", *EMOTIONS, *(f"{name}_smoothed" for name in EMOTIONS))
SMOOTH = 0.5  # seconds: half-life
SHOWN = 24  # faces on the page: those that are seen longest
GONE = 1.0  # seconds beyond the gap after which nobody comes back
SIDE, WIDE = 96, 1.35  # pixels of a picture on the page; how much of what is about the face it shows
TOLD = 8  # faces that a person is told of one by one
NEUTRAL = EMOTIONS.index("neutral")


class Following(following.Following):
    """look: the faces of a frame with their expressions, as sure as asked. least: how sure it must be; gap: seconds for which a face may be out of sight; smooth:
    half-life in seconds of what is read in a face, 0 for none. Raises InputError where the tracker is not installed.

    Memory: what the page shows of SHOWN faces and of those in sight; of all others a few numbers.
    """

    columns: Sequence[str] = COLUMNS

    def __init__(
        self,
        look: Callable[[io.Photo, float], Sequence[Face]],
        video: io.Video,
        least: float,
        gap: float = 1.0,
        smooth: float = SMOOTH,
        show: Callable[[io.Photo, Sequence[Face]], Any] | None = None,
    ) -> None:
        super().__init__(look, ("face",), video, least, gap)
        self.gap, self.smooth, self.rate, self.show = gap, smooth, video.rate, show
        self.name = video.name
        self.faces: list[Face] = []  # of the frame, as they were read; then as they are shown
        self.people: dict[int, Person] = {}
        self.sight: list[int] = []  # the numbers that were seen in the last frame
        self.cuts: list[float] = []
        self.frames, self.seconds = 0, 0.0

    def seen(self, photo: io.Photo) -> str:
        """faces: [score, left, top, width, height, points or null, shares] of each; bright: of each cell of the frame; as JSON."""
        faces = self.look(photo, self.least * following.LOW)
        return json.dumps({"faces": [words(face) for face in faces], "bright": following.brightness(photo.pixels)}, separators=(",", ":"))

    def add(self, number: int, seconds: float, seen: str) -> list[list[Any]]:
        """The next frame; a row for each face that is sure enough, or known."""
        said = json.loads(seen)
        faces = [read(row) for row in said["faces"]]
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
            smoothed = self.known(thing.number, seconds, np.array(face.shares))
            self.faces.append(replace(face, shares=tuple(smoothed.tolist())))
            at = face.rectangle
            rows.append(
                [
                    number, round(seconds, 4), "" if thing.number is None else thing.number, at["left"], at["top"], at["width"], at["height"],
                    round(face.score, 4), *face.scores.values(), *self.faces[-1].scores.values(),
                ]
            )  # fmt: skip
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
        """After each frame that is added: pictures of it for the page."""
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
            return self.show(photo, self.faces)
        texts = ["" if t.number is None or not t.seen else f"{t.number} {f.emotion} {100 * f.scores[f.emotion]:.0f}%" for t, f in zip(self.things, self.faces, strict=True)]
        return drawing.drawn(photo.pixels, [t.box for t in self.things], texts, [colour(t.number) for t in self.things])

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
        if not self.people:
            return [f"no face was found in {self.frames:,} frames"]
        some = self.longest()
        out = [f"face {p.number}: {p.seconds:.1f} s from {timeline.clock(p.first)}, {timeline.mostly(p.mean)}" for p in some[:TOLD]]
        if len(some) > TOLD:
            out.append(f"and {len(some) - TOLD:,} more that are seen for less")
        return [*out, f"{len(some):,} faces in all"] if len(some) > 1 else out

    def page(self, command: str) -> blocks.Page:
        """Who is there when, and how each looks, in time."""
        length = self.seconds + 1 / max(self.rate, 1e-3)
        shown = [p for p in self.longest() if p.trace is not None][:SHOWN]
        return timeline.page(self.name, shown, len(self.people), length, self.frames, self.cuts, self.smooth, self.gap, command)


def longest(person: Person) -> tuple[float, int]:
    """By what they are ordered."""
    return -round(person.seconds, 6), person.number


def words(face: Face) -> list[Any]:
    """A face as JSON holds it; its shares together 1."""
    points = None if face.points is None else [round(v, 2) for v in face.points.ravel().tolist()]
    return [round(face.score, 4), *(round(v, 2) for v in face.box), points, rounded(face.shares or ())]


def read(row: Sequence[Any]) -> Face:
    """The face of those words."""
    score, x, y, w, h, points, shares = row
    return Face((x, y, w, h), score, None if points is None else np.array(points, np.float64).reshape(-1, 2), tuple(shares))


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
