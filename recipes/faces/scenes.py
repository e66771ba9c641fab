"""What is learnt from: parts of photographs, faces pasted into them, and squares of several; each scene hangs on its generator alone.

A face is drawn as large as it is to be, from a dozen pixels to the whole square, and the picture is enlarged or shrunk until it is. Of what the teacher doubts
nothing is learnt.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image

from recipes.faces.teacher import POINTS, Faces

SURE = 0.7  # from which on the teacher's faces are learnt
SMALL, LARGEST = 10.0, 0.9  # pixels of a face, and share of the square's side: as what it may be shown
ENLARGED = 3.0  # times: how much larger than it is stored a picture is shown at most
SEEN = 0.5  # of a face's box, what must lie in the square
MIRRORED = (1, 0, 2, 4, 3)  # eyes and corners of the mouth change sides


@dataclass(frozen=True)
class Shot:
    """A stored picture with its faces. read: its file. lures: (n, 4) what was taken for a face there and is none: the picture is shown for their sake."""

    read: Callable[[], Image.Image]
    faces: Faces
    lures: np.ndarray | None = None


class Scene(NamedTuple):
    """picture (h, w, 3) uint8. boxes (n, 4), points (n, 5, 2): in its pixels; ignored (k, 4): where nothing is learnt."""

    picture: np.ndarray
    boxes: np.ndarray
    points: np.ndarray
    ignored: np.ndarray


class Turn(NamedTuple):
    """From a stored picture to a square: enlarged by `zoom`, turned by `angle` (radians) about its middle, which shows the stored `centre`; mirrored then."""

    zoom: float
    centre: tuple[float, float]
    angle: float
    mirrored: bool
    side: int

    @property
    def matrix(self) -> np.ndarray:
        """(2, 2): directions in the stored picture as directions in the square."""
        c, s = math.cos(self.angle) * self.zoom, math.sin(self.angle) * self.zoom
        flip = -1 if self.mirrored else 1
        return np.array([[flip * c, flip * -s], [s, c]])

    def there(self, at: np.ndarray) -> np.ndarray:
        """(…, 2) places in the stored picture → in the square."""
        return (at - np.array(self.centre)) @ self.matrix.T + self.side / 2

    def shown(self, picture: Image.Image, fill: tuple[int, int, int]) -> Image.Image:
        """The square, antialiased where it is smaller than what is stored."""
        shrunk = max(1, int(1 / self.zoom))
        base = picture.reduce(shrunk) if shrunk > 1 else picture
        inverse = np.linalg.inv(self.matrix)
        origin = np.array(self.centre) - inverse @ np.full(2, self.side / 2)
        rows = np.concatenate([inverse, origin[:, None]], 1) / shrunk
        return base.transform(
            (self.side, self.side), Image.Transform.AFFINE, tuple(rows.ravel()), Image.Resampling.BILINEAR, fillcolor=fill
        )  # fmt: skip

    def faces(self, some: Faces) -> tuple[np.ndarray, np.ndarray]:
        """Boxes and points in the square. A face is taken for an ellipse, so its box is that of the turned one."""
        middles = self.there(some.boxes[:, :2] + some.boxes[:, 2:] / 2)
        c, s = math.cos(self.angle), math.sin(self.angle)
        w, h = some.boxes[:, 2] * self.zoom, some.boxes[:, 3] * self.zoom
        size = np.stack([np.hypot(w * c, h * s), np.hypot(w * s, h * c)], 1)
        points = self.there(some.points)
        return np.concatenate([middles - size / 2, size], 1), points[:, MIRRORED] if self.mirrored else points


def sizes(boxes: np.ndarray) -> np.ndarray:
    """(n,): the side of a square as large as each box."""
    return np.sqrt(boxes[:, 2:].prod(1))


def visible(boxes: np.ndarray, side: int) -> np.ndarray:
    """(n,): the share of each box that lies in the square."""
    low, high = boxes[:, :2].clip(0, side), (boxes[:, :2] + boxes[:, 2:]).clip(0, side)
    return (high - low).prod(1) / np.maximum(boxes[:, 2:].prod(1), 1e-9)


def turned(shot: Shot, picture: Image.Image, side: int, chance: np.random.Generator) -> Turn:
    """About a face of the picture, or a lure, which becomes as large as is drawn; about any place where there is none."""
    sought = shot.faces.boxes[shot.faces.scores >= SURE] if shot.lures is None else shot.lures
    fits = side / max(picture.size)  # the whole picture just so
    if len(sought):
        box = sought[chance.integers(len(sought))]
        size = math.sqrt(box[2] * box[3])
        wanted = math.exp(chance.uniform(math.log(SMALL), math.log(LARGEST * side)))
        zoom = float(np.clip(wanted / size, min(0.8 * fits, 1), max(ENLARGED, fits)))
        room = max(0.0, side / zoom - 1.2 * max(box[2], box[3]))  # how far it may lie from the middle, stored pixels
        centre = box[:2] + box[2:] / 2 + chance.uniform(-0.5, 0.5, 2) * room
    else:
        zoom = math.exp(chance.uniform(math.log(min(0.8 * fits, 1)), math.log(max(1.5, 1.5 * fits))))
        centre = chance.uniform(0, 1, 2) * picture.size
    half = side / zoom / 2
    for axis in range(2):  # where the picture is larger than the square nothing beyond it is shown
        if picture.size[axis] > 2 * half:
            centre[axis] = np.clip(centre[axis], half, picture.size[axis] - half)
        else:
            centre[axis] = picture.size[axis] / 2 + chance.uniform(-1, 1) * (half - picture.size[axis] / 2)
    kind = chance.random()
    angle = chance.normal(0, 12) if kind < 0.3 else chance.uniform(-40, 40) if kind < 0.4 else 0.0
    return Turn(zoom, (float(centre[0]), float(centre[1])), math.radians(angle), bool(chance.random() < 0.5), side)


def part(shot: Shot, side: int, chance: np.random.Generator) -> Scene:
    """A square of one picture."""
    picture = shot.read().convert("RGB")
    turn = turned(shot, picture, side, chance)
    fill = tuple(int(v) for v in chance.integers(0, 256, 3)) if chance.random() < 0.5 else (int(chance.integers(0, 256)),) * 3
    boxes, points = turn.faces(shot.faces)
    seen = visible(boxes, side)
    learnt = (shot.faces.scores >= SURE) & (sizes(boxes) >= 0.8 * SMALL) & (seen >= SEEN)
    return Scene(
        np.array(turn.shown(picture, fill)),  # type: ignore[arg-type]
        boxes[learnt],
        points[learnt],
        boxes[~learnt & (seen > 0)],
    )


def pasted(scene: Scene, faces: Sequence[Shot], chance: np.random.Generator) -> Scene:
    """The scene with faces that were cut out of photographs, grey or in a colour of skin, laid where there is room."""
    side = scene.picture.shape[0]
    out, boxes, points = scene.picture.astype(np.float32), list(scene.boxes), list(scene.points)
    grey = chance.random() < 0.4
    if grey:
        out = np.repeat(out.mean(2, keepdims=True), 3, 2)
    for face in faces:
        stored = face.read().convert("RGB")
        size = float(sizes(face.faces.boxes)[0])
        wanted = math.exp(chance.uniform(math.log(SMALL), math.log(min(1.5 * size, 0.7 * side))))
        zoom, angle = wanted / size, math.radians(float(np.clip(chance.normal(0, 12), -40, 40)))
        small = math.ceil(1.5 * zoom * max(stored.size))
        turn = Turn(zoom, (stored.width / 2, stored.height / 2), angle, bool(chance.random() < 0.5), small)
        box, point = turn.faces(face.faces)
        if small >= side:
            continue
        corner = chance.integers(0, side - small, 2)
        placed = box[0] + np.array([*corner, 0, 0])
        if any(near(placed, other) for other in (*boxes, *scene.ignored)):
            continue
        light = np.asarray(turn.shown(stored, (0, 0, 0)), np.float32)
        tint = np.ones(3) if grey or chance.random() < 0.2 else np.array([1.12, 0.95, 0.82]) + chance.uniform(-0.12, 0.12, 3)
        mask = soft(turn, stored.size, face.faces.boxes[0], chance)[..., None]
        rows, columns = slice(corner[1], corner[1] + small), slice(corner[0], corner[0] + small)
        out[rows, columns] = out[rows, columns] * (1 - mask) + (light * tint * chance.uniform(0.6, 1.2)).clip(0, 255) * mask
        boxes.append(placed)
        points.append(point[0] + corner)
    return Scene(out.round().astype(np.uint8), np.array(boxes).reshape(-1, 4), np.array(points).reshape(-1, POINTS, 2), scene.ignored)


def soft(turn: Turn, size: tuple[int, int], box: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """(side, side) in 0..1: how much of a pasted face is shown: the stored picture with a faded rim, or the ellipse of the head."""
    y, x = np.mgrid[: size[1], : size[0]].astype(np.float32)
    fade = float(chance.uniform(0.03, 0.2)) * max(size)
    if chance.random() < 0.4:
        inside = np.minimum.reduce([x + 0.5, y + 0.5, size[0] - x - 0.5, size[1] - y - 0.5]) / fade
    else:
        wide, high = box[2] * chance.uniform(0.55, 0.75), box[3] * chance.uniform(0.55, 0.7)
        far = np.hypot((x - box[0] - box[2] / 2) / wide, (y - box[1] - box[3] / 2) / high)
        inside = np.minimum(
            (1 - far) * min(wide, high) / fade, np.minimum.reduce([x + 0.5, y + 0.5, size[0] - x - 0.5, size[1] - y - 0.5]) / 2
        )
    mask = Image.fromarray((inside.clip(0, 1) * 255).astype(np.uint8)).convert("RGB")
    return np.asarray(turn.shown(mask, (0, 0, 0)), np.float32)[..., 0] / 255


def near(one: np.ndarray, two: np.ndarray) -> bool:
    """Whether two boxes touch."""
    return bool(((one[:2] < two[:2] + two[2:]) & (two[:2] < one[:2] + one[2:])).all())


def covered(scene: Scene, chance: np.random.Generator, share: float = 0.12) -> Scene:
    """With some faces hidden in part, as by a mask, dark glasses, a hand or somebody's shoulder."""
    out = scene.picture.copy()
    for box in scene.boxes[chance.random(len(scene.boxes)) < share]:
        what = chance.integers(3)
        left, top, width, height = box
        if what == 0:  # the mouth
            spot = (left + 0.1 * width, top + chance.uniform(0.55, 0.7) * height, 0.8 * width, 0.45 * height)
        elif what == 1:  # the eyes
            spot = (left, top + 0.28 * height, width, 0.2 * height)
        else:  # a side
            share_ = chance.uniform(0.2, 0.45)
            spot = (
                left + (0 if chance.random() < 0.5 else 1 - share_) * width,
                top + chance.uniform(0, 0.3) * height,
                share_ * width,
                height,
            )
        x, y, w, h = (round(v) for v in spot)
        x, y, right, low = max(0, x), max(0, y), x + w, y + h
        if right > x and low > y:
            out[y:low, x:right] = chance.integers(0, 256, 3) if what != 1 else chance.integers(0, 60)
    return scene._replace(picture=out)


def squares(some: Sequence[Scene], across: int) -> Scene:
    """One of across × across scenes of one side."""
    side = some[0].picture.shape[0]
    rows = [np.concatenate([one.picture for one in some[k * across : (k + 1) * across]], 1) for k in range(across)]
    shift = [np.array([i % across, i // across]) * side for i in range(len(some))]
    boxes = [one.boxes + np.array([*s, 0, 0]) for one, s in zip(some, shift, strict=True)]
    ignored = [one.ignored + np.array([*s, 0, 0]) for one, s in zip(some, shift, strict=True)]
    points = [one.points + s for one, s in zip(some, shift, strict=True)]
    return Scene(np.concatenate(rows), np.concatenate(boxes), np.concatenate(points), np.concatenate(ignored))
