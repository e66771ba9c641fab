"""Options that mean the same everywhere, and the flags made of a method's Settings."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Annotated, Any

from cyclopts import Group, Parameter

from zorki.core.method import lone
from zorki.core.settings import Option
from zorki.core.spelling import flag
from zorki.jobs.methods import Method
from zorki.jobs.options import FILM, FRAMES, NET, OPEN, OUT, PRESET

COMMON = Group("Everywhere", sort_key=9)
TELL = (
    Option("json", bool, False, "one JSON value on stdout, at the end"),
    Option("events", str | None, None, "a file that gets JSON lines while it works"),
    Option("quiet", bool, False, "no progress"),
)


def parameter(o: Option, group: Group | None = None, signed: bool = False) -> inspect.Parameter:
    """One keyword of a command's signature. signed: whether its value may begin with a minus."""
    names = [flag(o.name)] + (["-o"] if o.name == "out" else [])
    extra: dict[str, Any] = {"group": group} if group else {}
    if (o.type is bool and group is not None) or o.default == ():
        extra["negative"] = ()
    if signed or o.name in ("out", "range"):
        extra["allow_leading_hyphen"] = True  # `-o -` is stdout, `--range -1024,3071` begins below 0
    if o.default in (None, ()):
        extra["show_default"] = False
    kind: Any = o.type
    annotation = Annotated[kind, Parameter(name=names, help=o.help, **extra)]
    return inspect.Parameter(o.name, inspect.Parameter.KEYWORD_ONLY, default=o.default, annotation=annotation)


def signature(m: Method) -> inspect.Signature:
    """A method's command: its pictures, its Settings, then what means the same everywhere."""
    parts = []
    for name, i in m.inputs.items():
        if i.placed:
            kind = inspect.Parameter.VAR_POSITIONAL if i.rest else inspect.Parameter.POSITIONAL_ONLY
            parts.append(inspect.Parameter(name, kind, annotation=Annotated[str, Parameter(help=i.help)]))
    if lone(m.inputs) is not None:
        more = Annotated[str, Parameter(help="several pictures, folders, zips, patterns: a result for each")]
        parts.append(inspect.Parameter("more", inspect.Parameter.VAR_POSITIONAL, annotation=more))
    from zorki.core.settings import options

    kinds: dict[bool, tuple[Any, Any]] = {True: (tuple[str, ...], ()), False: (str | None, None)}
    own = [Option(n, *kinds[i.many], i.help) for n, i in m.inputs.items() if not i.placed]
    signed = [n for n, i in m.inputs.items() if i.kind == "boxes"]
    if m.presets:
        own.append(replace(PRESET, help=PRESET.help.format(", ".join(m.presets))))
    parts += [parameter(o, signed=o.name in signed) for o in (*own, *options(m.settings))]
    out = (
        Option("out", str | None, None, "a picture with the answer: a file, a folder, or - for stdout; not given: none")
        if m.words
        else OUT[0]
    )
    common = (
        *network(m),
        out,
        *OUT[1:],
        *(FILM if m.climbs else ()),
        *(FRAMES if m.framed and not m.film else ()),
        *TELL,
        *(OPEN if m.inputs else ()),
    )
    parts += [parameter(o, COMMON) for o in common]
    return inspect.Signature(parts)


def network(m: Method) -> tuple[Option, ...]:
    """The options that say which network; none for a method that takes none."""
    if not m.nets:
        return ()
    model = replace(NET[0], default=m.nets[0])
    if len(m.nets) > 1:
        model = replace(model, type=str | None, default=None, help=f"{NET[0].help}; not given: {', else '.join(m.nets)}")
    return model, *NET[1:]
