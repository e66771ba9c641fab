"""Cards: what a network is, where it comes from, what it can do and what it is not fit for."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from zorki.core.errors import UnknownName

FILES = Path(str(resources.files("zorki.weights"))) / "files"


@dataclass(frozen=True)
class Card:
    """A network's card, as its TOML file says.

    build: the class or function that makes the net, as "module:name"; arguments: what it is called with.
    layer: where methods look when no layer is given. side: pixels of the pictures it was trained on.
    accuracy: a share in 0..1; measured: how and on what it was measured, by us.
    """

    name: str
    title: str
    licence: str
    build: str
    arguments: Mapping[str, Any]
    sha256: str
    parameters: int
    layer: str
    side: int
    accuracy: float
    measured: str
    data: str
    teachers: str
    recipe: str
    figures: Mapping[str, str]
    not_fit_for: str
    classes: tuple[str, ...] = field(repr=False)

    @property
    def file(self) -> Path:
        """Where the numbers are."""
        return FILES / f"{self.name}.safetensors"

    @property
    def installed(self) -> bool:
        return self.file.exists()

    def rows(self) -> list[tuple[str, str]]:
        """The card as (what, said), for people."""
        size = f"{self.file.stat().st_size / 1e6:.1f} MB" if self.installed else "not installed"
        return [
            ("name", self.name),
            ("what", self.title),
            ("licence", self.licence),
            ("size", f"{self.parameters:,} parameters, {size}"),
            ("accuracy", f"{self.accuracy:.1%} (measured: {self.measured})"),
            *self.figures.items(),
            ("classes", f"{len(self.classes)}: {', '.join(self.classes[:3])} …"),
            ("data", self.data),
            ("teachers", self.teachers),
            ("recipe", self.recipe),
            ("not fit for", self.not_fit_for),
        ]

    def json(self) -> dict[str, Any]:
        """As `zorki models --json` prints it."""
        out = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("arguments", "build", "measured")}
        return out | {"installed": self.installed, "measured": self.measured, "classes": list(self.classes), "figures": dict(self.figures)}


@cache
def names() -> tuple[str, ...]:
    """The networks that have a card, in name order."""
    return tuple(sorted(p.stem for p in FILES.glob("*.toml")))


@cache
def card(name: str) -> Card:
    """Raises UnknownName with the nearest names."""
    if name not in names():
        raise UnknownName.among("model", name, names())
    table = tomllib.loads((FILES / f"{name}.toml").read_text(encoding="utf-8"))
    table["classes"] = tuple(table["classes"])
    return Card(name=name, **table)
