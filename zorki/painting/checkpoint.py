"""A climb put away in a file and gone on with: the result is, bit by bit, that of one that was never stopped."""

from __future__ import annotations

import hashlib
import io as bytes_io
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from zorki import io
from zorki.core import events
from zorki.core.errors import InputError

FORM = 2  # of the file; another one is not read
EVERY = 20.0  # seconds between two writings


def key_of(*said: Any) -> str:
    """Of what a climb depends on: tensors by their numbers, all else by its words."""
    digest = hashlib.blake2b(digest_size=16)
    for one in (FORM, *said):
        if isinstance(one, torch.Tensor):
            one = one.detach().cpu().contiguous()
            digest.update(repr((one.dtype, tuple(one.shape))).encode())
            digest.update(one.reshape(-1).view(torch.uint8).numpy().tobytes())
        else:
            digest.update(repr(one).encode())
    return digest.hexdigest()


@dataclass
class Checkpoint:
    """Where a climb is kept; nowhere if file is None. key: of what it depends on."""

    file: Path | None
    key: str
    written: float = field(default_factory=time.monotonic)

    @classmethod
    def at(cls, file: str | None, key: str) -> Checkpoint:
        """Raises InputError where the file cannot be written."""
        if file is None:
            return cls(None, key)
        io.check_target(Path(file), force=True)
        io.check_writable(Path(file).parent)
        return cls(Path(file), key)

    def take(self, *parts: str) -> dict[str, Any] | None:
        """What was kept, with these parts; None to begin anew. Raises InputError for a file that holds something else."""
        if self.file is None or not self.file.exists():
            return None
        found = io.read_arrays(self.file)
        if found is None or "key" not in found:
            raise self.damaged()
        if str(found["key"]) != self.key:
            raise InputError(
                f"{self.file.name} is no state of this very command.",
                "It would be replaced.",
                "Choose another name for --state, or remove it.",
            )
        try:
            state: dict[str, Any] = torch.load(bytes_io.BytesIO(found["state"].tobytes()), weights_only=True)
            if missing := set(parts) - set(state):
                raise KeyError(*missing)
        except Exception as error:  # whatever torch says of damaged bytes; nothing in them is run
            raise self.damaged() from error
        events.note(f"Going on from {self.file.name}.")
        return state

    def damaged(self) -> InputError:
        name = "" if self.file is None else self.file.name
        return InputError(
            f"{name} is no state, or a damaged one.", "It would be replaced.", "Choose another name for --state, or remove it."
        )

    @property
    def due(self) -> bool:
        return self.file is not None and time.monotonic() - self.written >= EVERY

    def keep(self, state: dict[str, Any]) -> None:
        """Writes it, whole or not at all. Raises Stopped."""
        if self.file is None:
            return
        buffer = bytes_io.BytesIO()
        torch.save(state, buffer)
        io.write_arrays(self.file, {"key": np.array(self.key), "state": np.frombuffer(buffer.getvalue(), np.uint8)})
        self.written = time.monotonic()
