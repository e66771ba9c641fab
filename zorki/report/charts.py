"""Where lines, ticks and bars lie. Lines are in 0..1000, y downwards; the template stretches them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from zorki import blocks
from zorki.report.typography import number

__all__ = ["Column", "Line", "Plot", "Tick", "Whisker", "columns", "lengths", "numeric_columns", "plot", "row_shares", "whiskers"]

MOST_POINTS = 800  # finer than a screen shows
POINT = tuple[float, float]


@dataclass(frozen=True)
class Tick:
    at: float
    "percent from the left, or from the top"
    text: str


@dataclass(frozen=True)
class Line:
    name: str
    path: str
    "an SVG path; a gap begins a new stroke"
    story: str
    "its first and last value, for who cannot see it"


@dataclass(frozen=True)
class Plot:
    lines: tuple[Line, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def plot(curve: blocks.Curve) -> Plot | None:
    """None if there is not one finite value."""
    measure = log10 if curve.log_y else float
    places = {name: curve.x[name] if isinstance(curve.x, Mapping) else curve.x for name in curve.series}
    series = {name: [(x, measure(y)) for x, y in pairs(places[name], values)] for name, values in curve.series.items()}
    seen = [point for points in series.values() for point in points if finite(point)]
    if not seen:
        return None
    left, right = span([x for x, _ in seen], margin=0)
    low, high = span([y for _, y in seen], margin=0.04, alone=1.0 if curve.log_y else None)

    def place(x: float, y: float) -> str:
        return f"{1000 * (x - left) / (right - left):.1f} {1000 * (high - y) / (high - low):.1f}"

    lines = tuple(Line(name, path(thin(points), place), story(curve.series[name])) for name, points in series.items())
    y_marks = decades(low, high) if curve.log_y else [(v, number(v)) for v in steps(low, high, 5)]
    return Plot(
        lines,
        tuple(Tick(100 * (v - left) / (right - left), number(v)) for v in steps(left, right, 6)),
        tuple(Tick(100 * (high - v) / (high - low), text) for v, text in y_marks),
    )


def pairs(xs: Sequence[float] | None, ys: Sequence[float]) -> Iterable[POINT]:
    return zip((float(x) for x in (range(len(ys)) if xs is None else xs)), (float(y) for y in ys), strict=True)


def log10(y: float) -> float:
    return math.log10(y) if y > 0 else math.nan


def finite(point: POINT) -> bool:
    return all(abs(v) < 1e300 for v in point)  # also false for NaN; beyond it distances would overflow


def span(values: Sequence[float], margin: float, alone: float | None = None) -> tuple[float, float]:
    """Lowest and highest with a margin. Where all are one value it lies in the middle, `alone` (else half of itself) from either end."""
    low, high = min(values), max(values)
    room = (high - low) * margin
    if high - low <= max(1e-12 * max(abs(low), abs(high)), 1e-300):
        room = alone or 0.5 * (abs(high) if abs(high) > 1e-300 else 1.0)
    return low - room, high + room


def steps(low: float, high: float, about: int) -> list[float]:
    """Round numbers (1, 2, 5 times a power of ten) between low and high."""
    rough = (high - low) / about
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * n for n in (1, 2, 5, 10) if unit * n >= rough * 0.999)
    return [round(n * step, 12 - math.floor(math.log10(step))) for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


def decades(low: float, high: float) -> list[tuple[float, str]]:
    """Ticks for a logarithmic axis, low and high being powers of ten."""
    low, high = max(low, -307.0), min(high, 308.0)  # what a float can hold
    if high <= low:  # all below that
        return []
    if high - low < 1.5:
        return [(math.log10(v), number(v)) for v in steps(10**low, 10**high, 5) if v > 0]
    stride = math.ceil((high - low) / 6)
    return [(float(n), number(10.0**n)) for n in range(math.ceil(low), math.floor(high) + 1, stride)]


def thin(points: Sequence[POINT]) -> list[POINT]:
    """Of long series the lowest and the highest point of each stretch: peaks stay. A stretch without a finite value stays a gap."""
    if len(points) <= MOST_POINTS:
        return list(points)
    size = -(-2 * len(points) // MOST_POINTS)
    kept: list[POINT] = []
    for start in range(0, len(points), size):
        good = [p for p in points[start : start + size] if finite(p)]
        ends = {min(good, key=lambda p: p[1]), max(good, key=lambda p: p[1])} if good else {points[start]}
        kept += sorted(ends)
    return kept


def path(points: Sequence[POINT], place: Callable[[float, float], str]) -> str:
    strokes: list[list[str]] = [[]]
    for point in points:
        if finite(point):
            strokes[-1].append(place(*point))
        elif strokes[-1]:
            strokes.append([])
    # A lone point becomes a stroke without length: its round ends make a dot.
    return "".join(f"M{'L'.join(s if len(s) > 1 else s * 2)}" for s in strokes if s)


def story(values: Sequence[float]) -> str:
    good = [float(v) for v in values if math.isfinite(v)]
    return f"from {number(good[0])} to {number(good[-1])}" if good else "without a value"


def lengths(bars: blocks.Bars) -> list[tuple[str, float, float]]:
    """Name, value, and percent of the full length."""
    full = longest(bars)
    shares = [round(100 * max(0.0, value) / full, 2) if full > 0 and math.isfinite(value) else 0.0 for _, value in bars.rows]
    return [(name, value, share) for (name, value), share in zip(bars.rows, shares, strict=True)]


def longest(bars: blocks.Bars) -> float:
    """What the full length stands for."""
    values = [value for _, value in bars.rows] + [end for span in bars.spans if span for end in span]
    return max([value for value in values if math.isfinite(value)] + [100.0 if bars.unit == "%" else 0.0])


@dataclass(frozen=True)
class Whisker:
    """From where to where a figure may lie; start and length in percent of the full length."""

    low: float
    high: float
    start: float
    length: float


def whiskers(bars: blocks.Bars) -> list[Whisker | None]:
    """One for each bar that has a span."""
    full = longest(bars)

    def placed(span: tuple[float, float] | None) -> Whisker | None:
        if span is None or full <= 0 or not all(map(math.isfinite, span)):
            return None
        start, end = (100 * min(max(0.0, edge), full) / full for edge in span)
        return Whisker(*span, round(start, 2), round(end - start, 2))

    return [placed(span) for span in bars.spans] or [None] * len(bars.rows)


def row_shares(matrix: blocks.Matrix) -> list[list[float | None]]:
    """Each cell in percent of its row; of a row without any, None."""
    sums = [float(sum(row)) for row in matrix.counts]
    return [[100 * float(n) / total if total > 0 else None for n in row] for row, total in zip(matrix.counts, sums, strict=True)]


@dataclass(frozen=True)
class Column:
    """A part of a reliability diagram; all in percent. left and width: of the diagram; height: its share against the largest share."""

    left: float
    width: float
    confidence: float
    accuracy: float
    share: float
    height: float


def columns(block: blocks.Reliability) -> list[Column]:
    """The parts, a little apart."""
    count, most = len(block.share), max(block.share) or 1.0
    wide = 100 / count
    of_each = zip(block.confidence, block.accuracy, block.share, strict=True)
    return [
        Column(round(i * wide + 0.08 * wide, 2), round(0.84 * wide, 2), 100 * sure, 100 * right, 100 * share, 100 * share / most)
        for i, (sure, right, share) in enumerate(of_each)
    ]


def numeric_columns(table: blocks.Table) -> list[bool]:
    columns = [[row[n] for row in table.rows] for n in range(len(table.columns))]
    return [bool(cells) and not any(isinstance(cell, str | blocks.Swatch) for cell in cells) for cells in columns]
