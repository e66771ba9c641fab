"""Settings are the options: one frozen dataclass, read here for the command line, Python, docs and what a picture remembers."""

from __future__ import annotations

import ast
import inspect
import math
import numbers
import os
import textwrap
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from functools import cache
from threading import Lock
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from zorki.core import shelf
from zorki.core.errors import InputError, UnknownName
from zorki.core.folders import at_home
from zorki.core.spelling import flag

S = TypeVar("S")
_READING = Lock()


@dataclass(frozen=True)
class Least:
    """In a field's annotation, `Annotated[int, Least(1)]`: the smallest value (and the largest) that makes sense."""

    value: float
    most: float = math.inf

    def __str__(self) -> str:
        return f"at least {self.value:g}" if self.most == math.inf else f"from {self.value:g} to {self.most:g}"


@dataclass(frozen=True)
class Among:
    """In a field's annotation, `Annotated[str, Among("zorki.painting.losses")]`: one of the files on that shelf; `options` lists them."""

    package: str


@dataclass(frozen=True)
class Option:
    """One field: its name, type, default and the line of help that stands under it. file: names one that is written to, or says how that is written, which is
    no part of how a picture is made, and which nothing but a person may say: field(default=None, metadata={"file": True}).
    resumes: such a file from which broken work goes on: metadata={"file": True, "resumes": True}.
    instead: the option that it takes the place of, so that a person gives one of them: metadata={"instead": "steps"}.
    shows: where it is given a picture is asked for, also of what else answers in words alone: metadata={"shows": True}.
    pictured: it changes nothing but the picture or page of an answer, so one must be asked for: metadata={"pictured": True}."""

    name: str
    type: Any
    default: Any
    help: str
    file: bool = False
    resumes: bool = False
    instead: str = ""
    shows: bool = False
    pictured: bool = False


def options(settings: type[Any]) -> tuple[Option, ...]:
    """The fields of a Settings dataclass, its own first, then those that it has from other classes, the nearest first; help is the string literal under each field. Read once."""
    return read_options(settings)  # type: ignore[arg-type]  # a class is hashable


@cache
def read_options(settings: type[Any]) -> tuple[Option, ...]:
    """What `options` gives."""
    hints = get_type_hints(settings, include_extras=True)
    helps = {name: text for kind in reversed(settings.__mro__[:-1]) for name, text in literals(kind).items()}
    plain = {"file": False, "resumes": False, "instead": "", "shows": False, "pictured": False}
    marks: dict[str, Any] = {f.name: {mark: f.metadata.get(mark, none) for mark, none in plain.items()} for f in fields(settings)}
    return tuple(
        Option(f.name, listed(hints[f.name]), None if f.default is MISSING else f.default, helps.get(f.name, ""), **marks[f.name])
        for f in sorted(fields(settings), key=lambda f: declared(settings, f.name))
    )


def declared(settings: type[Any], name: str) -> tuple[int, int]:
    """How many classes stand before the one that says a field of that name at last, and how many fields before it there."""
    said = ([*vars(kind).get("__annotations__", ())] for kind in settings.__mro__)
    return next((n, names.index(name)) for n, names in enumerate(said) if name in names)


def listed(kind: Any) -> Any:
    """A type in which a shelf stands for itself as the choices that lie on it."""
    from types import UnionType
    from typing import Union

    if get_origin(kind) is Annotated and isinstance(get_args(kind)[1], Among):
        return Literal[shelf.names(get_args(kind)[1].package)]
    if get_origin(kind) in (Union, UnionType):
        return Union[tuple(listed(one) for one in get_args(kind))]  # noqa: UP007  # of as many as there are
    return kind


@cache
def literals(settings: type[Any]) -> dict[str, str]:
    """The string literal under each field, by the field's name; none where only compiled files are installed."""
    with _READING:  # Python 3.11 cannot parse in two threads at a time
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(settings)))
        except OSError:
            return {}
    helps, last = {}, ""
    for node in tree.body[0].body:  # type: ignore[attr-defined]
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            last = node.target.id
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str) and last:
            helps[last] = " ".join(node.value.value.split())
    return helps


def fill(settings: type[S], presets: Mapping[str, S], preset: str | None, given: Mapping[str, Any]) -> S:
    """The preset's values (or the defaults), with what was given by name laid over them.

    Raises UnknownName for a preset or an option that is not there, InputError for a value of the wrong kind and for two options of which one
    stands instead of the other.
    """
    if preset is not None and preset not in presets:
        raise UnknownName.among("preset", preset, presets)
    start = settings() if preset is None else presets[preset]
    known = {o.name: o for o in options(settings)}
    given = dict(given)
    for name, value in given.items():
        if name not in known:
            raise UnknownName.among("option", name, known)
        value = given[name] = os.fspath(value) if isinstance(value, os.PathLike) else value
        if known[name].file and isinstance(value, str):
            if not value:  # as a path it would be the current folder
                raise InputError(f"The option {flag(name)} got no name.", f"It takes {known[name].help}.", "Name one, or leave it out.")
            value = given[name] = str(at_home(value))
        sequence = hasattr(value, "__iter__") and not isinstance(value, str)
        if (known[name].type is str and (sequence or whole(value))) or (known[name].type == (str | None) and sequence):
            parts = value if sequence else [value]
            value = given[name] = ",".join(str(plain(v)) for v in parts)  # (2, 1) for "2,1", range(16) for "0,1,2 …"
        value = given[name] = plain(value)
        within(known[name], value)
        other = known[name].instead
        if value is not None and given.get(other) is not None:
            raise InputError(
                f"--{name} and --{other} are both given.", f"--{name} stands instead of --{other}.", f"Leave --{name} or --{other} out."
            )
    return replace(start, **given)  # type: ignore[type-var]


def within(option: Option, value: Any) -> Any:
    """The value itself. Raises InputError for one that the option does not take."""
    if not fits(value, option.type):
        takes = readable(option.type)
        what = f": {option.help}" if option.help else ""
        raise InputError(
            f"The option {flag(option.name)} got {value!r}.", f"It takes {takes}{what}.", "Give such a value, or leave it out."
        )
    return value


def whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def plain(value: Any) -> Any:
    """numpy's numbers as Python's, a list as a tuple."""
    if whole(value):
        return int(value)
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        return float(value)
    return tuple(map(plain, value)) if isinstance(value, list | tuple) else value


def fits(value: Any, kind: Any) -> bool:
    """Whether a value may stand for a field of this type. An int may stand for a float; a list for a tuple is the caller's."""
    from types import UnionType
    from typing import Union

    origin = get_origin(kind)
    if origin is Annotated:
        least = get_args(kind)[1]
        return fits(value, get_args(kind)[0]) and least.value <= value <= least.most
    if origin in (Union, UnionType):
        return any(fits(value, k) for k in get_args(kind))
    if origin is Literal:
        return value in get_args(kind)
    if origin is tuple:
        inner = get_args(kind)
        return isinstance(value, tuple) and all(fits(v, inner[0]) for v in value)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return kind is Any or (value is None and kind is type(None)) or (isinstance(kind, type) and isinstance(value, kind))


def readable(kind: Any) -> str:
    """A type as a person says it."""
    from types import UnionType
    from typing import Union

    origin = get_origin(kind)
    if origin is Annotated:
        return f"{readable(get_args(kind)[0])}, {get_args(kind)[1]}"
    if origin in (Union, UnionType):
        return " or ".join(readable(k) for k in get_args(kind) if k is not type(None))
    if origin is Literal:
        return " or ".join(str(v) for v in get_args(kind))
    if origin is tuple:
        return f"one or more of {readable(get_args(kind)[0])}"
    return {int: "a whole number", float: "a number", str: "a name", bool: "yes or no"}.get(kind, str(kind))


def changed(value: Any, files: bool = True) -> dict[str, Any]:
    """What differs from the defaults, by name; with or without files that are written to."""
    asked = [o for o in options(type(value)) if files or not o.file]
    return {o.name: getattr(value, o.name) for o in asked if getattr(value, o.name) != o.default}
