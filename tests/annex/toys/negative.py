"""Turn the colours of a film round.

Source: nobody; it proves that a film may go in and come out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zorki import io
from zorki.core import events
from zorki.core.method import Frame, Input

INPUTS = {"film": Input("a film", kind="film")}
NETS: tuple[str, ...] = ()
GIVES = "written"
ENDING = ".mp4"


@dataclass(frozen=True)
class Settings:
    strength: float = 1.0
    "1 turns round, 0 leaves all as it is"


PRESETS: dict[str, Settings] = {}


def run(film: io.Video, s: Settings = Settings()) -> Iterator[Frame]:
    """Frame by frame."""
    for i, (_, picture) in enumerate(film, 1):
        yield Frame(picture * (1 - s.strength) + (1 - picture) * s.strength)
        events.tell("negative", i, film.frames)
