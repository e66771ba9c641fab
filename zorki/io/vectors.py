"""Plain rows of numbers: from a .npy file, an array, a tensor or a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zorki.core.errors import InputError
from zorki.io.files import existing_file
from zorki.io.photo import Floats


@dataclass(frozen=True, eq=False)
class Vector:
    """values: (n,) float32, finite. name: of the file, without its folder."""

    values: Floats
    name: str = "the vector"


def open_vector(source: str | Path | Sequence[float] | Any) -> Vector:
    """A row of numbers; dimensions of size 1 do not count. Nothing in a file is run. Raises InputError for anything else."""
    if isinstance(source, Vector):
        return source
    name = Path(source).name if isinstance(source, str | Path) else "the vector"
    found = loaded(existing_file(source)) if isinstance(source, str | Path) else source
    try:
        array = np.squeeze(found.detach().cpu().float().numpy() if hasattr(found, "detach") else np.asarray(found))
    except (TypeError, ValueError) as e:
        raise InputError(f"{name} is no row of numbers.", "A vector is needed.", "Give a list, an array or a tensor.") from e
    if array.ndim != 1 or array.dtype.kind not in "fiu" or not array.size:
        raise InputError(
            f"{name} holds {array.dtype} of shape {array.shape}.", "A vector is one row of numbers.", "Save one with numpy.save."
        )
    return Vector(np.ascontiguousarray(array, dtype=np.float32), name)


def loaded(path: Path) -> Any:
    """What a .npy file holds. Raises InputError."""
    try:
        with path.open("rb") as handle:
            return np.lib.format.read_array(handle, allow_pickle=False)
    except OSError as e:
        raise InputError(
            f"{path.name} cannot be read: {e.strerror or e}.", "It is there, but cannot be opened.", "Check who may read it."
        ) from e
    except Exception as e:  # a damaged file raises whatever numpy likes
        raise InputError(f"{path.name} is no .npy file of plain numbers.", "A vector is needed.", "Save one with numpy.save.") from e
