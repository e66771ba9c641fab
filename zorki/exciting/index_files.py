"""An index of photographs on the disk: found again when the same net, layers, photographs and size are asked for."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from zorki import io
from zorki.core import events
from zorki.core.errors import InputError, Stopped
from zorki.exciting.index import Index, Search
from zorki.exciting.ranking import Best
from zorki.lens.fingerprints import fingerprint

FORM = 2  # of the file; another one is not read
EVERY = 5.0  # seconds between two writings
KEPT = 30  # indexes in the cache, those used last


def key(search: Search) -> str:
    """Of what an index depends on, but for the layers that are in it."""
    return digest([FORM, fingerprint(search.net), search.photos.signature, search.size])


def digest(said: object) -> str:
    return hashlib.blake2b(json.dumps(said).encode(), digest_size=16).hexdigest()


@dataclass
class Shelf:
    """Where an index lies: `file`, or if that is None nowhere.

    asked: the user named the file, which then must be of this very search; else it lies in the cache. kept: photographs in it.
    """

    search: Search
    file: Path | None
    asked: bool = False
    key: str = ""
    kept: int = 0
    finished: bool = False
    written: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, search: Search, file: str | None) -> Shelf:
        """Raises InputError where a file that the user names cannot be written, or holds something else."""
        if file is None:
            if not search.photos.on_disk:
                return cls(search, None)
            found = key(search)
            try:
                return cls(search, io.cached("patches", f"{found}-{digest(sorted(search.layers))}"), key=found)
            except OSError as error:
                events.note(f"The index is not kept: the cache folder cannot be made ({error.strerror or error}).")
                return cls(search, None)
        path = Path(file)
        io.check_target(path, force=True)
        io.check_writable(path.parent, path.name)
        return cls(search, path, asked=True, key=key(search))

    def take(self) -> Index | None:
        """The index as far as it went; None to begin anew. Raises InputError for a file of the user's that holds something else."""
        if self.file is None:
            return None
        others = [] if self.asked else sorted(self.file.parent.glob(f"{self.key}-*.npz"))
        for path in dict.fromkeys([self.file, *others]):
            if not path.exists():
                continue
            found = io.read_arrays(path)
            index = None if found is None or str(found.get("key")) != self.key else unpacked(found, self.search)
            if found is None and self.asked:
                raise InputError(
                    f"{path.name} is no index, or a damaged one.", "It would be replaced.", "Delete it, or choose another name for --index."
                )
            if index is None and self.asked:
                raise InputError(
                    f"{path.name} is no index of these photographs with these layers, weights and size.",
                    "It would be replaced.",
                    "Choose another name for --index.",
                )
            if index is not None and found is not None and int(found["count"]) >= self.search.count:
                self.kept, self.finished = index.done, bool(found["finished"])
                if not self.asked:
                    io.used(path)
                return index
        return None

    def keep(self, index: Index, finished: bool = False) -> None:
        """Writes it, whole or not at all; not more often than every few seconds unless it is finished or waits for its second part."""
        whole = index.done == len(self.search.photos)
        if self.file is None or not (whole or time.monotonic() - self.written >= EVERY):
            return
        try:
            io.write_arrays(self.file, packed(index, self.key, self.search.count, finished))
            if finished and not self.asked:
                io.tidied(self.file.parent, KEPT)
        except (InputError, Stopped) as error:
            if self.asked:
                raise
            events.note(f"The index is not kept: {error.got}")
            self.file = None
            return
        self.written, self.kept, self.finished = time.monotonic(), index.done, finished


def packed(index: Index, key: str, count: int, finished: bool) -> dict[str, np.ndarray]:
    """As arrays under names."""
    out = {
        "key": np.array(key), "layers": np.array(json.dumps(list(index.best))), "count": np.array(count), "finished": np.array(finished), "done": np.array(index.done),
        "rough": np.array(json.dumps(index.rough)), "failed": np.array(json.dumps(list(index.failed.items()))),
    }  # fmt: skip
    for i, best in enumerate(index.best.values()):
        out |= {f"values{i}": best.values.numpy(), f"photos{i}": best.photos.numpy(), f"places{i}": best.places.numpy()}
    return out


def unpacked(found: dict[str, np.ndarray], search: Search) -> Index | None:
    """The way back; None where something is missing. Of a finished index of more layers those that are searched for."""
    try:
        kept: list[str] = json.loads(str(found["layers"]))
        if not set(search.layers) <= set(kept) or not (bool(found["finished"]) or set(search.layers) == set(kept)):
            return None
        best = {
            name: Best(*(torch.from_numpy(found[f"{what}{kept.index(name)}"]) for what in ("values", "photos", "places")))
            for name in search.layers
        }
        rough, failed = json.loads(str(found["rough"])), json.loads(str(found["failed"]))
        return Index(best, int(found["done"]), tuple(rough), dict(failed))
    except (KeyError, ValueError, TypeError):
        return None


def found(search: Search, file: str | None, *, quiet: bool = False) -> Index:
    """The finished index: as it lies there (said, unless `quiet`), gone on with, or made. Of pictures at hand the set keeps it.

    Ctrl-C keeps what is on the disk, and says how many photographs that is. Raises as `Shelf` and `Search.finish` do.
    """
    at_hand = "" if file is not None or search.photos.on_disk else digest([key(search), search.count, *search.layers])
    if at_hand in search.photos.memo:
        known: Index = search.photos.memo[at_hand]
        return known
    shelf = Shelf.of(search, file)
    index = shelf.take()
    if index is not None and shelf.finished:
        if not quiet:
            events.note(f"The index of these {index.done:,} photographs is there already.")
        search.photos.failed |= index.failed
        return index
    if index is not None:
        events.note(f"Going on: {index.done:,} of {len(search.photos):,} photographs are in the index.")
    search.keep = shelf.keep
    try:
        index = search.finish(index or search.start())
    except KeyboardInterrupt:
        of = f"The index of {shelf.kept:,} of {len(search.photos):,} photographs is kept: the same command goes on from there."
        raise KeyboardInterrupt(f"Stopped by Ctrl-C. {of if shelf.kept else 'No part of the index was kept yet.'}") from None
    shelf.keep(index, finished=True)
    search.photos.failed |= index.failed
    if at_hand:
        search.photos.memo[at_hand] = index
    return index
