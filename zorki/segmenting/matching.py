"""Which of a network's classes is which of the data's: by name; where the data have none, by place, which is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zorki.core.errors import InputError
from zorki.core.names import listed, plain
from zorki.pixels.palette import is_nothing, nth
from zorki.scores import Confusion
from zorki.scores.confusion import mean
from zorki.segmenting.table import Table


@dataclass(frozen=True)
class Matched:
    """names: of the data's classes (`known` of them), then of those that only the net has; colours: of all, #rrggbb.

    order: the net's number of each; -1 of a class that the net lacks and no pixel of the data is of. said: sentences for the person.
    """

    names: tuple[str, ...]
    known: int
    order: tuple[int, ...]
    colours: tuple[str, ...]
    said: tuple[str, ...] = ()

    @property
    def background(self) -> bool:
        """Whether the first class is what is behind the things; the mean Dice leaves it out then."""
        return self.known > 1 and is_nothing([self.names[0].strip("_ ")])

    def figures(self, of: Confusion) -> dict[str, float]:
        """Means over the data's classes that are there, in 0..1: a class that only the net knows lowers the others' figures, and has none."""
        return {
            "miou": mean(of.iou()[: self.known]),
            "pixel_accuracy": of.pixel_accuracy,
            "mean_accuracy": of.mean_accuracy,
            "dice": mean(of.dice()[int(self.background) : self.known]),
        }


def matched(table: Table, named: bool, classes: Sequence[str] | None, count: int, net: str) -> Matched:
    """table: the data's classes; named: whether anybody gave them names. classes: the net's names, if it has any; count: how many it has; net: its name.

    Raises InputError for a class of the data that the net does not know, and for another number of them where there are no names.
    """
    theirs = {plain(name): n for n, name in enumerate(classes or ())}
    places = [theirs.get(plain(name), -1) for name in table.names]
    lacking = [name for name, place, some in zip(table.names, places, counted(table), strict=True) if place < 0 and some]
    said, called = [], [classes[n] if classes else f"class {n}" for n in range(count)]
    if lacking and len(table.names) == count and not (named and classes):
        rest = iter(n for n in range(count) if n not in places)
        places = [place if place >= 0 else next(rest) for place in places]
        pairs = [f"{name} is {called[place]}" for name, place in zip(table.names, places, strict=True)]
        said.append(f"Classes without a name of their own are matched by their order: {listed(pairs)} of {net}.")
    elif lacking:
        raise InputError(
            f"{net} does not know {listed(lacking)} of the data.",
            f"It knows {listed(called) if classes else f'{count} classes without names'}.",
            "Give the classes its names in classes.csv, or take another --model.",
        )
    elif empty := [name for name, place in zip(table.names, places, strict=True) if place < 0]:
        said.append(f"{net} does not know {listed(empty)}, of which the data have no pixel.")
    elif places != sorted(places):
        said.append(f"Classes are matched by their names: {net} has them in another order.")
    more = [n for n in range(count) if n not in places]
    if more:
        said.append(f"{net} also knows {listed([called[n] for n in more])}: what it takes for one of these is wrong here.")
    return Matched(
        names=(*table.names, *(called[n] for n in more)),
        known=len(table.names),
        order=(*places, *more),
        colours=(*table.colours, *(nth(n) for n in more)),
        said=tuple(said),
    )


def counted(table: Table) -> Sequence[int]:
    """Pixels of each class; of a table that was never counted each may have some."""
    return table.pixels or [1] * len(table.names)
