"""Options that mean the same everywhere, and the flags made of a method's Settings."""

from __future__ import annotations

import inspect
from typing import Annotated, Any, Literal

from cyclopts import Group, Parameter

from zorki.core.method import lone
from zorki.core.settings import Option
from zorki.studio.shelves import Method

COMMON = Group("Everywhere", sort_key=9)
NET = (
    Option("model", str, "eye", "a name (zorki models), file.py:function or package.module:Class that gives an nn.Module, or a .pt2"),
    Option("weights", str | None, None, "a state dict for it: safetensors, or .pth read by weights_only"),
    Option("mean", tuple[float, ...], (), "what the net expects taken off each channel, once for each (0..1)"),
    Option("std", tuple[float, ...], (), "what the net expects each channel divided by"),
    Option("side", str | None, None, "the pictures that the net takes, as 224 or 24x40 (rows x columns); not given: found by trying"),
    Option("device", str, "auto", "auto, cpu, cuda, cuda:N or mps"),
    Option("dtype", Literal["auto", "float32", "bfloat16"], "auto", "what is drawn with; auto: bfloat16 where the processor has it"),
)
TELL = (
    Option("json", bool, False, "one JSON value on stdout, at the end"),
    Option("events", str | None, None, "a file that gets JSON lines while it works"),
    Option("quiet", bool, False, "no progress"),
)
OUT = (
    Option("out", str | None, None, "file, folder, or - for stdout; not given: in this folder, named after input and command"),
    Option("force", bool, False, "replace a file that exists"),
)
OPEN = (
    Option("limit", int | None, None, "most pixels that a picture may have (200 million)"),
    Option("range", str | None, None, "the stored numbers that are black and white, as 0,4095; auto: each picture's lowest and highest"),
)
FILM = (Option("film", str | None, None, "the climb as a film: .mp4, .gif or .webp"),)


def parameter(o: Option, group: Group | None = None) -> inspect.Parameter:
    """One keyword of a command's signature."""
    names = [f"--{o.name.rstrip('_').replace('_', '-')}"] + (["-o"] if o.name == "out" else [])
    extra: dict[str, Any] = {"group": group} if group else {}
    if (o.type is bool and group is not None) or o.default == ():
        extra["negative"] = ()
    if o.name in ("out", "range"):
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
    if m.presets:
        own.append(Option("preset", str | None, None, f"settings by name ({', '.join(m.presets)}); what is given beside it counts"))
    parts += [parameter(o) for o in (*own, *options(m.settings))]
    model = Option("model", str | None, None, f"{NET[0].help}; not given: {', else '.join(m.nets)}") if m.nets else NET[0]
    out = (
        Option("out", str | None, None, "a picture with the answer: a file, a folder, or - for stdout; not given: none")
        if m.words
        else OUT[0]
    )
    common = (model, *NET[1:], out, *OUT[1:], *(FILM if m.climbs else ()), *TELL, *(OPEN if m.inputs else ()))
    parts += [parameter(o, COMMON) for o in common]
    return inspect.Signature(parts)
