"""What a person asks for, whatever surface it came from; nothing is opened yet."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zorki.core import settings
from zorki.core.errors import InputError
from zorki.core.folders import at_home
from zorki.core.method import by_place, lone
from zorki.core.numbers import sides
from zorki.core.spelling import Spelling, in_python, own
from zorki.io.video import is_film
from zorki.jobs import filing, options
from zorki.jobs.methods import Method

NETWORK, OPENING = tuple(o.name for o in options.NET), tuple(o.name for o in options.OPEN)
WHERE = tuple(o.name for o in (*options.OUT, *options.FILM))  # each is a field of the request


@dataclass(frozen=True)
class Request:
    """A method, what it is given, its settings, and where results go.

    pictures: what is given, by the method's names. moving: the input for which a film is given: each of its frames is one. several: the input that was given as many pictures where one is wanted: a result for each.
    network: as `load` takes it; opening: limit and range. out: a file, a folder, - for the caller's own hands; None: named after input and
    command. film: a file for the climb. preview: a file that always shows the picture as it is by now. spelling: of options in sentences. told: whether a program reads the answer.
    """

    method: Method
    pictures: Mapping[str, Any]
    settings: Any
    several: str | None = None
    moving: str | None = None
    steady: float = 0
    network: Mapping[str, Any] = field(default_factory=dict)
    opening: Mapping[str, Any] = field(default_factory=dict)
    out: str | None = None
    force: bool = False
    film: str | None = None
    preview: Path | None = None
    spelling: Spelling = in_python
    told: bool = False

    @classmethod
    def of(cls, method: Method, placed: Sequence[Any], given: Mapping[str, Any], **more: Any) -> Request:
        """placed: inputs without a name; given: inputs, options of the method's and those of `options.py` by name; more: preview, spelling, told.

        Raises UnknownName, InputError for options that are not there or do not fit, before anything is opened.
        """
        rest = dict(given)
        one = lone(method.inputs)
        named = {one: list(placed)} if one is not None and len(placed) > 1 else by_place(method.inputs, placed)
        named |= {n: rest.pop(n) for n in method.inputs if n in rest}
        own = {o.name for o in settings.options(method.settings)}  # a training's --side is not that of a network that it takes
        network = {n: rest.pop(n) for n in NETWORK if n in rest and n not in own}
        opening = {n: rest.pop(n) for n in OPENING if n in rest}
        where = {n: target(n, to) for n in WHERE if (to := rest.pop(n, None)) is not None}
        moving = film_of(method, named)
        steady = (
            {"steady": settings.within(options.FRAMES[0], rest.pop("steady"))}
            if "steady" in rest and method.framed and not method.film
            else {}
        )
        preset = rest.pop("preset", None)
        chosen = method.fill(preset, rest)
        if moving is None:
            chosen = filing.settled(method, chosen, where.get("out"))
        if isinstance(network.get("side"), str):
            network["side"] = sides(network["side"])
        if method.refuse is not None:
            method.refuse(chosen, {name: one for name, one in {**named, **network, **where}.items() if one is not None}, moving is not None)
        return cls(method, named, chosen, several_of(method, named), moving, network=network, opening=opening, **steady, **where, **more)

    @property
    def worded(self) -> bool:
        """Whether the answer is all that is wanted, since nobody asks for a picture of it: where it says itself so, and where it lists and a program reads."""
        if self.out is not None or self.moving is not None:
            return False
        asked = any(o.shows and o.name in settings.changed(self.settings) for o in settings.options(self.method.settings))
        return self.method.words or (self.told and bool(self.method.lists) and not asked)

    @property
    def files(self) -> dict[str, str]:
        """The options of the method's that name files to write to, with those files."""
        named = {o.name: getattr(self.settings, o.name) for o in settings.options(self.method.settings) if o.file}
        return {name: file for name, file in named.items() if isinstance(file, str)}

    @property
    def resumes(self) -> list[str]:
        """Those of them from which broken work goes on."""
        return [o.name for o in settings.options(self.method.settings) if o.resumes and o.name in self.files]

    @property
    def goes_on(self) -> bool:
        """Whether there is something to go on from: what the broken run left may then be replaced."""
        return any(Path(self.files[name]).is_file() for name in self.resumes)


def target(name: str, given: Any) -> Any:
    """Where a person wants something written, as a path's text; whether by force. Raises InputError for what is no path."""
    if name == "force":
        return bool(given)
    if not isinstance(given, str | os.PathLike):
        raise InputError(f"--{name} is a {type(given).__name__}.", "It is a path.", "Give a text or a pathlib.Path.")
    text = os.fspath(given)
    return text if text == "-" else str(at_home(text)) + "/" * (text.endswith("/") and text != "/")


def film_of(method: Method, named: Mapping[str, Any]) -> str | None:
    """The input of one picture for which a film is given. Raises InputError where the method has no use for its frames."""
    films = [name for name, its in method.inputs.items() if its.plain and is_film(named.get(name))]
    for name in films:
        if name != method.framed:
            raise InputError(
                f"{own(os.path.basename(named[name]))} is a film, {method.spoken} takes a picture for {name}.",
                "A film is taken for the first picture alone." if method.framed else "What it makes of frames would be no film.",
                "Take one picture out of it first.",
            )
    return films[0] if films else None


def several_of(method: Method, named: Mapping[str, Any]) -> str | None:
    """The input that was given as many pictures where one is wanted, if its place is the first; None where all is as it says."""
    first = next((name for name, i in method.inputs.items() if i.placed and i.plain), None)
    given = named.get(first) if first is not None else None
    if not isinstance(given, str):
        return first if isinstance(given, list | tuple) else None
    zipped = given.lower().endswith(".zip") and os.path.isfile(given)
    return first if os.path.isdir(given) or zipped or (glob.has_magic(given) and not os.path.exists(given)) else None
