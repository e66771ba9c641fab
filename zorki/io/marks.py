"""By what the pictures that a run learnt from and was judged on are known again, wherever their folder lies by now: a file in the run's folder."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from zorki.core.errors import InputError
from zorki.io.disk import atomic_write
from zorki.io.labelled import Example
from zorki.io.splitting import Part

FILE = "data.json"
Mark = tuple[str, int]
T = TypeVar("T")


@dataclass(frozen=True)
class Marks:
    """train, val: of each picture its name and how many bytes it has. decided: why settings that nobody asked for are as they are, by the setting."""

    train: tuple[Mark, ...]
    val: tuple[Mark, ...]
    decided: Mapping[str, str]

    def among(self, parts: Iterable[Iterable[Example]]) -> dict[str, Part]:
        """What was learnt from and what was held back, as "train" and "val"; nothing where not all of it is among these."""
        there: dict[Mark, list[Example]] = {}
        for examples in parts:
            for example in examples:
                there.setdefault(marked(example), []).append(example)
        if any(count > len(there.get(one, ())) for one, count in Counter([*self.train, *self.val]).items()):
            return {}
        return {name: tuple(there[one].pop(0) for one in some) for name, some in (("train", self.train), ("val", self.val))}


def marked(example: Example) -> Mark:
    return example.picture.name, example.picture.stat().st_size


def write(folder: Path, train: Sequence[Example], val: Sequence[Example], decided: Mapping[str, str] | None = None, **more: Any) -> None:
    """Into the run folder, whole or not at all. more: plain data. Raises Stopped, InputError."""
    parts = {name: [marked(e) for e in some] for name, some in (("train", train), ("val", val))}
    atomic_write(folder / FILE, json.dumps({**more, **parts, "decided": dict(decided or {})}, ensure_ascii=False) + "\n")


def read(folder: Path, made: Callable[..., T]) -> T | None:
    """made: of train, val, decided and all that stands there. None where a run has none. Raises InputError for a damaged one."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
        train, val = (tuple((str(name), int(size)) for name, size in found[part]) for part in ("train", "val"))
        return made(train, val, {str(k): str(v) for k, v in found.get("decided", {}).items()}, found)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise InputError(
            f"{folder / FILE} cannot be read: {str(e)!r}.", "It says what the run was taught on.", "Take another run, or train anew."
        ) from e
