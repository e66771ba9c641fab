"""What a net has: its layers, as a list that shows itself as a table."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import overload

from zorki.lens.field import ReceptiveField


@dataclass(frozen=True)
class Layer:
    """One call of one module in a forward pass.

    name: dotted, as the net's own `named_modules` gives it; with ":0", ":1" … when the module runs several times.
    shape: of the output without the batch, (c, h, w) for maps. receptive_field: None where a unit sees the whole
    picture (or it cannot be told). parameters: of the module and all inside it. macs: multiply-adds of its
    convolutions and linear layers for one picture. calls: how often the module runs in one pass.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    receptive_field: ReceptiveField | None
    parameters: int
    macs: int
    calls: int

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        field = self.receptive_field
        sees = "all" if field is None else f"{by(field.size)} px, every {by(field.stride)}"
        return self.name, self.kind, " × ".join(map(str, self.shape)), sees, short(self.parameters), short(self.macs)


class Layers(tuple[Layer, ...]):
    """Layers in the order in which they run. parameters, macs: of the whole net, each counted once."""

    parameters: int
    macs: int
    head = ("layer", "kind", "shape", "sees", "parameters", "multiply-adds")
    right = (False, False, False, False, True, True)

    def __new__(cls, layers: Iterable[Layer] = (), parameters: int = 0, macs: int = 0) -> Layers:
        self = super().__new__(cls, layers)
        self.parameters, self.macs = parameters, macs
        return self

    @overload  # type: ignore[override]
    def __getitem__(self, key: int) -> Layer: ...
    @overload
    def __getitem__(self, key: slice) -> Layers: ...
    def __getitem__(self, key: int | slice) -> Layer | Layers:
        if isinstance(key, slice):
            return Layers(super().__getitem__(key), self.parameters, self.macs)
        return super().__getitem__(key)

    def __getnewargs__(self) -> tuple[tuple[Layer, ...], int, int]:
        return tuple(self), self.parameters, self.macs

    def rows(self) -> list[tuple[str, ...]]:
        """The cells of the table, the last row the sum."""
        return [*(layer.cells() for layer in self), ("in all", "", "", "", short(self.parameters), short(self.macs))]

    def json(self) -> list[dict[str, object]]:
        """One plain object a layer, as `zorki layers --json` prints it."""
        return [asdict(layer) for layer in self]

    def __str__(self) -> str:
        rows = [self.head, *self.rows()]
        widths = [max(len(row[c]) for row in rows) for c in range(len(self.head))]
        return "\n".join(
            "  ".join(
                cell.rjust(width) if right else cell.ljust(width) for cell, width, right in zip(row, widths, self.right, strict=True)
            ).rstrip()
            for row in rows
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        def row(cells: Iterable[str], tag: str) -> str:
            styles = ("text-align:right" if right else "text-align:left" for right in self.right)
            return "".join(f'<{tag} style="{s}">{html.escape(cell)}</{tag}>' for cell, s in zip(cells, styles, strict=True))

        body = "".join(f"<tr>{row(cells, 'td')}</tr>" for cells in self.rows())
        return f"<table><thead><tr>{row(self.head, 'th')}</tr></thead><tbody>{body}</tbody></table>"


def by(pair: tuple[float, float]) -> str:
    """(3, 3) → "3"; (3, 5) → "3 × 5"."""
    return f"{pair[0]:g}" if pair[0] == pair[1] else f"{pair[0]:g} × {pair[1]:g}"


def short(n: int) -> str:
    """1814073344 → "1.81 G"."""
    for factor, unit in ((10**15, " P"), (10**12, " T"), (10**9, " G"), (10**6, " M"), (10**3, " k")):
        if n >= factor:
            return f"{n / factor:.3g}{unit}"
    return str(n)
