"""What is learnt from, read once and said: which format, how many boxes a picture, what is wrong and what became of it."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from zorki.core import events
from zorki.core.errors import InputError
from zorki.locating import boxed, mending
from zorki.wings.locate._setup import Parts

if TYPE_CHECKING:
    from zorki import formats
    from zorki.locating.sets import Set
    from zorki.wings.locate._choice import Kind
    from zorki.wings.locate.train import Settings


ELSEWHERE = {
    "--pictures=FOLDER": "Bring them together first",
    "--from=FORMAT": "Name one of their folders or files, or choose first",
}  # options of `locate check` that errors advise


def parts(data: formats.Place, s: Settings) -> Parts:
    """Raises InputError for data that cannot be learnt from."""
    clean = None if s.mend is None else mending.check(s.mend, data)
    found = readable(data)
    for line in found.said:
        events.note(line)
    if clean is not None:
        events.note(mending.mend(found, clean).sentence())
    kind: Kind = s.boxes or found.kind
    learnt, held = found.splits(s.seed, s.share, s.groups)
    several = sum(len(e.boxes) > 1 for e in (*learnt.examples, *held.examples))
    why = (
        "no picture has more than one" if not several else "1 picture has several" if several == 1 else f"{several:,} pictures have several"
    )
    if s.boxes is None:
        events.note(f"One box a picture: {why}." if kind == "one" else f"Many boxes a picture: {why}.")
    if kind == "many":
        if s.each:
            raise InputError("--each goes with one box a picture.", f"In {found.name} {why}.", "Leave it out.")
        return Parts(learnt, held, found.mark, kind, why, found.ids)
    if several:
        raise InputError(
            f"{found.name} has {several:,} picture{'s' * (several > 1)} with several boxes.",
            "--boxes=one learns one box of each.",
            "Take --boxes=many, or leave it out.",
        )
    return Parts(*alone(found.name, learnt, held), found.mark, kind, why, found.ids)


def readable(data: formats.Place) -> boxed.Boxed:
    """As `boxed.boxed`; where an option would help that a training has not, the command is named that has it and brings all together."""
    try:
        return boxed.boxed(data)
    except InputError as error:
        for option, first in ELSEWHERE.items():
            if option.partition("=")[0] in error.do:
                do = f"{first}: `zorki locate check {shlex.quote(data.name)} {option} --mend=clean`. Then teach from clean."
                raise InputError(error.got, error.expected, do) from error
        raise


def alone(name: str, learnt: Set, held: Set) -> tuple[Set, Set]:
    """Without pictures that have no box: a net of one box puts it somewhere. Raises InputError where none is left."""
    out = tuple(replace(part, examples=tuple(e for e in part.examples if e.boxes)) for part in (learnt, held))
    left = sum(len(before) - len(after) for before, after in zip((learnt, held), out, strict=True))
    if left:
        events.note(
            f"{left:,} picture{'s' * (left > 1)} without a box left out: of one box there is nothing to learn from them. --boxes=many learns from them, too."
        )
    if not all(out):
        raise InputError(
            f"{name} has too few pictures with a box.", "Some are learnt from, others judged on.", "Add pictures, or take --boxes=many."
        )
    return out[0], out[1]
