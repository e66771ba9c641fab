"""A wing's commands, one for each file on its shelf."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from importlib import resources
from typing import Any

from cyclopts import App

from zorki.jobs.methods import Method, alone, method, methods


def build(name: str, wanted: str | None) -> App:
    """The wing's App; the wanted method gets its options, the others only their line of help. wanted: what stands behind the wing's name; None: the wing is not asked for."""
    out = App(name=name, help=first_line(f"zorki.wings.{name}", "__init__"))
    usual = alone(name)
    if usual is not None and wanted is not None and wanted not in methods(name):
        found = method(name)
        out.default(command(found))
        out.help = found.doc
    for m in methods(name):
        if m == wanted:
            found = method(name, m)
            out.command(command(found), name=m, help=found.doc, show=m != usual)
        elif m == usual:  # its line is that of the wing
            continue
        else:
            out.command(stub, name=m, help=first_line(f"zorki.wings.{name}", m))
    return out


def first_line(package: str, module: str) -> str:
    """The first line of a file's docstring, read without importing it; nothing where only compiled files are installed."""
    with suppress(FileNotFoundError), (resources.files(package) / f"{module}.py").open(encoding="utf-8") as f:
        return f.readline().strip().strip('"')
    return ""


def stub() -> None:
    """Never run: a method that is called is built in full."""


def command(m: Method) -> Callable[..., None]:
    """The function that the parser calls; it gets what was given, and only that."""
    from zorki.cli.options import signature

    def called(*placed: str, **given: Any) -> None:
        from zorki.cli.work import work

        work(m, placed, given)

    called.__signature__ = signature(m)  # type: ignore[attr-defined]
    called.__doc__ = m.doc
    return called
