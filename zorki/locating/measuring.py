"""Every picture of a set is opened once, in threads: its size beside what is said of it, and its boxes mended; those of which nothing is said are found."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from zorki import formats, io
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.spelling import own
from zorki.formats import Annotated, Picture, Place
from zorki.formats.places import MASKS, walked
from zorki.io.photosets import is_picture
from zorki.locating import faults as wrong
from zorki.locating import suspicions
from zorki.locating.faults import Fault

RESIZED = 0.01  # by so much two ratios of sides differ by rounding


def whole(
    place: Place, found: formats.Annotations, every: list[tuple[str, Annotated]], pictures: str | None
) -> tuple[list[tuple[str, Annotated]], list[Fault]]:
    """With the pictures of which nothing is said, where that means that nothing is in them; else they are named. Those that are annotated twice in a part
    go to `place.failed`, since nobody can tell which is meant."""
    files = [(part, one.picture.where) for part, one in every if one.picture is not None]
    often = Counter(files)
    out = []
    for (part, one), (_, file) in zip(every, files, strict=True):
        if often[part, file] > 1:
            place.fail(part, wrong.called(one), f"is annotated {often[part, file]} times: {one.source.name} is one")
        else:
            out.append((part, one))
    where: dict[Path, set[str]] = {}
    for part, file in files:
        if isinstance(file, Path):
            where.setdefault(file.parent, set()).add(part)
    used = {os.path.abspath(file) for _, file in files if isinstance(file, Path)} | {
        os.path.abspath(place.root / name) for name in place.failed
    }
    there = walked(Path(pictures)) if pictures is not None else place.files if place.path.is_dir() else ()
    root = Path(pictures) if pictures is not None else place.root
    rest = [file for file in there if is_picture(file.name) and os.path.abspath(file) not in used and not any(MASKS.search(p) for p in file.relative_to(root).parts[:-1])]  # fmt: skip
    empty = [file for file in rest if found.whole and len(where.get(file.parent, ())) == 1]
    taken = Counter(one.name for _, one in every)
    for file in empty:
        (part,) = where[file.parent]
        name = file.stem if not taken[file.stem] else f"{file.stem}_{file.suffix[1:]}"
        out.append((part, Annotated(file.name, file, picture=Picture(file), name=name)))
    place.count += len(empty)
    unlisted = tuple(place.inside(file) for file in rest if file not in {*empty})
    return out, [Fault("unlisted", "", unlisted)] if unlisted and not found.masked else []


def looked_at(place: Place, every: Sequence[tuple[str, Annotated]]) -> tuple[list[suspicions.Row], list[Fault], list[io.Facts]]:
    """Each picture that can be read, with its boxes mended; what is wrong with others; what kinds of pictures they are."""
    rows: list[suspicions.Row] = []
    faults: list[Fault] = []
    facts: list[io.Facts] = []
    for (part, one), seen in zip(every, looks([one for _, one in every]), strict=True):
        if isinstance(seen, InputError):
            place.fail(part, wrong.called(one), seen.got.removesuffix("."))
            continue
        turn, odd = sized(one, part, seen)
        if isinstance(odd, str):
            place.fail(part, wrong.called(one), odd)
            continue
        boxes, found = wrong.of_picture(one, part, seen.hw, turn)
        if one.picture is not None and not isinstance(one.picture.where, Path):
            faults.append(Fault("inside", "", (wrong.called(one),), part))
        facts.append(seen)
        faults += [*odd, *found]
        rows.append((part, one, seen.hw, boxes))
    if not rows:
        name, why = place.missing[0]
        raise InputError(f"None of the {len(every)} pictures of {own(place.name)} can be used: {name}: {why}.", "One is needed.", "Mend them.")  # fmt: skip
    return rows, faults, facts


def looks(every: Sequence[Annotated]) -> list[io.Facts | InputError]:
    """At each picture, in threads, in their order."""
    threads = max(1, min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))
    found: list[io.Facts | InputError] = []
    pool = ThreadPoolExecutor(threads, thread_name_prefix="pictures")
    try:
        for i, one in enumerate(pool.map(look, every), 1):
            found.append(one)
            events.tell("pictures", i, len(every))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return found


def look(one: Annotated) -> io.Facts | InputError:
    assert one.picture is not None
    try:
        return one.picture.facts()
    except InputError as error:
        return error.with_traceback(None)


def sized(one: Annotated, part: str, seen: io.Facts) -> tuple[int, list[Fault] | str]:
    """How its boxes are to be turned, and what is odd about its size; or why it cannot be used."""
    if one.hw is None or one.hw == seen.hw or one.relative:
        return 1, []
    (h, w), (high, wide) = one.hw, seen.hw
    if one.hw == seen.hw[::-1] and seen.turn in (5, 6, 7, 8):
        return seen.turn, [Fault("turned", f"annotated as {w} × {h}, before EXIF turns it", (wrong.called(one),), part)]
    text = f"is {wide} × {high}, and {one.source.name} says {w} × {h}"
    alike = abs(high * w / (h * wide) - 1) <= RESIZED
    near = max(abs(high / h - 1), abs(wide / w - 1)) <= RESIZED
    boxes, found = wrong.of_picture(one, part, seen.hw)
    if (alike and not near) or (not near and any(fault.kind in ("outside", "beyond") for fault in found)) or not boxes:
        return 1, f"{text}: its boxes are of another picture, or of this one in another size"
    return 1, [Fault("size", text, (wrong.called(one),), part)]
