"""Which pictures a net is judged on, and by which classes."""

from __future__ import annotations

from zorki import io, lens, weights
from zorki.core import events
from zorki.core.errors import InputError
from zorki.locating import record
from zorki.locating.boxed import Boxed
from zorki.locating.record import Record
from zorki.locating.sets import Set


def part(net: lens.Net, data: Boxed, split: str | None = None) -> tuple[Set, str]:
    """The pictures, and what they are called: "val", "test", "train" or "all".

    split: not given: what was held back where the net learnt from this very folder, else val/ where there is one, else all. Raises InputError for a part that
    is not there.
    """
    taught = record_of(net)
    own = {} if taught is None else taught.parts(data)
    parts = own | {name: some for name, some in data.parts.items() if name != "all" and some}
    chosen = split or ("val" if "val" in parts else "all")
    if chosen != "all" and chosen not in parts:
        there = ", ".join(parts)
        raise InputError(
            f"{data.name} has no pictures for --split={chosen}.",
            f"It has {there} and all." if there else "It is one part, from which this model did not learn.",
            f"Make a folder {chosen}/ with pictures and boxes, or leave --split out.",
        )
    every = {example.picture: example for some in data.parts.values() for example in some}
    examples = parts[chosen] if chosen != "all" else tuple(every.values())
    if not any(example.boxes for example in examples):
        raise InputError(f"{data.name} has no boxes to be held against.", "What is found is compared with them.", "Take another --split.")
    if chosen != "all" and split is None:
        events.note(f"Held against {chosen} ({len(examples)} of {len(data)} pictures). --split=all takes all.")
    return Set(examples, data.classes), chosen


def record_of(net: lens.Net) -> Record | None:
    """What the net was taught on, of a run."""
    card = weights.card_of(net)
    return None if card is None or not io.is_run(card.folder) else record.read(card.folder)
