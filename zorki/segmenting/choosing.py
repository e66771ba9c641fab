"""Which pictures of a folder a network is held against, and what their masks mean."""

from __future__ import annotations

from zorki import io, lens, weights
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.names import listed
from zorki.io import splitting
from zorki.segmenting import record
from zorki.segmenting.record import Record
from zorki.segmenting.sets import Set
from zorki.segmenting.table import Table, discovered, spelled


def part(net: lens.Net, data: io.LabelledFolder, split: str | None = None) -> tuple[Set, str]:
    """The pictures, and what they are called: "val", "test", "train" or "all".

    split: not given: what was held back where the net learnt from this very folder, else val/ where there is one, else all. Raises InputError for
    a part that is not there, and for masks that mean nothing, or other things than the net was taught.
    """
    taught = record_of(net)
    own = {} if taught is None else taught.parts(data)
    examples, chosen = splitting.part(data.name, data.splits, own, split, "images/ and masks/")
    examples = tuple(e for e in examples if e.mask is not None)
    if not examples:
        raise InputError(f"{data.name} has no masks.", "What is predicted is held against them.", "Give a folder with images/ and masks/.")
    if chosen != "all" and split is None:
        events.note(f"Held against {chosen} ({len(examples)} of {len(data)} pictures). --split=all takes all.")
    table = table_of(data, taught)
    if taught is not None and table is taught.table and not own:
        pairs = [f"{spelled([v], table.by)} is {name}" for v, name in zip(table.values, table.names, strict=True)]
        events.note(f"{data.name} says no names, so its masks are read as those that {net.name} learnt from: {listed(pairs)}.")
    return Set(examples, table), chosen


def record_of(net: lens.Net) -> Record | None:
    """What the net was taught on, of a run."""
    card = weights.card_of(net)
    return None if card is None or not io.is_run(card.folder) else record.read(card.folder)


def table_of(data: io.LabelledFolder, taught: Record | None) -> Table:
    """What the masks mean: as their own classes.csv says, else as the run was taught, where its values are all that they hold; else as they show."""
    if taught is not None and not data.classes:
        from zorki.segmenting.looking import look_at
        from zorki.segmenting.stored import gathered

        found = gathered(look_at(data), taught.table.by)
        if {*found} <= {*taught.table.values, *taught.table.void}:
            return taught.table
    return discovered(data)
