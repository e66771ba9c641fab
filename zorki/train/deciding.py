"""What a run was decided to be, as a page's section."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from zorki import blocks


def decided(config: Mapping[str, Any], why: Mapping[str, str], hidden: Collection[str] = ()) -> blocks.Section:
    """The settings of a run; first those that nobody asked for, and why they are as they are. hidden: what the page shows elsewhere."""
    rows = [(name.replace("_", " "), setting(value), why.get(name, "")) for name, value in config.items() if name not in hidden]
    rows.sort(key=lambda row: not row[2])
    said = (
        "What nobody asked for followed from the data and the time; the option of its name says it otherwise. All stands in config.toml."
        if why
        else ""
    )
    table = blocks.Table(("setting", "is", "since"), rows, "") if why else blocks.Table(("setting", "is"), [row[:2] for row in rows], "")
    return blocks.Section("decided", "What was decided", said, (table,))


def setting(value: Any) -> str:
    """As a person reads it."""
    if isinstance(value, list):
        return ", ".join(map(setting, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
