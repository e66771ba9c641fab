"""Options and commands as whoever reads of them spells them.

Sentences are written the command line's way: `--mix` alone, `--mix=2,1` with a value, `--force=True` for what is yes or no, and a whole
command in backquotes. Two functions say them to a person:

    written                                  on_command_line                  in_python
    --mix=2,1                                --mix 2,1                        mix=2,1
    --range=-5,5                             --range=-5,5                     range=-5,5
    --content-mask, --class                  --content-mask, --class          content_mask, class_
    --force=True, --no-drawn                 --force, --no-drawn              force=True, drawn=False
    `zorki see dream PHOTO --layer=conv4_1`  `… --layer conv4_1`              `zorki.see.dream(PHOTO, layer='conv4_1')`
    `zorki layers`                           `zorki layers`                   `net.layers()`

An option is two dashes and lower-case words that stand free, so a file --x.png stays what it is. What is in quotes is somebody's own and
stays too: whoever repeats what others wrote, which may well hold free dashes (pip install --upgrade), writes it as {words!r}, and a name
that a person typed as {own(name)}.
"""

from __future__ import annotations

import keyword
import re
import shlex
from collections.abc import Callable

Spelling = Callable[[str], str]

QUOTED = r"""(?<!\w)(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
COMMAND = r"`zorki (?P<command>[a-z][^`]*)`"
OPTION = r"(?<![^\s(`])--(?P<name>[a-z][a-z0-9]*(?:-[a-z0-9]+)*)(?:=(?P<value>True(?!\w)|-?)|(?=[.,;:!?)…]*(?:[\s`]|$)))"
CALLS = {"layers": "net.layers()", "models": "zorki.weights.names()"}  # commands that are no call of the same name
CALLED = {("models", "get"): "zorki.weights.get", ("models",): "zorki.weights.card"}
ALONE = ("again",)  # commands that Python has not


def on_command_line(sentence: str) -> str:
    """A sentence for whoever types commands."""

    def spelled(found: re.Match[str]) -> str:
        name, value = found["name"], found["value"]
        if name is None or value is None or value == "-":
            return found[0]
        return f"--{name}" if value == "True" else f"--{name} "

    return re.sub(f"{QUOTED}|{OPTION}", spelled, sentence)


def in_python(sentence: str) -> str:
    """A sentence for whoever calls functions."""

    def spelled(found: re.Match[str]) -> str:
        if found["command"] is not None:
            return f"`{call(found['command']) or found[0][1:-1]}`"
        return found[0] if found["name"] is None else keyword_argument(found["name"], found["value"])

    return re.sub(f"{QUOTED}|{COMMAND}|{OPTION}", spelled, sentence)


def flag(name: str) -> str:
    """An option by its name in Python, as a command line has it: as_ → --as."""
    return f"--{name.rstrip('_').replace('_', '-')}"


def of_network(sentence: str, name: str) -> str:
    """A sentence about --model, of a network that is given by another option; no --weights are of that one."""
    parts = rf"{QUOTED}|, and (?:give )?(?P<weights>[\w' ]+) with --weights(?![\w-])|(?<![^\s(`])(?P<model>--model)(?![\w-])"

    def spelled(found: re.Match[str]) -> str:
        return flag(name) if found["model"] else f", which loads {found['weights']}" if found["weights"] else found[0]

    return re.sub(parts, spelled, sentence)


def keyword_argument(name: str, value: str | None) -> str:
    """An option's name as Python's, with its `=` where a value follows."""
    off = value is None and name.startswith("no-")
    word = name.removeprefix("no-" if off else "").replace("-", "_")
    word += "_" if keyword.iskeyword(word) else ""
    return f"{word}=False" if off else word if value is None else f"{word}={value}"


def own(name: object) -> str:
    """A name that somebody gave, in quotes where it could be taken for an option or a command."""
    text = str(name)
    return repr(text) if re.search(f"{COMMAND}|{OPTION}", text) else text


def call(command: str) -> str:
    """`see dream PHOTO --layer=conv4_1` as the call that does the same; "" where there is none."""
    try:
        words = shlex.split(command)
    except ValueError:  # an open quotation: no command
        return ""
    if words[0] in ALONE:
        return ""
    if command in CALLS:
        return CALLS[command]
    path = next(tuple(words[:n]) for n in (2, 1) if all(re.fullmatch("[a-z]+", word) for word in words[:n]))
    if words[0] == "models":
        path = ("models", "get") if path[-1] == "get" else ("models",)
    return f"{CALLED.get(path) or '.'.join(('zorki', *path))}({', '.join(argument(word) for word in words[len(path) :])})"


def argument(word: str) -> str:
    """A word of a command as an argument of a call: what is written large stands for something, all else is itself."""
    flag, given, value = word.partition("=")
    if not flag.startswith("--"):
        return literal(word)
    if given:
        return f"{keyword_argument(flag[2:], '')}{literal(value)}"
    return keyword_argument(flag[2:], None if flag.startswith("--no-") else "True")


def literal(word: str) -> str:
    return word if re.fullmatch(r"[A-Z_]+|True|-?[0-9]+(\.[0-9]+)?", word) else repr(word)
