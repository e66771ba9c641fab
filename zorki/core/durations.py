"""A time as a person writes it on a command line: 90, 90s, 30m, 1h30m, 1.5h; and as a film's clock shows it: 1:07, or 4.2 s."""

from __future__ import annotations

import math
import re

from zorki.core.errors import InputError

UNITS = {"days?": 86_400.0, "hours?": 3600.0, "min(?:utes?)?": 60.0, "sec(?:onds?)?": 1.0}  # each also as its first letter
WRITTEN = re.compile("".join(rf"(?:(\d+(?:\.\d+)?)\s*(?:{unit}|{unit[0]})\s*)?" for unit in UNITS), re.IGNORECASE | re.ASCII)


def seconds(option: str, given: str | float) -> float:
    """The seconds, above 0 and finite. given: a number of seconds, or days, hours, minutes and seconds in that order, each of them once.

    option: as "--within", for the sentence. Raises InputError for what is no time, and for none at all.
    """
    text = str(given).strip()
    try:
        found = float(text)
    except ValueError:
        parts = WRITTEN.fullmatch(text)
        found = 0.0 if parts is None else sum(float(part or 0) * unit for part, unit in zip(parts.groups(), UNITS.values(), strict=True))
    if not 0 < found < float("inf"):
        raise InputError(
            f"{option}={text} is no time.", "It is seconds, or hours and minutes, more than none.", f"Write {option}=30m, say."
        )
    return found


def clock(at: float, tenths: bool = False) -> str:
    """0:07, 1:02:07; with tenths 0:07.3. What is not whole is cut off."""
    whole, part = divmod(math.floor(10 * at + 1e-6), 10)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    shown = f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
    return f"{shown}.{part}" if tenths else shown


def spoken(at: float) -> str:
    """4.2 s, or 1:02:07."""
    return f"{at:.1f} s" if at < 60 else clock(at)
