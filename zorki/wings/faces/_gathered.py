"""The faces of many pictures, cut out aligned and named: what is looked into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F

from zorki import io, lens, weights
from zorki.core import events
from zorki.core.errors import InputError, Stopped
from zorki.core.seeds import seed_for
from zorki.facing import aligning, reading
from zorki.facing.faces import EMOTIONS
from zorki.locating import looking

if TYPE_CHECKING:
    from collections.abc import Callable

    from zorki.wings.faces.explain import Settings

SHOWN = 96  # pixels of a face's side, as it is shown
SMALL = 24  # pixels: of what is smaller no part can be looked into
CUT, NEARLY = 200, 0.1  # pictures whose sides are no longer, and as good as equal, are taken for faces that are cut out already
FEW = 24  # pictures that are looked at to find that out


@dataclass(frozen=True, eq=False)
class Seen:
    """A face. picture: its name; x: (3, side, side) as the network is shown it; shown: (SHOWN, SHOWN, 3) uint8; shares: (8,) of EMOTIONS; label: what somebody calls it, ""
    where nobody does."""

    picture: str
    x: torch.Tensor
    shown: np.ndarray
    shares: np.ndarray
    label: str = ""

    @property
    def emotion(self) -> str:
        """What the network calls it."""
        return EMOTIONS[int(self.shares.argmax())]

    @property
    def share(self) -> float:
        return float(self.shares.max())


@dataclass(frozen=True, eq=False)
class Gathered:
    """each: the faces; looked: in how many pictures they were looked for; empty: in how many of these there was none; small: faces left out because they are smaller than
    SMALL; cut: the pictures were taken for faces that are cut out already."""

    each: tuple[Seen, ...]
    looked: int
    empty: int
    small: int
    cut: bool


@dataclass
class Count:
    looked: int = 0
    empty: int = 0
    small: int = 0
    read: list[tuple[str, str]] = field(default_factory=list)


def gathered(net: lens.Net, finder: Callable[[], lens.Net], photos: io.PhotoSet, s: Settings) -> Gathered:
    """All faces of as many pictures as are wanted, drawn by the seed. net: names expressions; finder: gives the network that finds faces, asked for only where it is needed.

    Raises InputError where there is no face, or no picture that can be read.
    """
    places = reading.places(net)
    card = weights.card_of(net)
    side = net.side if card is None else card.side
    labels = io.called(photos, EMOTIONS)
    if some := sum(map(bool, labels)):
        events.note(f"What {some:,} of {len(labels):,} pictures are called is known from their folders or a labels.csv.")
    numbers = np.sort(np.random.default_rng(seed_for(s.seed, "faces explain")).permutation(len(photos))[: s.pictures]).tolist()
    if len(numbers) < len(photos):
        events.note(f"{len(numbers):,} of {len(photos):,} pictures are looked into, drawn by the seed: --pictures takes more.")
    cut = are_cut(photos, numbers) if s.cut is None else s.cut
    count = Count()
    source = cut_out(net, photos, numbers, side, count) if cut else found(net, finder(), photos, numbers, side, count)
    each, waiting = list[Seen](), list[tuple[int, torch.Tensor, np.ndarray]]()

    def name() -> None:
        with net.quiet(), torch.no_grad():
            shares = net.run(torch.stack([x for _, x, _ in waiting]).to(net.device)).double().softmax(1)[:, places].cpu().numpy()
        each.extend(Seen(photos.entries[i].name, x, shown, row, labels[i]) for (i, x, shown), row in zip(waiting, shares, strict=True))
        waiting.clear()

    for one in source:
        waiting.append(one)
        if len(waiting) == reading.BATCH:
            name()
    if waiting:
        name()
    if not each:
        raise none(photos, count)
    return Gathered(tuple(each), count.looked, count.empty, count.small, cut)


def none(photos: io.PhotoSet, count: Count) -> InputError:
    """What is said where there is no face to look into."""
    if not count.looked:
        first = next(iter(photos.failed.values()), "")
        return InputError(
            f"Of {len(photos):,} picture{'s' * (len(photos) > 1)} none can be read.", f"The first: {first}", "Give pictures of faces."
        )
    if count.small:
        got = f"All {count.small:,} faces are smaller than {SMALL} pixels."
        return InputError(got, "Where the network looks in so small a face cannot be told.", "Give larger pictures.")
    return InputError(
        f"There is no face in {count.looked:,} picture{'s' * (count.looked > 1)}.", "Where the network looks is measured on faces.",
        "Give pictures of faces; of faces that are cut out already, add --cut.",
    )  # fmt: skip


def are_cut(photos: io.PhotoSet, numbers: Sequence[int]) -> bool:
    """Whether the pictures are faces that are cut out already: small and square, as sets of faces are; this is said."""
    shapes = [one for _, one in photos.read(lambda photo: photo.hw, numbers[:FEW]) if not isinstance(one, InputError)]
    cut = bool(shapes) and all(max(hw) <= CUT and max(hw) - min(hw) <= NEARLY * max(hw) for hw in shapes)
    if cut:
        events.note(
            "The pictures are small and square, so they are taken for faces that are cut out already. --no-cut looks for faces in them."
        )
    return cut


def cut_out(
    net: lens.Net, photos: io.PhotoSet, numbers: Sequence[int], side: int, count: Count
) -> Iterator[tuple[int, torch.Tensor, np.ndarray]]:
    """Pictures that are faces: the largest square in the middle of each."""

    def change(photo: io.Photo) -> tuple[torch.Tensor, np.ndarray] | None:
        picture = seen(net, photo)
        h, w = picture.shape[-2:]
        least = min(h, w)
        top, left = (h - least) // 2, (w - least) // 2
        whole = picture[None, :, top : top + least, left : left + least]
        return (resized(whole, side)[0], levels(resized(whole, SHOWN)[0])) if least >= SMALL else None

    for k, (i, one) in enumerate(photos.read(change, numbers), 1):
        events.tell("faces", k, len(numbers))
        if isinstance(one, InputError):
            photos.failed[i] = one.got
            continue
        count.looked += 1
        if one is None:
            count.small += 1
        else:
            yield i, *one


def found(
    net: lens.Net, finder: lens.Net, photos: io.PhotoSet, numbers: Sequence[int], side: int, count: Count
) -> Iterator[tuple[int, torch.Tensor, np.ndarray]]:
    """The faces that the finder finds, aligned by eyes and mouth."""
    for k, (i, photo) in enumerate(photos.read(lambda photo: photo, numbers), 1):
        events.tell("looking for faces", k, len(numbers))
        if isinstance(photo, InputError):
            photos.failed[i] = photo.got
            continue
        count.looked += 1
        try:
            faces = reading.found(finder, photo)
        except (InputError, Stopped) as error:
            raise error.of_option("faces") from error
        count.empty += not faces
        picture = seen(net, photo)
        for face in faces:
            where = aligning.square(face)
            if where.side < SMALL:
                count.small += 1
            else:
                yield i, aligning.cut(picture, where, side), levels(aligning.cut(picture, where, SHOWN))


def seen(net: lens.Net, photo: io.Photo) -> torch.Tensor:
    """(3, h, w), as `reading.named` shows it."""
    shown = looking.shown(net, photo)
    assert isinstance(shown, torch.Tensor)
    return shown


def resized(x: torch.Tensor, side: int) -> torch.Tensor:
    return F.interpolate(x, (side, side), mode="bilinear", antialias=True, align_corners=False) if x.shape[-1] != side else x


def levels(x: torch.Tensor) -> np.ndarray:
    from zorki.pixels import display

    return display.levels(x)
