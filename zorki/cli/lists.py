"""Commands that list: layers of a network, cards of the networks that are there; and the one that fetches a network."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from zorki.cli import streams, terminal
from zorki.core import events as happenings
from zorki.core.errors import InputError, SomeFailed
from zorki.core.numbers import sides
from zorki.core.spelling import on_command_line
from zorki.jobs import interrupt
from zorki.jobs.options import NET
from zorki.weights.cards import DEFAULT

if TYPE_CHECKING:
    from rich.table import Table

    from zorki.weights import Card

HELP = {o.name: o.help for o in NET}
WIDE = 1000  # characters: a line that another program reads is not broken
models = App(name="models", help="The networks that Zorki ships and knows, as cards; `get` fetches one.")


def layers(
    *,
    model: Annotated[str, Parameter(help=HELP["model"])] = DEFAULT,
    weights: Annotated[str | None, Parameter(help=HELP["weights"], show_default=False)] = None,
    side: Annotated[str | None, Parameter(help=HELP["side"], show_default=False)] = None,
    size: Annotated[int | None, Parameter(help="side of the picture that shapes are given for", show_default=False)] = None,
    json_: Annotated[bool, Parameter(name="--json", negative=(), help="a list on stdout")] = False,
) -> None:
    """What a network has: name, kind, output shape, receptive field, parameters, multiply-adds."""
    expected = sides(side)  # before torch is loaded: a wrong option is told at once
    from zorki import jobs

    net = jobs.load(model, weights=weights, side=expected)
    table = net.layers(None if size is None else (size, size))
    if not list(table):
        print(
            f"{streams.printable(net.name)} shows no layers: it is a TorchScript file, or has none. It can be asked what speaks for a class, by zorki see attribution --method gradient.",
            file=sys.stderr,
        )
    streams.say(json.dumps(table.json()) if json_ else table)


@models.default
def cards(
    *names: Annotated[str, Parameter(name="NAME", help="the card of this network; not given: all of them in a table")],
    json_: Annotated[bool, Parameter(name="--json", negative=(), help="a list on stdout")] = False,
) -> None:
    """The networks that Zorki ships and knows, and those in your own folder: what each is, how good, and how to get it."""
    from zorki import weights

    found, failed = [], []
    with happenings.listen(terminal.Plain(), on_command_line):
        for name in names or weights.names():
            try:
                found.append(weights.card(name))
            except InputError as e:
                if names:
                    raise
                failed.append((name, e.written))
    if json_:
        streams.say(json.dumps([c.json() for c in found]))
    elif names:
        for i, card in enumerate(found):
            show(written(card), space=i > 0)
    else:
        show(listed(found))
        streams.say(f"\n{legend(found)}")
    if failed:
        raise SomeFailed(
            f"{len(failed)} of {len(found) + len(failed)} cards cannot be read.",
            "The others are shown.",
            "Mend these, or take them away:",
            failed,
        )


@models.command
def get(
    name: Annotated[str, Parameter(help="a network that `zorki models` lists")],
    /,
    *,
    json_: Annotated[bool, Parameter(name="--json", negative=(), help="one JSON value on stdout, at the end")] = False,
    events: Annotated[str | None, Parameter(help="a file that gets JSON lines while it works", show_default=False)] = None,
    quiet: Annotated[bool, Parameter(negative=(), help="no progress")] = False,
) -> None:
    """Fetch a network's official weight file, and print where it lies. What is here already is kept."""
    began = time.monotonic()
    from zorki import weights

    weights.card(name)  # a wrong name is told before anything is opened
    fetch = weights.get  # imported here, where Ctrl-C ends the process at once
    try:
        with interrupt.handled(once), terminal.watched(quiet, events):
            path = str(fetch(name))
    except KeyboardInterrupt as stop:
        raise interrupt.said(stop, "Nothing of the file was kept.") from None
    answer = {"command": ["models", "get"], "out": [path], "seconds": round(time.monotonic() - began, 3)}
    terminal.answer([path], answer if json_ else None)


def once(number: int, *_: Any) -> None:
    """Ctrl-C stops the fetching; one more must not stop the tidying up."""
    interrupt.over()
    interrupt.stop(number)


def written(card: Card) -> Table:
    """One card, a line or more for each thing that is said of it."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")  # a path or an address is shown to its end
    for what, said in card.rows():
        table.add_row(what, said)
    return table


def listed(found: Sequence[Card]) -> Table:
    """All cards, a row each."""
    from rich import box
    from rich.table import Table

    from zorki.weights.cards import megabytes

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("name", style="bold", no_wrap=True)
    table.add_column("what", overflow="fold")
    table.add_column("accuracy", justify="right", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("where", no_wrap=True)
    for card in found:
        accuracy = "" if card.accuracy is None else f"{card.accuracy:.1%} {mark(card):1}"
        size = card.file.stat().st_size if card.installed else card.bytes
        row = (card.name, card.title, accuracy, megabytes(size) if size else "", state(card))
        table.add_row(*row, style=None if card.installed else "dim")
    return table


def mark(card: Card) -> str:
    return "m" if card.measured else "p" if card.published else ""


def state(card: Card) -> str:
    if card.installed:
        return "here"
    return "pip" if card.package else "get" if card.url else "missing"


def legend(found: Sequence[Card]) -> str:
    """What the marks mean, and what to type next."""
    states, marks = {state(c): c for c in found}, {mark(c) for c in found if c.accuracy is not None}
    said = [words for m, words in (("m", "m measured by us"), ("p", "p published elsewhere")) if m in marks]
    lines = [f"accuracy, each on its own pictures: {', '.join(said)}"] if said else []
    lines += ["get: zorki models get NAME"] if "get" in states else []
    lines += [f"pip: {states['pip'].missing}"] if "pip" in states else []
    return "\n".join([*lines, "A whole card: zorki models NAME"])


def show(table: Table, space: bool = False) -> None:
    """Prints it as wide as the terminal; without empty lines around it, and without blanks at the ends of lines."""
    from rich.console import Console

    console = Console(file=streams.ours(), markup=False, emoji=False, highlight=False)  # 'zorki[imagenet]' is no markup
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDE
    with console.capture() as kept:
        console.print(table)
    lines = [line.rstrip() for line in kept.get().splitlines()]
    streams.say("\n" * space + "\n".join(lines).strip("\n"))
