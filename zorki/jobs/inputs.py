"""What a method takes, opened: one opener for each kind of `core/method.py`, and what a record says of what was opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from zorki import formats, io, lens
from zorki.core.errors import InputError, WeightsError
from zorki.core.method import Input, Kind
from zorki.jobs.models import load
from zorki.lens.fingerprints import fingerprint

How = Mapping[str, Any]  # limit and range, as `io.open_photo` takes them


def picture(given: Any, its: Input, how: How) -> io.Photo | io.Large:
    return io.Large(given) if its.large and io.is_large(given) else io.open_photo(given, **how)


def pictures(given: Any, its: Input, how: How) -> io.PhotoSet:
    return given if isinstance(given, io.PhotoSet) else io.PhotoSet(given, twice=its.twice, **how)


def word(given: Any, _its: Input, _how: How) -> str:
    if not isinstance(given, str):
        raise InputError(f"A {type(given).__name__} is given.", "A word is wanted here.", "Write it as a text.")
    return given


OPENERS: Mapping[Kind, Callable[[Any, Input, How], Any]] = {
    "picture": picture,
    "photo": picture,
    "mask": picture,
    "vector": lambda given, _its, _how: io.open_vector(given),
    "pictures": pictures,
    "film": lambda given, _its, _how: io.open_video(given),
    "labelled": lambda given, _its, _how: formats.labelled(given),
    "annotated": lambda given, _its, _how: formats.Place(given),
    "network": lambda given, _its, _how: load(given),
    "run": lambda given, _its, _how: io.open_run(given),
    "boxes": lambda given, _its, _how: formats.open_rectangles(given),
    "word": word,
}


def opened(given: Any, its: Input, how: How, name: str = "") -> Any:
    """What was given, opened as its kind says. name: the input's, for what is said of a network. Raises what the openers of `io` raise."""
    try:
        return OPENERS[its.kind](given, its, how)
    except (InputError, WeightsError) as error:
        if its.kind != "network" or not name:
            raise
        raise error.of_option(name) from error


def handed(found: Any, its: Input) -> Any:
    """What `run` gets of it: of a picture or mask a tensor, of all else what was opened."""
    if its.kind == "picture":
        return tensor(found)
    return tensor(found.on_black()) if its.kind == "mask" else found


def tensor(photo: io.Photo) -> Any:
    """(1, 3, h, w) float32 in 0..1."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(photo.seen.transpose(2, 0, 1))[None])


def named(found: Any) -> str | list[str]:
    """What a record calls it: of files without their folders; of photographs a list where several were given; a word as it is."""
    if isinstance(found, str):
        return found
    return found.names if isinstance(found, io.PhotoSet) else Path(found.name).name


def mark(found: Any, its: Input) -> str | None:
    """By what a record knows its content; of many photographs by their names and times, unless each counts by its place; of a network by its numbers; None of what
    has none."""
    if isinstance(found, io.PhotoSet):
        return found.content if its.twice else found.signature
    if isinstance(found, io.Photo | io.Vector):
        return io.marked(found)
    if isinstance(found, lens.Net):
        return fingerprint(found)
    return None if isinstance(found, str) else str(found.mark)


def missing_input(name: str, its: Input, command: str, inputs: Mapping[str, Input]) -> InputError:
    """What is said where something is not given that is needed. command: as "see dream"."""
    places = " ".join(n.upper() for n, one in inputs.items() if one.placed)
    do = f"Write `zorki {command} {places}`." if its.placed else f"Give them with --{name.rstrip('_')}."
    name = name.rstrip("_")
    return InputError(f"{command.split()[-1]} needs {'a picture: ' if its.plain else ''}{name}.", its.help.capitalize() + ".", do)
