"""How a training went, from its lines of figures: curves for a page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from zorki import blocks
from zorki.train.plan import Plan

PARTS = 5  # of a loss, beside their sum


def curve(
    rows: Sequence[Mapping[str, Any]], names: Mapping[str, str], y_label: str, sentence: str, log_y: bool = False
) -> blocks.Curve | None:
    """Figures over the steps at which they were written; names: what a figure is called in the lines → on the page. None where no line has any."""
    there = [row for row in rows if any(finite(row.get(key)) for key in names)]
    series = {title: [number(row.get(key)) for row in there] for key, title in names.items() if any(finite(row.get(key)) for row in there)}
    return blocks.Curve(series, "step", y_label, sentence, x=[row["step"] for row in there], log_y=log_y) if series else None


def losses(rows: Sequence[Mapping[str, Any]], judged: Sequence[str] = ()) -> blocks.Curve | None:
    """The loss, and its parts where it has several. judged: figures that are no parts of it."""
    there = dict.fromkeys(key for row in rows for key, value in row.items() if finite(value))
    found = [key for key in there if key not in ("step", "loss", "worth", *judged)]
    names = {key: key.replace("_", " ") for key in ("loss", *(found[:PARTS] if len(found) > 1 else ()))}
    return curve(rows, names, "loss", "What the training makes small: means since the last line.")


def rate(config: Mapping[str, Any], upto: int) -> blocks.Curve | None:
    """The size of an update, as the plan in a run's config has it; None of a run without a plan."""
    if "steps" not in config or "rate" not in config:
        return None
    plan = Plan(steps=config["steps"], rate=config["rate"], warm=config.get("warm", Plan.warm))
    steps = sorted({round(i * plan.steps / 200) for i in range(201)})
    done = [plan.rate * plan.share(step) if step <= upto else math.nan for step in steps]
    whole = {"done": done, "to come": [plan.rate * plan.share(step) for step in steps]} if upto < plan.steps else {"rate": done}
    return blocks.Curve(whole, "step", "rate", "The size of an update: it rises, then falls along a cosine.", x=steps)


def finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def number(value: Any) -> float:
    return float(value) if finite(value) else math.nan
