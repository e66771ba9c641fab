"""Settings and tables as TOML, which Python reads but does not write."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def to_toml(data: Mapping[str, Any], at: str = "") -> str:
    """Numbers, words, truths and lists of them, which JSON and TOML write alike; below them tables, and lists of tables. None is left out."""
    tables = {k: v for k, v in data.items() if isinstance(v, Mapping)}
    rows = {k: v for k, v in data.items() if isinstance(v, Sequence) and not isinstance(v, str) and v and isinstance(v[0], Mapping)}
    text = "".join(f"{key(k)} = {value(v)}\n" for k, v in data.items() if k not in tables and k not in rows and v is not None)
    for k, table in tables.items():
        text += f"\n[{at}{key(k)}]\n" + to_toml(table, f"{at}{key(k)}.")
    for k, several in rows.items():
        text += "".join(f"\n[[{at}{key(k)}]]\n" + to_toml(one, f"{at}{key(k)}.") for one in several)
    return text


def key(name: str) -> str:
    return name if name.isascii() and name.replace("_", "").replace("-", "").isalnum() else value(name)


def value(v: Any) -> str:
    return json.dumps(v, ensure_ascii=False).replace("\x7f", "\\u007f")
