"""A run: a folder with its settings, its figures, its weights, and all that is needed to go on.

    config.toml            what was asked
    metrics.jsonl          a line of figures now and then
    last.safetensors       the moving average of the weights, as of the last writing
    best.safetensors       the same, where it was worth most
    state.ckpt             everything, to go on bit by bit as if never broken off

Every file is written beside its name and then given it, so that a kill at any moment leaves the one before.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from zorki import io
from zorki.core import events
from zorki.core.errors import InputError
from zorki.io.runs import CONFIG, FIGURES, figures
from zorki.train.plan import WORDS
from zorki.weights.cards import RUN_CARD

ENDED = "ended"  # in the last line of figures of a training that ended since it got no better: after so many looks


@dataclass(frozen=True)
class Folder:
    """Where a run lies."""

    path: Path

    @property
    def state(self) -> Path:
        return self.path / "state.ckpt"

    @property
    def metrics(self) -> Path:
        return self.path / FIGURES

    @property
    def config(self) -> Path:
        return self.path / CONFIG

    @property
    def begun(self) -> bool:
        """Whether something has been learnt: what was broken off before that begins with what is said now."""
        return self.state.exists() or self.metrics.exists()

    def asked(self) -> dict[str, Any]:
        """What config.toml says; nothing where it is not there. Raises InputError for a damaged one."""
        return dict(io.open_run(self.path).config) if self.config.exists() else {}

    def open(self, config: Mapping[str, Any], words: Mapping[str, str] | None = None, change: bool | None = None) -> None:
        """Makes the folder, or finds it with the same settings. words: of settings that are no options, what a person calls them.

        change: others are taken from here on; None: nobody can ask for that. Raises InputError for a folder of other settings, which are listed.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.path} cannot be made: {error.strerror}.", "A run is a folder.", "Choose another.") from error
        for left in self.path.glob(f"{io.disk.UNFINISHED}*"):  # by a kill in the middle of writing
            left.unlink(missing_ok=True)
        text = toml(config)
        if not self.begun or not self.config.exists():
            self.write(self.config, lambda part: part.write_text(text, encoding="utf-8"))
        elif (known := self.asked()) != (now := tomllib.loads(text)):
            other = sorted(k for k in {*known, *now} if known.get(k) != now.get(k))
            said = {**WORDS, **(words or {})}
            options = [f"--{k.replace('_', '-')}" for k in other if k not in said]
            apart = ", ".join(f"{k.replace('_', ' ')} {spelt(known.get(k))} → {spelt(now.get(k))}" for k in other)
            if not change:
                raise InputError(
                    f"{self.path} is a run with other settings: {', '.join(options or dict.fromkeys(said[k] for k in other))}.",
                    f"A run goes on with what it began with, and this would be {apart}.",
                    "Give the same settings, or another folder"
                    + ("." if change is None else ", or add --change=True: what differs is taken from here on."),
                )
            events.note(f"From here on: {apart}.")
            self.write(self.config, lambda part: part.write_text(text, encoding="utf-8"))

    def step(self) -> int:
        """How many steps the state has behind it. Raises InputError for what is no state."""
        if not self.state.exists():
            return 0
        try:
            return int(torch.load(self.state, map_location="cpu", weights_only=True, mmap=True)["global_step"])
        except Exception as error:  # whatever torch says of damaged bytes; nothing in them is run
            raise InputError(
                f"{self.state} is no state, or a damaged one.",
                "A run goes on from a whole one.",
                "Remove it to begin anew, or choose another folder.",
            ) from error

    def best(self) -> dict[str, torch.Tensor]:
        """The weights at their best. Raises InputError where they went, or are damaged."""
        from safetensors import SafetensorError
        from safetensors.torch import load

        path = self.path / "best.safetensors"
        try:
            return load(path.read_bytes())
        except (OSError, SafetensorError) as error:
            got = f"{path} is {'not there' if isinstance(error, FileNotFoundError) else 'damaged'}."
            raise InputError(got, "It is the network of the run, and is written once.", "Give another --out, to begin anew.") from error

    def ended(self) -> bool:
        """Whether it ended before its last step, since it got no better."""
        rows = self.rows()
        return bool(rows) and ENDED in rows[-1] and rows[-1]["step"] == self.step()

    def write(self, target: Path, how: Callable[[Path], object]) -> None:
        """how: writes the file it is given. Raises Stopped where the disk is full; the file of before is left."""
        with io.atomic(target) as part:
            how(part)

    def save(self, name: str, weights: Mapping[str, torch.Tensor]) -> None:
        """NAME.safetensors, in float32."""
        from safetensors.torch import save

        arrays = {k: v.detach().cpu().contiguous() for k, v in weights.items()}
        data = save(arrays)  # save_file has an error of its own for a full disk
        self.write(self.path / f"{name}.safetensors", lambda part: part.write_bytes(data))

    def card(self, said: Mapping[str, Any]) -> None:
        """What the network is, as `weights` reads it. Raises Stopped where the disk is full."""
        io.atomic_write(self.path / RUN_CARD, io.to_toml(said))

    def append(self, figures: Mapping[str, Any]) -> None:
        """One line of metrics. Raises Stopped where the disk is full."""
        try:
            with self.metrics.open("a", encoding="utf-8") as f:
                f.write(json.dumps(figures) + "\n")
        except OSError as error:
            raise io.disk.trouble(error, self.metrics) from error

    def rewind(self, step: int) -> None:
        """Takes away lines of later steps, which will be done again, and a line that was cut short."""
        kept = [json.dumps(row) + "\n" for row in self.rows() if row["step"] <= step]
        self.write(self.metrics, lambda part: part.write_text("".join(kept), encoding="utf-8"))

    def rows(self) -> list[dict[str, Any]]:
        """The lines of metrics."""
        return figures(self.path)


@dataclass(frozen=True)
class Mute(Folder):
    """The same folder for a process that learns beside the one that writes."""

    def write(self, target: Path, how: Callable[[Path], object]) -> None:
        pass

    def append(self, figures: Mapping[str, Any]) -> None:
        pass


def spelt(value: Any) -> str:
    return "none" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def toml(config: Mapping[str, Any]) -> str:
    """Numbers, words, truths and lists of them, which JSON and TOML write alike. None is left out."""
    return io.to_toml(config)
