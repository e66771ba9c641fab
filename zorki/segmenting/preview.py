"""What a set is, to be looked at before anything is learnt: pictures with their masks laid over, and the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as Set_
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zorki import blocks, io
from zorki.core.seeds import seed_for
from zorki.core.void import VOID
from zorki.segmenting.sets import Set
from zorki.segmenting.table import Table, percent, rgb

COUNT = 6  # pictures shown
AMONG = 24  # masks looked at to find such that show all classes
SIDE = 320  # a picture's longer side
COVER = 0.55  # of the colour over the picture
SWATCH, LINE = 14, 460  # of the legend: a field's side, a line's width
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Preview:
    """blocks: for a page. picture: (h, w, 3) uint8, the same as one picture, for preview.jpg."""

    blocks: tuple[blocks.Block, ...]
    picture: Pixels


def preview(data: Set, count: int = COUNT, seed: int = 0) -> Preview:
    """Shows a few of a set's pictures, each beside what its mask says, and the table: value, class, name, colour, share of the pixels.

    The pictures are chosen so that rare classes are seen too; the same seed shows the same. Raises as `Set.pair`.
    """
    pairs = ((example.picture.name, *data.pair(example)) for example in chosen(data, count, seed))
    return shown_of(((name, np.moveaxis(picture.numpy(), 0, -1), numbers.numpy()) for name, picture, numbers in pairs), data.table)


def shown_of(pairs: Iterable[tuple[str, npt.NDArray[np.float32], npt.NDArray[np.uint8]]], table: Table, absent: bool = True) -> Preview:
    """The same of pictures at hand: of each its name, (h, w, c) in 0..1, and (h, w) class numbers with VOID. absent: classes are listed also where there
    is nothing of them."""
    tiles, captions = [], []
    for name, picture, numbers in pairs:
        shown, small = fitted(picture, numbers)
        tiles.append(np.concatenate([np.rint(255 * shown).astype(np.uint8), laid_over(shown, small, table)], axis=1))
        captions.append(f"{name}: {content(numbers, table)}")
    sheet = io.sheet(tiles, captions, columns=2 if len(tiles) > 1 else 1)
    counts = (*(table.pixels or (1,) * len(table.values)), 1)  # void, the last row, is there or is none
    rows = [row for row, n in zip(table.rows(), counts, strict=False) if n or absent]
    key = legend(rows, table, max(LINE, sheet.shape[1]))
    wide = max(sheet.shape[1], key.shape[1])
    picture_ = np.concatenate([np.pad(p, ((0, 0), (0, wide - p.shape[1]), (0, 0)), constant_values=255) for p in (sheet, key)])
    grid = blocks.Grid(
        tuple(
            blocks.Tile(t, c, f"A picture, and beside it its mask in colours over it. {c}") for t, c in zip(tiles, captions, strict=True)
        ),
        "Some of the pictures, and beside each what its mask says, in the colours of the classes; hatched is void. Do they fit?",
        tile_width=300,
    )
    listed = blocks.Table(
        ["stored as", "class", "name", "colour", "share of the pixels"],
        rows,
        " ".join(table.said) or "What the masks hold, and what it means.",
    )
    return Preview((grid, listed), picture_)


def chosen(data: Set, count: int, seed: int) -> list[io.Example]:
    """A few examples, drawn by the seed; of two dozen drawn, those first that show a class which none before them shows."""
    order = np.random.default_rng(seed_for(seed, "preview")).permutation(len(data))[:AMONG]
    holds = {int(i): {*np.unique(data.table.numbers(io.open_mask(data.examples[i].mask))).tolist()} for i in order}
    return [data.examples[i] for i in telling(holds, count)]


def telling(holds: Mapping[int, Set_[int]], count: int) -> list[int]:
    """So many of these numbers, rising: those first that hold something which none before them does."""
    out: list[int] = []
    seen: set[int] = set()
    while len(out) < min(count, len(holds)):
        best = max((i for i in holds if i not in out), key=lambda i: len(holds[i] - seen))
        seen |= holds[best]
        out.append(best)
    return sorted(out)


def fitted(picture: npt.NDArray[np.float32], numbers: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """Both at most SIDE long, the picture with three channels: of many bands the first three, of less than three the first."""
    picture = picture[..., :3] if picture.shape[2] >= 3 else np.repeat(picture[..., :1], 3, axis=2)
    h, w = numbers.shape
    scale = min(1.0, SIDE / max(h, w))
    hw = max(1, round(h * scale)), max(1, round(w * scale))
    rows, columns = ((np.arange(n) + 0.5) * full / n for n, full in zip(hw, (h, w), strict=True))
    return io.resize(picture, hw), numbers[rows.astype(int)][:, columns.astype(int)]


def laid_over(picture: npt.NDArray[np.float32], numbers: npt.NDArray[np.integer], table: Table) -> Pixels:
    """The classes' colours over the picture in grey, void hatched. picture: (h, w, 3) 0..1; numbers: (h, w). (h, w, 3) uint8."""
    grey = picture.mean(axis=2, keepdims=True)
    out = (1 - COVER) * grey + COVER * table.palette[numbers] / np.float32(255)
    y, x = np.indices(numbers.shape)
    hatched = (numbers == VOID) & ((x + y) // 3 % 2 == 0)
    covered: Pixels = np.rint(255 * np.clip(np.where(hatched[..., None], 1 - grey, out), 0, 1)).astype(np.uint8)
    return covered


def content(numbers: npt.NDArray[np.uint8], table: Table, most: int = 4) -> str:
    """What a mask holds, the largest first: road 31 %, building 25 % …"""
    often = np.bincount(numbers.ravel(), minlength=256) / numbers.size
    order = [int(n) for n in np.argsort(-often, kind="stable") if often[n]]
    said = [f"{'void' if n == VOID else table.names[n]} {percent(float(often[n]))}" for n in order[:most]]
    return ", ".join(said) + (" …" if len(order) > most else "")


def legend(rows: Sequence[tuple[str, str, str, str, str]], table: Table, wide: int) -> Pixels:
    """(h, wide, 3) of rows of the table: a field of its colour before each class, with its share; in columns where there is room."""
    columns = max(1, wide // LINE)
    cells = []
    for value, n, name, colour, share in rows:
        text = io.lettered(f"{value} → {name}, {'class ' + n if n else 'counts nowhere'}, {share}", LINE - SWATCH - 22)
        cell = np.full((max(SWATCH, len(text)) + 6, LINE, 3), 255, np.uint8)
        cell[2 : 2 + SWATCH, 8 : 8 + SWATCH] = 120
        cell[3 : 1 + SWATCH, 9 : 7 + SWATCH] = rgb(colour) if colour else table.palette[VOID]
        cell[: len(text), 16 + SWATCH : 16 + SWATCH + text.shape[1]] = text
        cells.append(cell)
    high = max(len(c) for c in cells)
    deep = -(-len(cells) // columns)
    out = np.full((deep * high + 8, wide, 3), 255, np.uint8)
    for k, cell in enumerate(cells):
        y, x = k % deep * high, k // deep * LINE
        out[y : y + len(cell), x : x + LINE] = cell
    return out
