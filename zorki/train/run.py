"""What a training gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


class Verdict(Protocol):
    """What came of it on pictures that were held back."""

    @property
    def learnt(self) -> bool:
        """Whether it is better than what is said without looking, by more than chance."""

    def plain(self) -> dict[str, Any]:
        """For --json: numbers, and none for what is absent."""


@dataclass(frozen=True)
class Run:
    """What was learnt: the run folder, which is a --model, its card, and what came of it on pictures that were held back."""

    folder: Path
    card: Mapping[str, Any]
    found: Any

    def answer(self) -> dict[str, object]:
        """What --json gives."""
        return {**self.found.plain(), "classes": list(self.card["classes"])}

    def lines(self) -> list[str]:
        """What the command prints."""
        said = [f"{what}: {text}" for what, text in self.card["figures"].items()]
        return [*said, f"zorki {self.card['task']} predict PHOTO --model {self.folder}"]
