"""What trainings are asked for: options that make no sense are refused before anything is opened, as are packages that are not here."""

from __future__ import annotations

from zorki import encoding
from zorki.core import durations
from zorki.core.errors import InputError, UnknownName
from zorki.nets import encoders
from zorki.train.options import Alone
from zorki.train.teaching import equipped


def check(s: Alone) -> None:
    """Raises InputError and UnknownName for options that make no sense, and for packages that are not here."""
    equipped()
    try:
        import kornia  # noqa: F401
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "kornia":
            raise
        raise InputError("Training needs kornia.", "It is not installed.", "Install it: pip install 'zorki[train]'.") from error
    durations.seconds("--within", s.within)
    if s.encoder is not None and s.encoder not in encoders.names() and not encoding.pretrained(s.encoder):
        raise UnknownName.among("encoder", s.encoder, encoders.names())
