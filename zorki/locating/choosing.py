"""Which pictures a net is judged on, and by which classes."""

from __future__ import annotations

from zorki import io, lens, weights
from zorki.core import events
from zorki.core.errors import InputError
from zorki.io import splitting
from zorki.locating import record
from zorki.locating.boxed import Boxed
from zorki.locating.guessing import Truth
from zorki.locating.pictured import sized
from zorki.locating.record import Record
from zorki.locating.sets import Set


def part(net: lens.Net, data: Boxed, split: str | None = None) -> tuple[Set, str]:
    """The pictures, and what they are called: "val", "test", "train" or "all".

    split: not given: what was held back where the net learnt from this very folder, else val/ where there is one, else all. Raises InputError for a part that
    is not there.
    """
    taught = record_of(net)
    own = {} if taught is None else taught.parts(data)
    examples, chosen = splitting.part(data.name, data.parts, own, split, "pictures and boxes")
    if not any(example.boxes for example in examples):
        raise InputError(f"{data.name} has no boxes to be held against.", "What is found is compared with them.", "Take another --split.")
    if chosen != "all" and split is None:
        events.note(f"Held against {chosen} ({len(examples)} of {len(data)} pictures). --split=all takes all.")
    return Set(examples, data.classes), chosen


def learnt(net: lens.Net, data: Boxed) -> tuple[Truth, ...] | None:
    """What is true of the pictures that the net learnt from, in their order; None where it did not learn from this folder."""
    taught = record_of(net)
    examples = () if taught is None else taught.parts(data).get("train", ())
    sizes = {row.file: row.hw for row in data.rows}
    some = Set(tuple(examples), data.classes)
    truths = [(sizes[one.picture], *some.boxes(one)) for one in some.examples]
    return tuple(Truth(boxes / sized(hw), of) for hw, boxes, of in truths) or None


def record_of(net: lens.Net) -> Record | None:
    """What the net was taught on, of a run."""
    card = weights.card_of(net)
    return None if card is None or not io.is_run(card.folder) else record.read(card.folder)
