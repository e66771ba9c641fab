"""What may go wrong, said in sentences.

    ZorkiError(got, expected, do)     one short sentence each, options and commands spelled as core/spelling.py says
    ├── InputError      a file, a value, an option of the user's            exit 2
    ├── UnknownName     a layer, style, model, class: nearest names first   exit 2
    ├── WeightsError    missing, of another shape, wrong hash               exit 2
    ├── SomeFailed      part of many, with the list                         exit 3
    └── Stopped         NaN, out of memory, disk full: what was saved       exit 4

Anything else is a bug of ours and shows its traceback (exit 1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from zorki.core.names import nearest
from zorki.core.spelling import Spelling, in_python, of_network

__all__ = ["InputError", "SomeFailed", "Stopped", "UnknownName", "WeightsError", "ZorkiError"]


class ZorkiError(Exception):
    """Says what came, what was expected and what to do: in Python's words, unless whoever shows it asks for others.

    The three parts are as written, for whoever makes another sentence of them. Survives pickling, so worker processes may raise it.
    """

    status = 1

    def __init__(self, got: str, expected: str = "", do: str = "") -> None:
        super().__init__(got, expected, do)
        self.got, self.expected, self.do = got, expected, do

    @property
    def written(self) -> str:
        """All of it as it was written, to become part of another error or of a note."""
        return " ".join(part for part in (self.got, self.expected, self.do) if part)

    def __str__(self) -> str:
        return in_python(self.written)

    def of_option(self, name: str) -> ZorkiError:
        """The same, of a network that was given by another option than --model. name: as `run` has it."""
        return type(self)(*(of_network(part, name) for part in (self.got, self.expected, self.do)))

    def lines(self, spelling: Spelling = in_python) -> list[str]:
        """At most three lines for a terminal, in the words of whoever reads it there."""
        return [spelling(part) for part in (self.got, self.expected, self.do) if part]


class InputError(ZorkiError):
    """A file, a value or an option of the user's cannot be used."""

    status = 2


class WeightsError(ZorkiError):
    """A weight file is missing, has another shape or another hash."""

    status = 2


class UnknownName(ZorkiError):
    """A name that the list does not hold; the nearest ones are suggested, never used."""

    status = 2

    @classmethod
    def among(cls, kind: str, name: str, names: Iterable[str], do: str = "") -> UnknownName:
        """kind: what the name stands for ("layer"). names: all that would have been right. do: not given, what else there is."""
        known = list(names)
        near = nearest(name, known)
        rest = [one for one in known if one not in near]
        shown = ", ".join(rest if len(rest) <= 12 else [*rest[:11], "…"])
        if near:
            expected, usual = f"Did you mean {' or '.join(near)}?", f"Otherwise take {shown}." if rest else "Write it as it stands here."
        else:
            expected, usual = (f"There is {shown}.", "Take one of these.") if known else ("There is none at all.", "Leave it out.")
        return cls(f"There is no {kind} {name!r}.", expected, do or usual)


class SomeFailed(ZorkiError):
    """Part of many failed; the rest is done. `failed` lists (name, reason)."""

    status = 3

    def __init__(self, got: str, expected: str = "", do: str = "", failed: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(got, expected, do)
        self.args = (got, expected, do, failed)
        self.failed = list(failed)


class Stopped(ZorkiError):
    """The world stopped the work: NaN, memory, disk. Says what was saved and how to go on."""

    status = 4
