"""What `help` and editors show of a method: made of its words, its pictures and its settings."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from zorki.core.method import Input
from zorki.core.settings import options


def signature(inputs: Mapping[str, Input], settings: type) -> inspect.Signature:
    """Pictures, then options by name with their defaults."""
    made = inspect.Parameter
    pictures = [made(n, made.POSITIONAL_OR_KEYWORD) for n, i in inputs.items() if i.placed and not i.rest]
    rest = [made(n, made.VAR_POSITIONAL) for n, i in inputs.items() if i.rest]
    more = [made(n, made.KEYWORD_ONLY, default=None) for n, i in inputs.items() if not i.placed]
    chosen = [made(o.name, made.KEYWORD_ONLY, default=o.default) for o in options(settings)]
    return inspect.Signature([*pictures, *rest, *more, *chosen])


def text(doc: str, inputs: Mapping[str, Input], settings: type, call: str) -> str:
    """The method's own words, its pictures and its options, a line each, and how it is called."""
    lines = [doc.rstrip(), "", "Pictures (files, arrays, tensors, Pillow images):"]
    lines += [f"    {n}: {i.help}" for n, i in inputs.items()] or ["    none"]
    lines += ["", "Options:", *(f"    {o.name} = {o.default!r}: {o.help}" for o in options(settings))]
    return "\n".join([*lines, "", inspect.cleandoc(call)])
