"""Commands that list: layers of a network, cards of the networks that are there."""

from __future__ import annotations

import json
from typing import Annotated

from cyclopts import Parameter


def layers(
    *,
    model: Annotated[str, Parameter(help="a shipped name, or file.py:function that returns an nn.Module")] = "eye",
    weights: Annotated[str | None, Parameter(help="a state dict for it")] = None,
    size: Annotated[int | None, Parameter(help="side of the picture that shapes are given for")] = None,
    json_: Annotated[bool, Parameter(name="--json", negative=(), help="a list on stdout")] = False,
) -> None:
    """What a network has: name, kind, output shape, receptive field, parameters, multiply-adds."""
    from zorki import studio

    table = studio.load(model, weights_file=weights).layers(None if size is None else (size, size))
    print(json.dumps(table.json()) if json_ else table)


def models(
    name: Annotated[str | None, Parameter(help="one network's card")] = None,
    /,
    *,
    json_: Annotated[bool, Parameter(name="--json", negative=(), help="a list on stdout")] = False,
) -> None:
    """The networks that Zorki ships, as cards: licence, data, teachers, figures, what they are not fit for."""
    from zorki import weights

    cards = [weights.card(name)] if name else [weights.card(n) for n in weights.names()]
    if json_:
        print(json.dumps([c.json() for c in cards]))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    for card in cards:
        table = Table(box=box.SIMPLE_HEAD, show_header=False, pad_edge=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column()
        for what, said in card.rows():
            table.add_row(what, said)
        Console().print(table)
