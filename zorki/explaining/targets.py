"""What a person asks of a network, as text: the one grammar of layers, channels, units, classes, directions, and sums of these.

    sum       one TERM, or several with " + " or " - " between them
    TERM      WHAT, with a sign before it if need be, and one weight: WEIGHT*WHAT or WHAT*WEIGHT
    WHAT      LAYER, LAYER:CHANNELS, LAYER:CHANNELS@PLACE, class:NAME, like, towards
    LAYER     a layer's name (`zorki layers`); of one that runs several times LAYER:0, LAYER:1 … are its calls
    CHANNELS  7, 0-63, 1,4,9-12, all
    PLACE     middle, or ROW,COLUMN
    NAME      a class as `classes.numbered` reads it: its number, a name, or words that occur in one name alone; of a net that finds many things the class
              at the middle of the picture, in the coarsest cells, which see the largest things

What a network calls a layer is that layer, whatever signs are in its name. `relu:1` is the second call of a relu that runs twice, and
channel 1 of one that runs once. `str` of a Target is the same text again, with the layer's own name and the class's number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from zorki import lens
from zorki.core.errors import InputError, UnknownName
from zorki.core.numbers import numbers, short
from zorki.explaining import classes

NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
IS = "It is a layer, layer:channels, layer:channels@row,column or @middle, class:name, like or towards, or a sum of these with weights."
WRITE = "Write it as 2*conv4_1:3 - conv4_1:9."
TOKENS = 1 << 16  # more than any layer has: how many there are depends on the picture


@dataclass(frozen=True)
class Target:
    """A layer by its own name, of it perhaps some channels (as written: "0-3,7"), of these perhaps a place ("middle", "2,4"); or a class by
    its number; or a direction by its word. weight: how much it counts in a sum, below 0 if it is to fade.
    """

    layer: str = ""
    channels: str = ""
    place: str = ""
    class_: int | None = None
    direction: str = ""
    weight: float = 1.0

    @property
    def what(self) -> str:
        """The text without the weight."""
        if self.class_ is not None:
            return f"class:{self.class_}"
        return self.direction or self.layer + (self.channels and f":{self.channels}") + (self.place and f"@{self.place}")

    def __str__(self) -> str:
        if abs(self.weight) == 1:
            return f"{'-' if self.weight < 0 else ''}{self.what}"
        return f"{short(self.weight)}*{self.what}"

    def numbers(self, count: int) -> tuple[int, ...]:
        """The channels' numbers where the layer has so many; empty where the whole layer is meant. Raises InputError."""
        return numbers(self.channels, count, self.layer) if self.channels else ()


def written(some: Collection[Target]) -> str:
    """A sum as text, which is read as the same."""
    return " + ".join(map(str, some)).replace(" + -", " - ")


def targets(net: lens.Net, text: str, directions: Collection[str] = (), *, layers: bool = False) -> tuple[Target, ...]:
    """The terms of a sum. directions: which of the words `like` and `towards` have a meaning here. layers: only layers are asked for.

    Raises InputError for what cannot be read, UnknownName for a layer or a class that the net lacks. Channels are read, and refused, by
    `Target.numbers`, as only whoever looks at a layer knows what its channels are.
    """
    whole = text.strip()
    if whole not in directions and (layers or not whole.startswith("class:")) and (name := called(net, whole)):
        return (Target(name),)
    some = [(sign, term(net, word, text, directions, layers)) for sign, word in terms(text)]
    return tuple(replace(one, weight=sign * one.weight) for sign, one in some)


def terms(text: str) -> list[tuple[int, str]]:
    """A sum's terms, each with its sign; a sign behind a * is a weight's."""
    found, sign, start = [], 1, 0
    for between in re.finditer(r"\s([+-])\s", f"{text} "):
        before = text[start : between.start()].strip()
        if not before or before.endswith("*"):
            continue
        found.append((sign, before))
        sign, start = (-1 if between[1] == "-" else 1), between.end()
    found.append((sign, text[start:].strip()))
    return [(-sign if word.startswith("-") else sign, word[1:].strip() if word[:1] in ("-", "+") else word) for sign, word in found]


def term(net: lens.Net, word: str, text: str, directions: Collection[str], layers: bool) -> Target:
    """One term without its sign."""
    what, weight = weighed(word)
    if "*" in what or not what or not math.isfinite(weight):
        raise InputError(f"{text!r} cannot be read: {f'{word!r} is' if word else 'there is'} no layer, class or direction.", IS, WRITE)
    if what in directions:
        return Target(direction=what, weight=weight)
    if what.startswith("class:") and not (layers and called(net, "class")):
        if layers:
            raise InputError(f"{what} is a class.", "Here a layer is asked for, or some of its channels.", "`zorki layers` lists them.")
        return Target(class_=class_of(net, what.removeprefix("class:")), weight=weight)
    if what in ("like", "towards") and not layers and not called(net, what):
        raise InputError(f"The goal names {what!r}, and --{what} is not given.", "It is the direction to climb in.", f"Give --{what} FILE.")
    return replace(part(net, what), weight=weight)


def weighed(word: str) -> tuple[str, float]:
    """A term and its weight, which stands before or behind it: a layer's name may be a number, but none has a sign."""
    front = re.fullmatch(rf"({NUMBER})\s*\*\s*([^*]+)", word, re.I)
    behind = re.fullmatch(rf"([^*]+?)\s*\*\s*([-+]?)\s*({NUMBER})", word, re.I)
    if behind is not None and (front is None or behind[2]):
        return behind[1], float(behind[2] + behind[3])
    return (front[2], float(front[1])) if front is not None else (word, 1.0)


def part(net: lens.Net, what: str) -> Target:
    """LAYER, LAYER:CHANNELS or LAYER:CHANNELS@PLACE."""
    if name := called(net, what) or called(net, "".join(what.split())):
        return Target(name)
    where, at, place = what.partition("@")
    base, colon, channels = where.rpartition(":")
    if not colon:
        net.layer(where.strip())  # one that is not there says so, with the nearest names
        raise InputError(f"{what!r} names a place of no channel.", "A place is of some channels.", "Write layer:channel@middle.")
    found = net.layer(base if called(net, base) else "".join(base.split())).name
    return Target(found, "".join(channels.split()), placed(what, place) if at else "")


def placed(what: str, place: str) -> str:
    """A place as it is written. Raises InputError."""
    found = re.fullmatch(r"\s*(?:(middle)|(\d+)\s*,\s*(\d+))\s*", place)
    if found is None:
        raise InputError(f"{what!r} names no place.", "A place is @middle or @row,column.", "Write layer:channel@middle.")
    return found[1] or f"{int(found[2])},{int(found[3])}"


def called(net: lens.Net, name: str) -> str | None:
    """The own name of the layer that is called so; None where there is none. Of a layer that runs once `:0` is no call but a channel."""
    try:
        found = net.layer(name)
    except (UnknownName, InputError):
        return None
    _, colon, call = name.rpartition(":")
    return None if colon and found.calls == 1 and not found.name.endswith(f":{call}") else found.name


def class_of(net: lens.Net, name: str) -> int:
    """A class's number. Raises InputError for one that the net does not have, UnknownName."""
    number = classes.numbered(net, name)
    if net.classes is None or 0 <= number < len(net.classes):
        return number
    return classes.within(number, classes.counted(net))


def layer_of(net: lens.Net, given: str | None, channels: str, usual: str) -> tuple[str, str]:
    """The layer's own name and the channels that `--layer` and `--channel` name together; not given, the net's own layer.

    channels: of --channel, whose default is `usual`: `--layer conv4_1:0-3` counts in its place. Raises UnknownName for a layer that the
    net lacks, InputError for what is more than a layer and its channels, and for channels that are named twice.
    """
    if given is None:
        return net.pick_layer(None), channels
    if not given.strip():
        return net.pick_layer(given), channels
    found = targets(net, given, layers=True)
    if len(found) > 1 or found[0].weight != 1 or found[0].place:
        raise InputError(
            f"--layer={given} is more than a layer.", "Here it is LAYER or LAYER:CHANNELS.", "Write it as conv4_1 or conv4_1:0-3."
        )
    if found[0].channels and channels != usual:
        raise InputError(f"--layer={given} and --channel={channels} both name channels.", "They are named once.", "Leave --channel out.")
    return found[0].layer, found[0].channels or channels


def listed(net: lens.Net, text: str) -> list[str]:
    """Layers between commas, each perhaps with channels: `conv3_1:0-3,7,conv4_1`. A number is a channel where no layer is called so."""
    found: list[str] = []
    for one in map(str.strip, text.split(",")):
        if found and ":" in found[-1] and re.fullmatch(r"\d+(\s*-\s*\d+)?", one) and called(net, one) is None:
            found[-1] += f",{one}"
        else:
            found.append(one)
    return found
