"""What trainings are asked for: options that make no sense are refused before anything is opened."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from zorki import scores
from zorki.core.errors import InputError, UnknownName
from zorki.nets import decoders
from zorki.train import asked

if TYPE_CHECKING:
    from zorki.wings.segment import compare
    from zorki.wings.segment.train import Settings

NEVER = 1_000_000  # looks without a better one that end a training, where none is to end it


def check(s: Settings) -> None:
    """Raises InputError and UnknownName for options that make no sense, and for packages that are not here."""
    asked.check(s)
    scores.summed(s.loss)


def nets(text: str) -> tuple[str, ...]:
    """Names with commas between, each once. Raises UnknownName, InputError."""
    found = tuple(dict.fromkeys(name for one in text.split(",") if (name := one.strip())))
    for name in found:
        if name not in decoders.names():
            raise UnknownName.among("net", name, decoders.names())
    if not found:
        raise InputError("--nets names no net.", f"There are {', '.join(decoders.names())}.", "Write some of them with commas between.")
    return found


def single(s: compare.Settings, net: str, **more: Any) -> Settings:
    """One training of a comparison, as `segment train` is asked for it. more: what was decided for it."""
    from zorki.wings.segment.train import Settings as One

    alike = {f.name: getattr(s, f.name) for f in fields(s) if f.name in One.__dataclass_fields__}
    return One(**alike | {"net": net, "patience": NEVER} | more)
