"""What trainings are asked for: options that make no sense are refused before anything is opened, as are packages that are not here."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from zorki import encoding, scores
from zorki.core import durations
from zorki.core.errors import InputError, UnknownName
from zorki.nets import decoders, encoders
from zorki.train import equipped

if TYPE_CHECKING:
    from zorki.wings.segment import compare
    from zorki.wings.segment.train import Settings

NEVER = 1_000_000  # looks without a better one that end a training, where none is to end it


def check(s: Settings) -> None:
    """Raises InputError and UnknownName for options that make no sense, and for packages that are not here."""
    installed()
    scores.summed(s.loss)
    durations.seconds("--within", s.within)
    if s.encoder is not None and s.encoder not in encoders.names() and not encoding.pretrained(s.encoder):
        raise UnknownName.among("encoder", s.encoder, encoders.names())


def installed() -> None:
    """Raises InputError where a package is missing that training needs."""
    equipped()
    try:
        import kornia  # noqa: F401
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "kornia":
            raise
        raise InputError("Training needs kornia.", "It is not installed.", "Install it: pip install 'zorki[train]'.") from error


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
