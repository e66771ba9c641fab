"""The shelves: which wings there are, which methods each has, and what a method file says of itself."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from zorki.core import events, settings, shelf
from zorki.core.errors import InputError, UnknownName
from zorki.core.folders import typed
from zorki.core.method import Given, Input
from zorki.core.numbers import short
from zorki.core.spelling import flag
from zorki.jobs import options
from zorki.weights import cards


@dataclass(frozen=True)
class Method:
    """A method file, read: what it takes, its Settings, its presets, its `run` and what that gives (`contract.py`)."""

    wing: str
    name: str
    doc: str
    inputs: Mapping[str, Input]
    settings: type
    presets: Mapping[str, Any]
    also: Mapping[str, str]
    run: Callable[..., Any]
    nets: tuple[str, ...]
    "networks for it where none is given, the best first; of a method without any `run` gets no network"
    gives: Given
    "what `run` gives: drawn, measured, trained or written"
    page: Callable[..., Any] | None = None
    "what was drawn or measured → blocks.Page: the result of what climbs, and what a board of what measures can be shown as"
    words: bool = False
    "its answer is what is printed: a picture comes only where one is asked for"
    task: str | None = None
    "what a network must have been trained for, as its card says; None: anything"
    ending: str = ""
    "of the one file that is written, or of the page that is a training's result; none: there are several, in a folder"
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    "what the result of what measures is saved as: each kind, one of its option --as, with its endings; the first where nobody says"
    table: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    "of many pictures, one table of all beside their results: its name and its columns, of which the first is the picture"
    summed: Callable[..., Any] | None = None
    "that table's rows → lines for a person, and fields for --json"
    film: Callable[..., Any] | None = None
    "what a film is as a whole, its frames one after the other (`contract.Following`); without it each frame is a picture of its own"
    report: Callable[..., Any] | None = None
    "what a training has learnt by now → blocks.Page, which the house keeps in its run folder (`reports.py`)"
    lists: str = ""
    "of what answers with a list: the field under which the list of each of many pictures stands; its picture is written with --json only where one is asked for"
    listed: Callable[..., Any] | None = None
    "of such: the rows that a picture of ours keeps (TABLE without its first column) → the same list"
    alone: bool = False
    "whether its wing's name alone means it"
    refuse: Callable[..., None] | None = None
    "raises InputError for options that do not go together, or would change nothing, before anything is opened"

    @property
    def typed_words(self) -> tuple[str, ...]:
        """What is typed behind zorki."""
        return (self.wing,) if self.alone else (self.wing, self.name)

    @property
    def spoken(self) -> str:
        """What it is called where one word must do: in sentences and in names of files."""
        return self.typed_words[-1]

    def net(self, named: Any = None) -> Any:
        """The network that is named, or the one that is taken where none is, which says so where there was a choice.

        Raises InputError for a name that is known to be of a network for another task.
        """
        if not named:
            if not any(name in cards.names() for name in self.nets):
                raise InputError(
                    "No network is given.", f"{self.spoken} has none of its own yet.", "Give a run or a net of yours with --model."
                )
            found = cards.installed(self.nets)
            if len(self.nets) > 1:
                events.note(f"No network is given, so {found} answers ({len(cards.card(found).classes):,} classes).")
            return cards.OURS + found
        if self.task is not None and isinstance(named, str) and named in cards.names() and cards.card(named).task != self.task:
            fit = [name for name in cards.names() if cards.card(name).task == self.task]
            right = [name for name in fit if name in self.nets] or fit  # what locates need not find what this is about
            task = cards.card(named).task
            raise InputError(
                f"{named} is a network to {cards.DOES.get(task, task)}.", f"{' '.join(self.typed_words)} needs one to {cards.DOES.get(self.task, self.task)}.",
                f"Give --model={' or '.join(right)}, or one of your own." if right else "Give one of your own with --model.",
            )  # fmt: skip
        return named

    @property
    def summary(self) -> str:
        return self.doc.partition("\n")[0]

    @property
    def climbs(self) -> bool:
        """Whether it yields Steps."""
        return self.gives == "drawn"

    @property
    def paged(self) -> bool:
        """Whether it trains and its result is a page, beside which its run folder lies."""
        return self.gives == "trained" and bool(self.ending)

    @property
    def framed(self) -> str | None:
        """The input for which a film may stand, frame by frame: the first that has a place, where one picture is drawn of it, or shows what was measured."""
        first = next((name for name, i in self.inputs.items() if i.placed), None)
        return first if first is not None and self.inputs[first].plain and (self.climbs or self.files) and self.page is None else None

    @property
    def takes(self) -> tuple[str, ...]:
        """The options of `options.py` that mean something to it in Python, where results come back and are saved by who asked."""
        net = [o.name for o in options.NET] if self.nets else []
        film = [o.name for o in options.FILM] if self.climbs else []
        return (*net, *film, *([o.name for o in options.OUT] if self.gives in ("trained", "written") else []))

    def fill(self, preset: str | None, given: Mapping[str, Any]) -> Any:
        """Settings from a preset and options given by name. Raises UnknownName, InputError."""
        named = {self.also.get(k, k): v for k, v in given.items()}
        return settings.fill(self.settings, self.presets, preset, named)

    def command(self, pictures: Mapping[str, str | Sequence[str]], chosen: Any, model: str = "") -> str:
        """The command that does the same, as a person would type it."""
        import shlex

        words = ["zorki", *self.typed_words]
        for key, name in pictures.items():
            words += [typed(one) for one in ([name] if isinstance(name, str) else name)] if self.inputs[key].placed else []
        if model and self.nets != (model,):
            words += ["--model", typed(model)]
        for key, name in pictures.items():
            for one in () if self.inputs[key].placed else (name,) if isinstance(name, str) else name:
                option = flag(key)
                words += [f"{option}={one}"] if self.inputs[key].kind == "boxes" and one.startswith("-") else [option, typed(one)]
        for name, value in settings.changed(chosen).items():
            option = flag(name)
            if isinstance(value, bool):
                words.append(option if value else f"--no-{option[2:]}")
            else:
                for one in value if isinstance(value, tuple) else (value,):
                    said = short(one) if isinstance(one, float) else str(one)
                    words += [f"{option}={said}"] if isinstance(one, str) and said.startswith("-") else [option, said]
        return shlex.join(words)


@cache
def wings() -> tuple[str, ...]:
    """The wings that have at least one method."""
    return tuple(w for w in shelf.names("zorki.wings") if shelf.names(f"zorki.wings.{w}"))


def methods(wing: str) -> tuple[str, ...]:
    """The methods of a wing. Raises UnknownName for a wing that is not there."""
    shelf.take("zorki.wings", wing, "wing")
    return shelf.names(f"zorki.wings.{wing}")


@cache
def alone(wing: str) -> str | None:
    """The method that a wing's name alone means, as its `__init__.py` says (ALONE)."""
    methods(wing)
    found: str | None = getattr(importlib.import_module(f"zorki.wings.{wing}"), "ALONE", None)
    return found


def method(wing: str, name: str | None = None) -> Method:
    """name: not given: the one that the wing's name alone means. Raises UnknownName for a wing or a method that is not there."""
    known = methods(wing)
    name = alone(wing) if name is None else name
    if name is None:
        raise UnknownName(f"{wing} is a wing, and no method is named.", f"It has {', '.join(known)}.", "Name one of them.")
    module = shelf.take(f"zorki.wings.{wing}", name, f"{wing} method")
    gives: Given = getattr(module, "GIVES", "drawn" if inspect.isgeneratorfunction(module.run) else "measured")
    return Method(
        wing, name, module.__doc__ or "", module.INPUTS, module.Settings, module.PRESETS, getattr(module, "ALSO", {}), module.run, module.NETS, gives,
        getattr(module, "page", None), getattr(module, "WORDS", False), getattr(module, "TASK", None), getattr(module, "ENDING", ""),
        getattr(module, "FILES", {}), getattr(module, "TABLE", {}), getattr(module, "summed", None), getattr(module, "film", None),
        getattr(module, "report", None), getattr(module, "LISTS", ""), getattr(module, "listed", None), name == alone(wing),
        getattr(module, "refuse", None),
    )  # fmt: skip
