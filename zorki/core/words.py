"""Names and numbers as the words of a command line."""

from __future__ import annotations


def typed(name: str) -> str:
    """A file's name as a command line takes it: one that begins like an option gets its folder."""
    return f"./{name}" if name.startswith("-") else name


def short(x: float) -> str:
    """The shortest that is read as the same number."""
    return f"{x:g}" if float(f"{x:g}") == x else repr(x)
