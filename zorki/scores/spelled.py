"""Figures as a person reads them, and as programs do; of what there is nothing of, a nan says so."""

from __future__ import annotations

import math

Span = tuple[float, float]
BAR = 24  # letters of a full bar
EIGHTHS = " ▏▎▍▌▋▊▉"


def percent(value: float) -> str:
    """Of a share: 87.3 %."""
    return "–" if math.isnan(value) else f"{100 * value:.1f} %"


def between(span: Span | None) -> str:
    """84.1 to 89.9, in percent; nothing of no span."""
    return "" if span is None or math.isnan(span[0]) else f"{100 * span[0]:.1f} to {100 * span[1]:.1f}"


def range_of(span: Span | None) -> str:
    """84.1–89.9: the same for a cell of a table, which breaks nowhere."""
    return between(span).replace(" to ", "–")


def rounded(value: float) -> float | None:
    """For programs: six digits, None for what there is nothing of."""
    return None if math.isnan(value) else round(float(value), 6)


def row(title: str, value: float, span: Span | None, wide: int, bar: bool) -> str:
    """For a terminal: mIoU   87.3 %  84.1 to 89.9  ████████"""
    return f"{title:{wide}}  {aligned(value)}  {between(span):13}  {drawn(value) if bar else ''}".rstrip()


def aligned(value: float) -> str:
    """A percentage under others."""
    return "     –" if math.isnan(value) else f"{100 * value:5.1f} %"


def drawn(value: float) -> str:
    """A bar in eighths of a letter."""
    if math.isnan(value):
        return ""
    eighths = round(8 * BAR * min(1.0, max(0.0, value)))
    return "█" * (eighths // 8) + (EIGHTHS[eighths % 8] if eighths % 8 else "")
