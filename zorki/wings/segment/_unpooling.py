"""How pooling is undone, in words, in numbers side by side, and as a picture of what each way makes of something smooth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import zorki
from zorki import blocks
from zorki.segmenting import unpooling
from zorki.segmenting.unpooling import Map, Pooled, Term, Transposed

SIDE, TIMES = 12, 3  # of the disc that is enlarged, and how often it is doubled
ONES = np.ones((3, 3), np.float64)
GAP = 4  # letters between maps


@dataclass(frozen=True, eq=False, repr=False)
class Shown:
    """given: as it was typed. found: its pooling, None of what pooling left already. small: what is brought back. painted: by a transposed convolution with the
    kernel."""

    given: Map
    kernel: Map
    found: Pooled | None
    small: Map
    painted: Transposed

    def answer(self) -> dict[str, object]:
        """What --json gives."""
        padding = unpooling.padding(len(self.kernel))
        pooled = {} if self.found is None else {"pooled": listed(self.small), "switches": self.found.switches.tolist()}
        return pooled | {
            "input": listed(self.given),
            "nearest": listed(unpooling.copied(self.small)),
            "by_switches": None if self.found is None else listed(unpooling.switched(self.found)),
            "kernel": listed(self.kernel),
            "stride": unpooling.STRIDE,
            "padding": padding[0],
            "output_padding": padding[1],
            "transposed": listed(self.painted.values),
            "sums": [[[[t.value, t.weight] for t in one] for one in row] for row in self.painted.terms],
            "overlaps": self.painted.overlaps.tolist(),
            "on_flat": listed(unpooling.on_flat(self.kernel)),
            "checkerboard": not unpooling.even(self.kernel),
        }

    def lines(self) -> list[str]:
        """What the command prints."""
        ways = [("copied", texts(unpooling.copied(self.small)))]
        if self.found is None:
            first = beside([("what pooling left", texts(self.small)), *ways])
        else:
            ways.append(("by switches", texts(unpooling.switched(self.found))))
            first = beside([("the map", texts(self.given)), ("pooled, and from where", texts(self.small, where(self.found))), *ways])
        painted = beside([("the map", texts(self.small)), ("kernel", texts(self.kernel)), ("transposed", texts(self.painted.values))])
        flat = beside([("patches on each", texts(self.painted.overlaps)), ("a map of ones becomes", texts(unpooling.on_flat(self.kernel)))])
        return [
            *first, "", transposing(self.kernel), "", *painted, "", "Each number is the sum of what the patches leave there:",
            *(f"  row {i}, column {j}: {sum_of(one)}" for i, row in enumerate(self.painted.terms) for j, one in enumerate(row)),
            "", *flat, "", verdict(self.kernel), RESIZING,
        ]  # fmt: skip

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def tiles(self) -> list[blocks.Tile]:
        """What each way makes of a disc."""
        return [tile for mosaic in checkerboard(self.kernel).plates[0].mosaics for tile in mosaic.tiles]


def shown(x: Map, kernel: Map, pool: bool = True) -> Shown:
    """x: (h, w), even where it is pooled first. kernel: (k, k)."""
    found = unpooling.pooled(x) if pool else None
    small = x if found is None else found.values
    return Shown(x, kernel, found, small, unpooling.transposed(small, kernel))


RESIZING = (
    "Enlarging first and convolving then, as by copies or bilinear, has no such places: each number of the result is the sum of as many products as "
    "any other, so what is flat stays flat whatever the kernel is."
)
POOLING = (
    "The largest of each square of four is kept, with its row and column (the switch), and of the other three nothing. What is brought back has the old size, but not the old numbers: copies "
    "do not say where in its square a number stood; switches do, and leave the rest 0, which convolutions fill."
)
LEFT = (
    "This map is taken for what pooling left. Copies bring back the old size, but do not say where in its square a number stood. Switches would: of a map "
    "whose sides are even, 4 or more, they are shown."
)
SUMS = "One by one: the kernel times a number of the map, the next one two further on; what lies on the same place is added."


def transposing(kernel: Map) -> str:
    k, (padding, more) = len(kernel), unpooling.padding(len(kernel))
    return (
        f"Transposed convolution, {k} × {k} with stride 2 (padding {padding}, output padding {more}): each number paints the kernel, times itself, two apart; "
        "what lies on one another is added."
    )


def verdict(kernel: Map) -> str:
    """Whether it draws a checkerboard on what is flat, and since when."""
    flat, k = ", ".join(map(plain, unpooling.on_flat(kernel).ravel())), len(kernel)
    said = f"Of a map of ones this kernel makes {flat}, over and over (by even and odd rows and columns)"
    if unpooling.even(kernel):
        return f"{said}: all alike, so what is flat stays flat. A network has to learn just such kernels."
    odd = f": {k} is no multiple of the stride 2, so some places get more patches than others, and its numbers do not make up for it"
    return f"{said}. That is a checkerboard on what is flat{odd if k % 2 else ''}."


def page(it: Shown, command: str) -> blocks.Page:
    """What `segment explain unpooling --out unpooling.html` shows."""
    return blocks.Page(
        title="Back to full size, number by number",
        lead=f"Pooling makes a map small. {'Three' if it.found is not None else 'Two'} ways make it large again, and each can be followed with pencil and paper.",
        facts=(("command", command),),
        sections=sections(it),
        foot=f"Made by Zorki {zorki.__version__} on this machine. Nothing left it.",
    )


def section(command: str) -> blocks.Section:
    """The same with the numbers that nobody gave, as a part of another page."""
    from zorki.core.numbers import matrix
    from zorki.wings.segment.explain import Settings

    x, kernel = (np.array(matrix(text), np.float64) for text in (Settings.input, Settings.kernel))
    parts = sections(shown(x, kernel))
    said = "Pooling makes a map small. Three ways make it large again, and each can be followed with pencil and paper; with your own numbers, too."
    between = [(blocks.Note(part.lead), *part.blocks) if part.lead else part.blocks for part in parts]
    return blocks.Section(
        "unpooling", "Back to full size, number by number", said, (*(b for some in between for b in some), blocks.Note("", command=command))
    )


def sections(it: Shown) -> tuple[blocks.Section, ...]:
    """Pooling and what undoes it without a kernel; the transposed convolution; the checkerboard."""
    return (
        blocks.Section("pooling", "Copies and switches" if it.found is not None else "Copies", "", (copies(it),)),
        blocks.Section("transposed", "Transposed convolution", transposing(it.kernel), (product(it), *patches(it), sums(it))),
        blocks.Section("checkerboard", "Why a checkerboard, and how not", verdict(it.kernel), (flatness(it), checkerboard(it.kernel))),
    )


def copies(it: Shown) -> blocks.Numbers:
    """The map, what pooling leaves, and that brought back by copies and by switches."""
    colours = each(it.small)
    back = blocks.Cells("copied", texts(unpooling.copied(it.small)), tints=fourfold(colours))
    if it.found is None:
        return blocks.Numbers((blocks.Cells("what pooling left", texts(it.small), tints=colours), back), LEFT, signs=("→",))
    stood = np.full(it.found.hw, -1)
    stood[it.found.switches[..., 0], it.found.switches[..., 1]] = np.array(colours)
    own = [[None if c < 0 else int(c) for c in row] for row in stood]
    return blocks.Numbers(
        (
            blocks.Cells("the map", texts(it.given), tints=own),
            blocks.Cells("pooled", texts(it.small), where(it.found), colours),
            back,
            blocks.Cells("by switches", texts(unpooling.switched(it.found)), tints=own),
        ),
        POOLING,
        signs=("→", "→", "or"),
    )


def product(it: Shown) -> blocks.Numbers:
    maps = (
        blocks.Cells("the map", texts(it.small), tints=each(it.small)),
        blocks.Cells("kernel", texts(it.kernel)),
        blocks.Cells("transposed", texts(it.painted.values)),
    )
    return blocks.Numbers(maps, "In small the map, beside it the kernel, then what comes out, twice as large.", signs=("∗", "="))


def patches(it: Shown) -> tuple[blocks.Numbers, ...]:
    """What each number of the map paints, one by one, where these are few enough to be followed."""
    if it.small.size > 4:
        return ()
    colours = each(it.small)
    maps = tuple(painted(it, (a, b), colours[a][b]) for a in range(it.small.shape[0]) for b in range(it.small.shape[1]))
    return (blocks.Numbers(maps, SUMS, signs=("+",) * (len(maps) - 1)),)


def painted(it: Shown, at: tuple[int, int], colour: int) -> blocks.Cells:
    patch = it.painted.patch(at)
    rows = [["" if np.isnan(v) else plain(v) for v in row] for row in patch]
    tints = [[None if np.isnan(v) else colour for v in row] for row in patch]
    return blocks.Cells(f"{plain(float(it.small[at]))} paints", rows, tints=tints)


def sums(it: Shown) -> blocks.Numbers:
    """The result, and under each number its sum."""
    terms = it.painted.terms
    small = [["\n".join(factors(t) for t in one) for one in row] for row in terms]
    tints = [[None if len(one) != 1 else each(it.small)[one[0].at[0]][one[0].at[1]] for one in row] for row in terms]
    cells = blocks.Cells("and all together", texts(it.painted.values), small, tints)
    return blocks.Numbers((cells,), "Number by number: one of the map times one of the kernel, as often as patches meet there.")


def flatness(it: Shown) -> blocks.Numbers:
    flat = unpooling.on_flat(it.kernel)
    ones = np.ones((4, 4), np.float64)
    counted = blocks.Cells("patches on each", texts(it.painted.overlaps), tints=by_count(it.painted.overlaps))
    tiled = blocks.Cells("a map of ones becomes", texts(np.tile(flat, (2, 2))), tints=by_count(np.tile(flat, (2, 2))))
    resized = blocks.Cells("copied, then kernel", texts(ones * it.kernel.sum()), tints=by_count(ones))
    return blocks.Numbers((counted, tiled, resized), f"Away from the rim, where patches are missing. {RESIZING}")


def checkerboard(kernel: Map) -> blocks.Slide:
    """A disc enlarged eightfold, both ways with one kernel; with one of ones where the kernel's sum is 0."""
    total = float(kernel.sum())
    used = kernel if abs(total) > 1e-9 * float(np.abs(kernel).sum()) else ONES
    disc = smooth()
    grey = [unpooling.enlarged(disc, used, TIMES, transpose) for transpose in (True, False)]
    named = (("the disc", disc), ("transposed", grey[0]), ("copied, then convolved", grey[1]))
    mosaics = tuple(blocks.Mosaic((blocks.Tile(levels(p), name, f"A soft disc: {name}"),), name, 1, crisp=True) for name, p in named)
    words = "with the kernel above" if used is kernel else "with a kernel of ones, since the sum of the one above is 0"
    said = (
        f"A soft disc of {SIDE} × {SIDE} numbers, doubled {TIMES} times {words}, scaled so that grey stays as light as it is. Where patches overlap unevenly "
        "the pattern is drawn anew at each doubling."
    )
    return blocks.Slide((blocks.Plate("disc", "A soft disc, eight times as large", mosaics),), said)


def smooth() -> Map:
    """A disc that fades, (SIDE, SIDE) in 0..1."""
    y, x = (np.indices((SIDE, SIDE)) - (SIDE - 1) / 2) / (SIDE / 2)
    disc: Map = 0.25 + 0.6 / (1 + np.exp(9 * (np.hypot(y, x) - 0.7)))
    return disc


def levels(grey: Map) -> blocks.Pixels:
    made: blocks.Pixels = np.rint(255 * np.clip(grey, 0, 1)).astype(np.uint8)
    return made


def each(small: Map) -> list[list[int]]:
    """A colour for each number of a map."""
    return [[i * small.shape[1] + j for j in range(small.shape[1])] for i in range(small.shape[0])]


def fourfold(colours: Sequence[Sequence[int]]) -> list[list[int | None]]:
    return [[c for c in row for _ in range(2)] for row in colours for _ in range(2)]


def by_count(values: npt.NDArray[np.number[Any]]) -> list[list[int | None]]:
    """A colour for each value that there is, the smallest first."""
    order = {v: n for n, v in enumerate(sorted({round(float(v), 9) for v in values.ravel()}))}
    return [[order[round(float(v), 9)] for v in row] for row in values]


def where(found: Pooled) -> list[list[str]]:
    """Row and column of each switch, from 0."""
    return [[f"{r}, {c}" for r, c in row] for row in found.switches]


def factors(t: Term) -> str:
    return f"{plain(t.value)} · {plain(t.weight)}"


def sum_of(terms: Sequence[Term]) -> str:
    """2 · 3 + 1 · 4 = 10"""
    total = plain(sum(t.value * t.weight for t in terms))
    return f"{' + '.join(map(factors, terms))} = {total}" if terms else f"nothing is painted here: {total}"


def plain(v: float) -> str:
    """Six digits that matter."""
    return f"{float(v) + 0.0:.6g}"


def texts(values: np.ndarray, more: Sequence[Sequence[str]] = ()) -> list[list[str]]:
    """more: what stands behind each number, in brackets."""
    rows = [[plain(v) for v in row] for row in values]
    return [[f"{a} ({b})" for a, b in zip(*both, strict=True)] for both in zip(rows, more, strict=True)] if more else rows


def listed(values: Map) -> list[list[float]]:
    return [[float(v) for v in row] for row in values]


def beside(maps: Sequence[tuple[str, list[list[str]]]]) -> list[str]:
    """Maps side by side under their names, columns set to the right."""
    columns = []
    for name, rows in maps:
        wide = max(len(text) for row in rows for text in row)
        lines = [name, *("  ".join(f"{text:>{wide}}" for text in row) for row in rows)]
        columns.append([f"{line:{max(map(len, lines))}}" for line in lines])
    high = max(map(len, columns))
    filled = [column + [" " * len(column[0])] * (high - len(column)) for column in columns]
    return [(" " * GAP).join(parts).rstrip() for parts in zip(*filled, strict=True)]
