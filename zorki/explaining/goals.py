"""Goals as people write them: `conv4_1:3 - 0.5*conv4_1:9 + class:espresso`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from zorki import lens
from zorki.core.errors import InputError, UnknownName
from zorki.explaining.directions import Direction
from zorki.pixels import objectives
from zorki.pixels.objectives import Objective

HOW = "Write layer, layer:channel, layer:channel@row,column, layer:channel@middle, class:name, like or towards, with weights, + and -: 2*conv4_1:3 - conv4_1:9."


def goal(net: lens.Net, text: str, directions: Mapping[str, Direction] | None = None) -> Objective:
    """What the text asks for. directions: those of the words `like` and `towards`, as far as they are given. Raises InputError for what cannot be read, UnknownName for a layer or class that the net lacks."""
    words = re.split(r"\s+([+-])\s+", text.strip())
    total: Objective | None = None
    for k in range(0, len(words), 2):
        word, minus = words[k].strip(), k > 0 and words[k - 1] == "-"
        if word.startswith("-"):
            word, minus = word[1:].strip(), not minus
        found = re.fullmatch(r"(?:(\d+(?:\.\d*)?|\.\d+)\s*\*\s*)?(\S.*)", word)
        if found is None:
            raise InputError(f"The goal {text!r} cannot be read.", "", HOW)
        part = term(net, found[2], directions or {}) * (float(found[1] or 1) * (-1 if minus else 1))
        total = part if total is None else total + part
    assert total is not None, "a split text has at least one word"
    return total


def term(net: lens.Net, word: str, directions: Mapping[str, Direction]) -> Objective:
    """One of the goal's words, without its weight."""
    if word in directions:
        return objectives.towards(directions[word].name, directions[word].of)
    if word in ("like", "towards") and not known(net, word):
        raise InputError(f"The goal names {word!r}, and --{word} is not given.", "It is the direction to climb in.", f"Give --{word} FILE.")
    if word.startswith("class:"):
        return objectives.logit(class_number(net, word.removeprefix("class:")))
    what, _, place = word.partition("@")
    if not place and known(net, word):
        return objectives.layer(net.layer(word).name)
    name, _, number = what.rpartition(":")
    if not name or not number.isdecimal():
        net.layer(word)  # a layer that is not there says so, with the nearest names
        raise InputError(f"The goal {word!r} cannot be read.", "", HOW)
    found = net.layer(name)
    if len(found.shape) in (1, 3) and int(number) >= found.shape[0]:
        raise InputError(f"{found.name} has no channel {number}.", f"They are 0 to {found.shape[0] - 1}.")
    if not place:
        return objectives.channel(found.name, int(number))
    if place == "middle":
        return objectives.neuron(found.name, int(number))
    at = re.fullmatch(r"(\d+),(\d+)", place)
    if at is None:
        raise InputError(f"The goal {word!r} names no place.", "A place is @middle or @row,column.")
    return objectives.neuron(found.name, int(number), int(at[1]), int(at[2]))


def known(net: lens.Net, name: str) -> bool:
    """Whether that is a layer's name."""
    try:
        net.layer(name)
    except (UnknownName, InputError):
        return False
    return True


def class_number(net: lens.Net, text: str) -> int:
    """A class by its number, or by its name or a part of that which no other has. Raises InputError, UnknownName."""
    names = net.classes
    if text.isdecimal():
        if names is not None and int(text) >= len(names):
            raise InputError(f"There is no class {text}.", f"The network has classes 0 to {len(names) - 1}.")
        return int(text)
    if names is None:
        raise InputError(f"{net.name} does not name its classes.", f"Give the number of {text!r}.")
    wanted = text.strip().casefold()
    synonyms = [[word.strip().casefold() for word in name.split(",")] for name in names]
    for hits in (
        [k for k, words in enumerate(synonyms) if wanted in words],
        [k for k, words in enumerate(synonyms) if any(wanted in w for w in words)],
    ):
        if len(hits) == 1:
            return hits[0]
        if hits:
            several = ", ".join(f"{k} ({names[k]})" for k in hits[:5])
            raise InputError(
                f"{text!r} fits {len(hits)} classes: {several}{' …' if len(hits) > 5 else ''}.", "", "Give the number of the one meant."
            )
    raise UnknownName.among("class", text, [word for words in synonyms for word in words])
