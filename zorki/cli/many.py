"""A method for each of several pictures, or of a folder, a zip or a pattern, and where results go that were given no name."""

from __future__ import annotations

import glob
import json
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zorki.cli import interrupt
from zorki.core import events
from zorki.core.errors import InputError, SomeFailed, Stopped
from zorki.core.folders import typed
from zorki.core.method import Input, by_place, lone
from zorki.studio.shelves import Method

if TYPE_CHECKING:
    from zorki import io, lens, studio

NAMED = 10  # of what failed, on the terminal


@dataclass
class Told:
    """What a command has to say at its end. more: for --json, beside the paths; end: what it ends with, if not well; lines: above the paths."""

    paths: list[str]
    more: dict[str, Any] = field(default_factory=dict)
    end: BaseException | None = None
    lines: list[str] = field(default_factory=list)


def named(m: Method, pictures: Sequence[str]) -> dict[str, Any]:
    """What was given by place, by name. Raises InputError for too many."""
    one = lone(m.inputs)
    return {one: list(pictures)} if one is not None and len(pictures) > 1 else by_place(m.inputs, pictures)


def meant(m: Method, named: Mapping[str, Any]) -> str | None:
    """The input that was given as many pictures where one is wanted, if its place is the first; None where all is as it says."""
    first = next((name for name, i in m.inputs.items() if i.placed and not i.many), None)
    given = named.get(first) if first is not None else None
    if not isinstance(given, str):
        return first if given is not None else None
    zipped = given.lower().endswith(".zip") and os.path.isfile(given)
    return first if os.path.isdir(given) or zipped or (glob.has_magic(given) and not os.path.exists(given)) else None


def check(given: str | Sequence[str], out: str | None, film: str | None, state: str | None = None) -> None:
    """Whether many results can be written, said before anything is drawn. Raises InputError."""
    many = f"{given} is many" if isinstance(given, str) else f"{len(given)} are given"
    if state is not None:
        raise InputError(f"--state is of one picture, {many}.", "The same command goes on without it, picture by picture.", "Leave it out.")
    if film is not None:
        raise InputError(f"--film is of one picture, {many}.", "", "Leave it out, or name one picture.")
    if out == "-" or (out is not None and not is_folder(out) and Path(out).suffix):
        raise InputError(f"--out {out} is one file, {many}{' pictures' * isinstance(given, str)}.", "", "Name a folder for the results.")
    folders = [name for name in ([given] if isinstance(given, str) else given) if os.path.isdir(name)]
    if out is not None and os.path.realpath(out) in map(os.path.realpath, folders):
        raise InputError(f"--out {out} is the folder of the pictures.", "The results would be worked on the next time.", "Name another.")


def each(m: Method, net: lens.Net, named: Mapping[str, Any], several: str, chosen: Any, common: Mapping[str, Any]) -> Told:
    """One job after the other, a file for each. What fails is left out and named; what is there already with the same settings stays.

    Ctrl-C and a full disk end it; what was done is told all the same. Raises InputError when none succeeded.
    """
    from zorki import io

    photos = io.PhotoSet(named[several], **how(common))
    if m.words and not common.get("out"):
        return filled(None, m, net, photos, named, several, chosen, common)
    folder = Path(common["out"]) if common.get("out") else io.free_path(f"{called(photos)}.{m.name}")
    made, photos = not folder.exists(), photos.without(folder)  # results are no photographs
    if not photos.entries:
        raise InputError(f"All pictures of {photos.name} lie in {folder}, which is for the results.", "", "Name another folder for --out.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise InputError(f"--out {folder} cannot be made: {e.strerror}.", "", "Choose another.") from e
    io.check_writable(folder)
    try:
        return filled(folder, m, net, photos, named, several, chosen, common)
    finally:
        if made and not any(folder.iterdir()):
            folder.rmdir()


def called(photos: io.PhotoSet) -> str:
    """What several pictures are called in all: the folder, the zip, or the folder that they all lie in."""
    if len(photos.sources) == 1 and not glob.has_magic(photos.name):
        return Path(photos.name).stem or "pictures"
    folders = {e.where.parent.resolve().name for e in photos.entries if isinstance(e.where, Path)}
    return (folders.pop() if len(folders) == 1 else "") or "pictures"


def filled(
    folder: Path | None, m: Method, net: lens.Net, photos: io.PhotoSet, named: Mapping[str, Any], several: str, chosen: Any, common: Mapping[str, Any]
) -> Told:  # fmt: skip
    """`each`, when there is a folder for the results, or none is wanted."""
    from zorki import studio

    rest = {n: opened(p, m.inputs[n], common) for n, p in named.items() if n != several}  # once, and before anything is made
    told, failed, there = Told([]), [], 0
    results: list[dict[str, Any]] = []
    end: BaseException | None = None
    taken: set[Path] = set()
    said = Said(len(photos))
    for k, entry in enumerate(photos.entries):
        losses: list[dict[str, Any]] = []
        try:
            with interrupt.undisturbed(), events.translated(onward(k, said, entry.name)):
                with interrupt.awaited():
                    job = studio.Job(m, net, {several: photos[k], **rest}, chosen, range=common.get("range"))
                    path, done = place(job, folder, taken, common.get("force", False)) if folder else (None, False)
                    for step in () if done and not m.words else job.steps():
                        losses.append(line_of(step))
                result = None if done or path is None else job.result()
        except KeyboardInterrupt as stop:
            onwards = f", in {folder}: the same command with --out {quote(folder)} goes on." if folder else "."
            end = interrupt.said(stop, f"{len(results)} of {len(photos)} are done{onwards}")
            break
        except (InputError, Stopped) as error:
            failed.append((entry.name, " ".join(error.lines())))
            continue
        if result is not None and path is not None:
            try:
                with interrupt.undisturbed():
                    result.save(path, force=common.get("force", False))
            except Stopped as error:  # the disk: the next picture will not fare better
                kept = f"{len(told.paths)} of {len(photos)} are done, in {path.parent}."
                end = Stopped(error.got, kept, f"Free some space; the same command with --out {quote(path.parent)} goes on.")
                break
        there += done
        if path is not None:
            taken.add(path)
            told.paths.append(typed(str(path)))
        if m.words:
            told.lines += [*([""] if told.lines else []), entry.name, *lines(job)]
        results.append({"photo": entry.name} | ({"out": told.paths[-1], "kept": done} if path else {}) | answer(job, losses))
    said.counted()
    if there:
        events.note(f"{there} of them were made with the same settings before and are left as they are; --force makes them again.")
    told.more = {"failed": [{"photo": name, "why": why} for name, why in failed], "results": results}
    told.end = end
    if end is None and failed and not results:
        raise InputError(f"None of the {len(photos)} pictures of {photos.name} worked.", f"The first is {failed[0][0]}: {failed[0][1]}")
    if end is None and failed:
        told.end = some_failed(failed, len(photos), f"the others are in {folder}" if folder else "the others have their answers")
    return told


def opened(given: Any, its: Input, common: Mapping[str, Any]) -> Any:
    """An input beside the many: a photograph, or a set in which each can be opened. Raises InputError."""
    from zorki import io

    if its.many:
        return io.PhotoSet(given, twice=its.twice, **how(common))
    return io.open_vector(given) if its.vector else io.open_photo(given, **how(common))


def how(common: Mapping[str, Any]) -> dict[str, Any]:
    """How pictures are to be opened."""
    return {name: common.get(name) for name in ("limit", "range")}


class Said:
    """What was said of many pictures: each sentence is heard once, with the picture's name, and counted at the end."""

    def __init__(self, of: int) -> None:
        self.of = of
        self.names: dict[str, list[str]] = {}

    def first(self, sentence: str, name: str) -> bool:
        """Whether the sentence is new; remembers whose it is."""
        names = self.names.setdefault(sentence, [])
        names.append(name)
        return len(names) == 1

    def counted(self) -> None:
        """Tells of what was said of several how many, and which."""
        for sentence, names in self.names.items():
            if len(names) > 1:
                which = ", ".join([*names[:NAMED], *(["…"] if len(names) > NAMED else [])])
                events.note(f"{len(names):,} of {self.of:,} ({which}): {sentence}")


def onward(k: int, said: Said, name: str) -> Callable[[events.Event], events.Event | None]:
    """Events of the k-th of many pictures as parts of the whole."""

    def change(e: events.Event) -> events.Event | None:
        if e.note:
            return replace(e, note=e.note if name in e.note else f"{name}: {e.note}") if said.first(e.note, name) else None
        return e if e.preview else replace(e, stage=f"{k + 1} of {said.of}, {name}", step=k * e.of + e.step, of=said.of * e.of)

    return change


def place(job: studio.Job, folder: Path, taken: set[Path], force: bool) -> tuple[Path, bool]:
    """Where the job's result goes, and whether it lies there already: made of the same picture with the same settings."""
    from zorki import io

    record = recorded(job)
    for path in io.numbered(folder / job.default_name()):
        if path in taken:  # by another picture of that name, from another folder
            continue
        if force or not os.path.lexists(path):
            return path, False
        if made_by(path) == record:
            return path, True
    raise AssertionError("numbers do not end")


def recorded(job: studio.Job) -> dict[str, Any]:
    """How the job's result will be made, as a file gives it back."""
    record: dict[str, Any] = json.loads(json.dumps(job.record()))
    return record


def made_by(path: Path) -> dict[str, Any] | None:
    """What a file says of its making, if it is a picture of ours."""
    from zorki import io

    try:
        return io.read_settings(path)
    except InputError:
        return None


def line_of(step: Any) -> dict[str, Any]:
    """A Step, for --json."""
    return {"step": step.i, "stage": step.stage, "total": step.loss, "parts": dict(step.parts)}


def answer(job: studio.Job, losses: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What a finished job has to say, for --json."""
    more = job.made.answer() if hasattr(job.made, "answer") else {}
    if job.sets:
        more["failed"] = [{"photo": name, "why": why} for name, why in missing(job)]
    if losses:
        more |= {"losses": list(losses), "size": list(reversed(job.last.image().shape[-2:])) if job.last else None}
    return more


def lines(job: studio.Job) -> list[str]:
    """What a finished job has to say to a person."""
    return list(job.made.lines()) if hasattr(job.made, "lines") else []


def missing(job: studio.Job) -> list[tuple[str, str]]:
    """(name, why) of all photographs that a job could not read."""
    return [one for photos in job.sets.values() for one in photos.missing]


def some_failed(failed: Sequence[tuple[str, str]], of: int, rest: str) -> SomeFailed:
    """At most ten by name."""
    some = [*failed[:NAMED], *([("…", f"and {len(failed) - NAMED:,} more; --json lists all")] if len(failed) > NAMED else [])]
    return SomeFailed(f"{len(failed):,} of {of:,} could not be read or worked on; {rest}.", failed=some)


def quote(folder: Path) -> str:
    """As a person types it."""
    return shlex.quote(typed(str(folder)))


def is_folder(out: str) -> bool:
    return out.endswith("/") or os.path.isdir(out)


def numbered(job: studio.Job, result: Any, folder: Path) -> str:
    """Saves under the first free name, also when another process takes one at the same moment."""
    from zorki import io

    for _ in range(99):
        path = io.free_path(folder / job.default_name())
        try:
            return str(result.save(path))
        except InputError:
            if not path.exists():
                raise
    raise InputError(f"No free name like {path.name} was found in {folder}.", "", "Give one with --out.")
