"""What a run was taught on: what is located, and which pictures it learnt from and was held against. A file in its folder."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from zorki import io
from zorki.core.errors import InputError
from zorki.locating.boxed import Boxed
from zorki.locating.sets import Classes, Set

FILE = "data.json"
Mark = tuple[str, int]


@dataclass(frozen=True)
class Record:
    """train, val: of each picture its name and how many bytes it has, by which it is known wherever the folder lies by now. decided: why
    settings that nobody asked for are as they are, by the setting. ids: the number that the data had for each class."""

    classes: Classes
    train: tuple[Mark, ...]
    val: tuple[Mark, ...]
    decided: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, int] = field(default_factory=dict)

    def parts(self, data: Boxed) -> dict[str, tuple[io.Example, ...]]:
        """What was learnt from and what was held back, as "train" and "val"; nothing where not all of it is among these data."""
        there: dict[Mark, list[io.Example]] = {}
        for examples in data.parts.values():
            for example in examples:
                there.setdefault(marked(example), []).append(example)
        if any(count > len(there.get(one, ())) for one, count in Counter([*self.train, *self.val]).items()):
            return {}
        return {name: tuple(there[one].pop(0) for one in some) for name, some in (("train", self.train), ("val", self.val))}


def marked(example: io.Example) -> Mark:
    return example.picture.name, example.picture.stat().st_size


def write(folder: Path, train: Set, val: Set, decided: Mapping[str, str] | None = None, ids: Mapping[str, int] | None = None) -> None:
    """Into the run folder, whole or not at all. Raises Stopped, InputError."""
    parts = {name: [marked(e) for e in part.examples] for name, part in (("train", train), ("val", val))}
    said = {"classes": train.classes.to_dict(), **parts, "decided": dict(decided or {}), "ids": dict(ids or {})}
    io.atomic_write(folder / FILE, json.dumps(said, ensure_ascii=False) + "\n")


def read(folder: Path) -> Record | None:
    """None where a run has none. Raises InputError for a damaged one."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
        train, val = (tuple((str(name), int(size)) for name, size in found[part]) for part in ("train", "val"))
        decided = {str(k): str(v) for k, v in found.get("decided", {}).items()}
        return Record(Classes.of(found["classes"]), train, val, decided, {str(k): int(v) for k, v in found.get("ids", {}).items()})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise InputError(
            f"{folder / FILE} cannot be read: {str(e)!r}.", "It says what the run was taught on.", "Take another run, or train anew."
        ) from e
