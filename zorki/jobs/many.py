"""A method for each of several pictures, or of a folder, a zip or a pattern: one job after the other, a file for each."""

from __future__ import annotations

import glob
import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from zorki import io, lens
from zorki.core import events, settings
from zorki.core.errors import InputError, Stopped
from zorki.core.folders import typed
from zorki.jobs import inputs, interrupt, records, tables, targets
from zorki.jobs.contract import Beside, Tabled
from zorki.jobs.job import LIST, Job
from zorki.jobs.outcome import NAMED, Outcome, answer, loss_of, some_failed
from zorki.jobs.request import Request


def each(r: Request, net: lens.Net | None) -> Outcome:
    """What fails is left out and named; what is there already with the same settings stays.

    Ctrl-C and a full disk end it; what was done is told all the same. Raises InputError when none succeeded.
    """
    assert r.several is not None
    photos = io.PhotoSet(r.pictures[r.several], **r.opening)
    if r.worded:
        return Series(r, net, photos, None).work()
    folder = Path(r.out) if r.out else io.free_path(f"{called(photos)}.{r.method.spoken}")
    new = not folder.exists()
    photos = photos.without(folder)  # earlier results
    told_of_films(r)
    if not photos.entries:
        raise InputError(
            f"All pictures of {photos.name} lie in {folder}.", "That folder is for the results.", "Name another folder for --out."
        )
    io.check_writable(targets.made(folder, "It is the folder of the results."))
    try:
        return Series(r, net, photos, folder).work()
    finally:
        if new and not any(folder.iterdir()):
            folder.rmdir()


def told_of_films(r: Request) -> None:
    """Films that lie beside the pictures of a folder are hours of work that nobody may have meant: they are named."""
    given = r.pictures[str(r.several)]
    for folder in filter(os.path.isdir, [given] if isinstance(given, str) else given):
        films = sorted(e.name for e in os.scandir(folder) if Path(e.name).suffix.lower() in io.FILMS)
        if films and r.method.framed:
            said = f"{films[0]} is a film" if len(films) == 1 else f"{len(films)} are films ({', '.join(films[:NAMED])})"
            events.note(f"In {typed(str(folder))} {said}, of which nothing is made: name a film by itself.")


def called(photos: io.PhotoSet) -> str:
    """What several pictures are called in all: the folder, the zip, or the folder that they all lie in."""
    if len(photos.sources) == 1 and not glob.has_magic(photos.name):
        return Path(photos.name).stem or "pictures"
    folders = {e.where.parent.resolve().name for e in photos.entries if isinstance(e.where, Path)}
    return (folders.pop() if len(folders) == 1 else "") or "pictures"


@dataclass
class Series:
    """The jobs of many pictures. folder: of the results; None where only answers are wanted."""

    r: Request
    net: lens.Net | None
    photos: io.PhotoSet
    folder: Path | None
    out: Outcome = field(default_factory=lambda: Outcome([]))
    results: list[dict[str, Any]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    taken: set[Path] = field(default_factory=set)
    kept: int = 0
    rows: dict[int, list[list[Any]]] = field(default_factory=dict)  # by the picture's number: several may have one name
    beside: set[Path] = field(default_factory=set)  # what was written beside results

    def work(self) -> Outcome:
        r, photos, out = self.r, self.photos, self.out
        rest = {
            n: inputs.opened(p, r.method.inputs[n], r.opening, n) for n, p in r.pictures.items() if n != r.several
        }  # once, before anything is made
        said = Said(len(photos))
        for k, entry in enumerate(photos.entries):
            try:
                with interrupt.undisturbed(), events.translated(onward(k, said, entry.name)):
                    losses: list[dict[str, Any]] = []
                    with interrupt.awaited():
                        job, path, done = self.begun(k, rest)
                        for step in () if done and not self.wanted(path) else job.steps():
                            losses.append(loss_of(step))
                    result = None if done or path is None or r.method.gives == "written" else job.result()
            except KeyboardInterrupt as stop:
                onwards = f", in {self.folder}" + self.onwards() if self.folder else "."
                out.end = interrupt.said(stop, f"{len(self.results)} of {len(photos)} are done{onwards}")
                break
            except (InputError, Stopped) as error:
                self.failed.append((entry.name, r.spelling(error.written)))
                continue
            try:
                with interrupt.undisturbed():
                    if path is not None and isinstance(job.made, Beside):  # also where the result is there: its folder may be another
                        self.beside.update(job.made.beside(r.force, self.beside))
                    if result is not None and path is not None:
                        result.save(path, force=r.force)
            except InputError as error:  # its folder is gone, say
                self.failed.append((entry.name, r.spelling(error.written)))
                continue
            except Stopped as error:  # the disk: the next picture will not fare better
                done_so_far = f"{len(out.paths)} of {len(photos)} are done, in {self.folder}."
                out.end = Stopped(error.got, done_so_far, f"Free some space; the same command with --out={quote(self.folder)} goes on.")
                break
            self.keep(k, entry.name, job, path, done, losses)
        said.counted()
        self.conclude()
        if self.rows:
            self.tabled()
        return out

    def wanted(self, path: Path | None) -> bool:
        """Whether a picture is looked at once more although its result is there: for what is printed, for rows that no file keeps, or for
        files beside it, of which it says nothing."""
        r = self.r
        asked = any(o.shows and o.name in r.files for o in settings.options(r.method.settings))
        return asked or r.method.words or (bool(r.method.table) and path is not None and records.rows_in(path) is None)

    def onwards(self) -> str:
        """How to go on: of pictures those that are done are known again, of other files nobody knows."""
        return "." if self.r.method.gives == "written" else f": the same command with --out={quote(self.folder)} goes on."

    def begun(self, k: int, rest: dict[str, Any]) -> tuple[Job, Path | None, bool]:
        """The job of one picture, where its result goes, and whether it is there already."""
        r = self.r
        job = Job(r.method, self.net, {str(r.several): self.photos[k], **rest}, r.settings, range=r.opening.get("range"))
        if self.folder is None:
            return job, None, False
        path, done = place(job, self.folder, self.taken, r.force)
        job.out = (
            targets.made(path, "It is the folder of one picture's files.") if r.method.gives == "written" and not r.method.ending else path
        )
        return job, path, done

    def keep(self, k: int, name: str, job: Job, path: Path | None, done: bool, losses: list[dict[str, Any]]) -> None:
        """What is said of a picture that is done."""
        self.kept += done
        if path is not None:
            self.taken.add(path)
            self.out.paths.append(typed(str(path)))
        if (self.r.method.words or self.r.method.files) and job.lines():
            self.out.lines += [*([""] if self.out.lines else []), name, *job.lines()]
        if self.r.method.table and path is not None:
            rows = job.made.rows() if isinstance(job.made, Tabled) else records.rows_in(path) or []
            self.rows[k] = [[name, *row] for row in rows]
        if lists := self.r.method.lists:
            self.results.append({"file": name, lists: self.listed(job, k)})
            return
        self.results.append({"photo": name} | ({"out": self.out.paths[-1], "kept": done} if path else {}) | answer(job, losses))

    def listed(self, job: Job, k: int) -> list[Any]:
        """What a method that lists has to say of a picture; where it was not looked at again, by the rows that its result keeps."""
        if job.made is not None or self.r.method.listed is None:
            found: list[Any] = job.answer().get(LIST, [])
            return found
        known: list[Any] = self.r.method.listed([row[1:] for row in self.rows.get(k, ())])
        return known

    def conclude(self) -> None:
        """Says what was left, what failed, and how it ends."""
        out, failed, photos = self.out, self.failed, self.photos
        if self.kept:
            events.note(
                f"{self.kept} of them were made with the same settings before and are left as they are; --force=True makes them again."
            )
        if self.r.method.lists:
            order = {entry.name: k for k, entry in enumerate(photos.entries)}
            every = [*self.results, *({"file": name, "why": why} for name, why in failed)]
            out.more = {LIST: sorted(every, key=lambda one: order.get(one["file"], len(order)))}
        else:
            out.more = {"failed": [{"photo": name, "why": why} for name, why in failed], "results": self.results}
        if out.end is None and failed and not self.results:
            raise InputError(
                f"None of the {len(photos)} pictures of {photos.name} worked.", f"The first is {failed[0][0]}: {failed[0][1]}",
                "Look whether they are what the method takes.",
            )  # fmt: skip
        if out.end is None and failed:
            where = f"the others are in {self.folder}" if self.folder else "the others have their answers"
            out.end = some_failed(failed, len(photos), where)

    def tabled(self) -> None:
        """One table of all pictures, beside their results; what is said of it. One that the same command left gives way, no other does."""
        method, folder = self.r.method, self.folder
        (name, columns), rows = next(iter(method.table.items())), [row for some in self.rows.values() for row in some]
        assert folder is not None
        if method.summed is not None:
            lines, more = method.summed(rows)
            self.out.lines += lines
            self.out.more |= more
        ours = self.r.force or (self.kept > 0 and tables.begins(folder / name, columns))
        path = folder / name if ours else io.free_path(folder / name)
        try:
            tables.write(path, columns, rows, force=ours)
            self.out.paths.append(typed(str(path)))
        except Stopped as full:
            if self.out.end is None or not isinstance(self.out.end, Stopped):
                self.out.end = full


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


def place(job: Job, folder: Path, taken: set[Path], force: bool) -> tuple[Path, bool]:
    """Where the job's result goes, and whether it lies there already: made of the same picture with the same settings."""
    record = records.recorded(job)
    for path in io.numbered(folder / job.default_name()):
        if path in taken:  # by another picture of that name, from another folder
            continue
        if force or not os.path.lexists(path):
            return path, False
        if records.made_by(path) == record:
            return path, True
    raise AssertionError("numbers do not end")


def quote(folder: Path | None) -> str:
    """As a person types it."""
    return shlex.quote(typed(str(folder)))
