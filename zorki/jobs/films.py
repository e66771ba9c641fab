"""A method for a picture, of a film: one job for each frame, one film out, with the stamps and the sound of the first.

What is painted is kept in closed stretches as it comes (`io.Unfinished`), so that the same command goes on after a kill.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from zorki import io, lens, pixels, report
from zorki.core import events
from zorki.core.errors import InputError, Stopped, ZorkiError
from zorki.core.folders import typed
from zorki.jobs import inputs, interrupt, records, tables, targets
from zorki.jobs.contract import Following, Paged
from zorki.jobs.job import Job
from zorki.jobs.many import Said
from zorki.jobs.outcome import Outcome
from zorki.jobs.request import Request

SLOW = 1.0  # seconds: a frame that takes longer is kept at once, not only when its stretch is closed
THOUSAND = 1000  # parts of a frame, in which progress is told
HOLD = 0.9  # share of the last frame, moved, with --steady=100
TABLE, PAGE = ".csv", ".html"  # of what lies beside a film that is followed as a whole
PACE = 0.1  # how much the last frame counts in the pace that is told


def each(r: Request, net: lens.Net | None) -> Outcome:
    """Ctrl-C, a frame that fails and a full disk end it; what was done is a film that plays, and the same command goes on from there.

    Raises what opening, checking and the first frame raise.
    """
    assert r.moving is not None
    video = io.open_video(r.pictures[r.moving])
    for sentence in video.notes:
        events.note(sentence)
    rest = {n: inputs.opened(p, r.method.inputs[n], r.opening, n) for n, p in r.pictures.items() if n != r.moving and p is not None}
    first = next(video.moments())
    record = recorded(r, Reel(r, net, video, rest).job(first.pixels, None), video)
    following = (
        None if r.method.film is None else r.method.film(net if net is None else lens.precise(net), video, r.settings, **handed(r, rest))
    )
    path, going_on = place(r, video, key := key_of(record, net, r), ends(following))
    coding = io.Coding.of(path, video.hw)
    tracks = io.Tracks.of(video.path, coding.muxer)
    for sentence in tracks.notes:
        events.note(sentence)
    with ExitStack() as kept:
        work = io.Unfinished(path, key, coding, video.hw, Fraction(video.rate).limit_denominator(1001), video.aspect)
        kept.callback(work.release)
        reel = Reel(r, net, video, rest, work, tracks, record, path, r.force or going_on)
        if following is not None:
            reel.beside = kept.enter_context(Beside(following, work, video, command(r, net, record)))
        return reel.work()


def handed(r: Request, rest: Mapping[str, Any]) -> dict[str, Any]:
    """What is given beside the film, as `film` gets it."""
    return {name: inputs.handed(found, r.method.inputs[name]) for name, found in rest.items()}


def made(r: Request, net: lens.Net | None) -> list[Path]:
    """For Python: the film's path. Raises what it ended with, after what was done is in the film."""
    with targets.checked(r):
        outcome = each(r, net)
    if outcome.end is not None:
        raise outcome.end
    return [Path(path) for path in outcome.paths]


def recorded(r: Request, job: Job, video: io.Video) -> dict[str, Any]:
    """How the film will be made, as its file gives it back."""
    record = records.recorded(job)
    record["pictures"] = {r.moving: video.name} | {n: name for n, name in record["pictures"].items() if n != r.moving}
    record["marks"][r.moving] = video.mark
    return record | ({"steady": r.steady} if r.steady else {})


def key_of(record: Mapping[str, Any], net: lens.Net | None, r: Request) -> str:
    """By which the same work is known again: the film's content, the settings, the network's numbers, where and how they are computed."""
    from zorki.lens.fingerprints import fingerprint

    place = None if net is None else (fingerprint(net), str(net.device), str(net.drawing))
    suffix = Path(r.out).suffix.lower() if r.out is not None else ""
    return hashlib.blake2b(json.dumps([record, place, suffix]).encode(), digest_size=8).hexdigest()


def ends(following: Following | None) -> tuple[str, ...]:
    """Of the files that will lie beside the film."""
    return () if following is None else (TABLE, PAGE) if isinstance(following, Paged) else (TABLE,)


def command(r: Request, net: lens.Net | None, record: Mapping[str, Any]) -> str:
    """What is typed for it where the film lies."""
    return r.method.command(record["pictures"], r.settings, "" if net is None else net.name)


def place(r: Request, video: io.Video, key: str, beside: tuple[str, ...] = ()) -> tuple[Path, bool]:
    """Where the film goes, and whether one lies there that broken work of the same key left. beside: endings of what will lie there too."""
    if r.out is not None and not targets.is_folder(r.out):
        path = Path(r.out)
        if path.exists() and path.samefile(video.path):
            raise InputError(
                f"--out={r.out} is the film itself.", "It is read as long as the other is written.", f"Write --out=new-{path.name}, say."
            )
        ours = io.is_unfinished(path, key)
        io.check_film_target(path, r.force or ours)
        for end in beside:
            io.check_target(path.with_suffix(end), r.force or ours)
        return path, ours
    suffix = video.path.suffix.lower()
    name = f"{video.path.stem}.{r.method.spoken}{suffix if suffix in io.MUXERS else '.mp4'}"
    for path in io.numbered(Path(r.out or "") / name):
        if not any(one.exists() for one in (path, *map(path.with_suffix, beside))) or io.is_unfinished(path, key):
            return path, path.exists()
    raise AssertionError("numbers do not end")


def tensor(frame: Any) -> Any:
    """(h, w, 3) uint8 to (1, 3, h, w) in 0..1."""
    return inputs.tensor(io.open_photo(frame))


class Beside:
    """What goes with a film that is followed as a whole: the words of its frames, kept until it is whole, the table that lies beside it, and the page, if it has
    one. command: what makes it, for the page."""

    def __init__(self, following: Following, work: io.Unfinished, video: io.Video, command: str) -> None:
        self.following, self.work, self.video, self.command = following, work, video, command
        self.log = tables.Log(work.folder / "seen.txt")
        self.table = tables.Rows(work.folder / "table.csv", following.columns)
        self.begin: int | None = None

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, *_: object) -> None:
        self.log.close()
        self.table.close()

    def goes_on(self, moment: io.Moment, seeing: Callable[[], str]) -> None:
        """With the next frame: what was kept of it, else what is seen now."""
        self.begin = moment.at if self.begin is None else self.begin
        if (seen := self.log.next()) is None:
            seen = seeing()
            self.log.add(seen)
        self.table.add(self.following.add(moment.number, float((moment.at - self.begin) * self.video.tick), seen))
        if isinstance(self.following, Paged):
            self.following.keep(lambda: io.open_photo(moment.pixels))

    def paths(self, film: Path) -> list[Path]:
        """What lies beside the film."""
        return [film.with_suffix(end) for end in ends(self.following)]

    def publish(self, film: Path, force: bool) -> None:
        """Table and page of all frames by now. Raises what `io.atomic` raises."""
        table, page = film.with_suffix(TABLE), film.with_suffix(PAGE)
        self.table.publish(table, force, partial(self.work.coming, table))
        if isinstance(self.following, Paged):
            with io.atomic(page, force) as temporary:
                io.atomic_write(temporary, report.render(self.following.page(self.command)))
                self.work.coming(page, temporary)


@dataclass
class Reel:
    """The frames of one film, one after the other."""

    r: Request
    net: lens.Net | None
    video: io.Video
    rest: Mapping[str, Any]
    unfinished: io.Unfinished | None = None
    tracks: io.Tracks | None = None
    record: dict[str, Any] = field(default_factory=dict)
    path: Path = Path()
    replaces: bool = False
    stamps: list[tuple[int, int]] = field(default_factory=list)
    painted: int = 0
    seconds: float = 0.0
    before: tuple[io.Moment, Any] | None = None
    said: Said = field(default_factory=lambda: Said(1))
    pace: float = 0.0
    beside: Beside | None = None

    @property
    def film(self) -> io.Unfinished:
        assert self.unfinished is not None
        return self.unfinished

    @property
    def begins(self) -> list[str]:
        """The inputs that are what came of the frame before."""
        return [n for n, i in self.r.method.inputs.items() if i.last and n not in self.rest]

    def work(self) -> Outcome:
        """Paints what is not there yet, and brings all to one film."""
        stop: BaseException | None = None
        if self.film.done:
            events.note(f"{self.film.done} frames are there from before; it goes on behind them.")
        with interrupt.undisturbed():
            moments = self.video.moments()
            try:
                while True:
                    with interrupt.awaited():
                        moment = next(moments, None)
                    if moment is None:
                        break
                    self.frame(moment)
            except (KeyboardInterrupt, Stopped, InputError) as error:
                if not self.film.count or (isinstance(error, InputError) and not self.painted and not self.film.done):
                    raise
                stop = error
            finally:
                moments.close()  # type: ignore[attr-defined]
            return self.ended(stop)

    def frame(self, moment: io.Moment) -> None:
        """One more."""
        there = self.film.kept(moment.number)
        if self.beside is not None and (moment.number < self.film.done or there is not None):
            self.follow(moment)
        if moment.number >= self.film.done:
            keep = False
            if there is None:
                began = time.monotonic()
                with interrupt.awaited(), events.translated(self.onward(moment)):
                    there = self.paint(moment)
                took = time.monotonic() - began
                keep, self.painted, self.seconds = took > SLOW, self.painted + 1, self.seconds + took
                self.pace = took if not self.pace else (1 - PACE) * self.pace + PACE * took
            self.film.add(there, keep)
        self.stamps.append((moment.at, moment.lasts))
        self.before = (moment, there)
        self.tell(moment.number + 1, 0)

    def paint(self, moment: io.Moment) -> Any:
        """(h, w, 3) uint8 of what the method makes of it; with what came of the last frame, moved, where the method or --steady asks for it."""
        if self.beside is not None:
            self.follow(moment)
            return self.beside.following.picture(io.open_photo(moment.pixels))
        followed = self.followed(moment)
        begin = None
        if followed is not None and self.begins:
            begin = tensor(moment.pixels).lerp(*followed)[0]
        job = self.job(moment.pixels, begin)
        for step in job.steps():
            if len(step.labels) > 1:
                name, count = job.method.spoken, len(step.labels)
                raise InputError(f"{name} makes {count} pictures of a frame so.", "A film takes one.", "Leave out what asks for several.")
        made = pixels.sizes.resize(job.image(), self.video.hw)
        if followed is not None and self.r.steady:
            moved, trust = followed
            made = made.lerp(moved, trust * (HOLD * self.r.steady / 100))
        return pixels.display.levels(made)

    def follow(self, moment: io.Moment) -> None:
        """Goes on with a frame of a film that is followed as a whole."""
        beside = self.beside
        assert beside is not None
        with interrupt.awaited():
            beside.goes_on(moment, lambda: beside.following.seen(io.open_photo(moment.pixels)))

    def followed(self, moment: io.Moment) -> tuple[Any, Any] | None:
        """What came of the last frame, moved, and where to trust it; None where nobody asks or there was none."""
        if self.before is None or not (self.begins or self.r.steady):
            return None
        last, made = self.before
        return pixels.flow.followed(tensor(last.pixels), tensor(moment.pixels), tensor(made))

    def job(self, frame: Any, begin: Any) -> Job:
        """The job of one frame. begin: what the frame before came to, moved."""
        last = {} if begin is None else dict.fromkeys(self.begins, io.open_photo(begin))
        given = {str(self.r.moving): io.open_photo(frame), **self.rest, **last}
        return Job(self.r.method, self.net, given, self.r.settings, range=self.r.opening.get("range"))

    def onward(self, moment: io.Moment) -> Callable[[events.Event], events.Event | None]:
        """Events of one frame as parts of the whole; each sentence is said once."""

        def change(e: events.Event) -> events.Event | None:
            if e.note:
                alike = re.sub(r"[0-9.]+", "0", e.note)  # how long it will take is said once, whatever it comes to
                return e if self.said.first(alike, self.video.name) else None
            if e.preview or not e.of:
                return None
            return self.event(moment.number, min(THOUSAND, THOUSAND * e.step // e.of), e)

        return change

    def event(self, done: int, part: int, e: events.Event) -> events.Event:
        of = max(self.video.expected, done + bool(part)) if self.video.expected else 0
        rate = 1 / self.pace if self.pace else None
        left = self.pace * max(0.0, of - done - part / THOUSAND) if rate and of else None
        return replace(e, stage=self.video.name, step=THOUSAND * done + part, of=THOUSAND * of, unit="frames", rate=rate, left=left)

    def tell(self, done: int, part: int) -> None:
        e = self.event(done, part, events.Event(""))
        events.tell(e.stage, e.step, e.of, unit=e.unit, rate=e.rate, left=e.left)

    def ended(self, stop: BaseException | None) -> Outcome:
        """The film of all that is there, and how it ends."""
        film, n = self.film, len(self.stamps)
        more = {
            "frames": n,
            "frames_a_second": round(self.painted / self.seconds, 3) if self.seconds else None,
            "size": [*reversed(self.video.hw)],
        }
        out = Outcome([], more)
        onward = f"the same command with --out={shlex.quote(typed(str(self.path)))} goes on."
        try:
            film.end()
            assert self.tracks is not None
            if stop is not None and not film.stretches:  # it ended before a single one was whole
                raise stop
            io.assemble(
                self.path, film.coding, film.stretches, self.stamps, self.video, self.tracks,
                whole_film=stop is None, settings=self.record, force=self.replaces, ready=partial(film.coming, self.path),
            )  # fmt: skip
        except Stopped as full:
            out.end = Stopped(full.got, f"{film.done} frames are kept.", f"Free some space; {onward}")
            return out
        out.paths = [typed(str(self.path))]
        if self.beside is not None:
            out.more, out.lines = out.more | dict(self.beside.following.answer()), list(self.beside.following.lines())
            try:
                self.beside.publish(self.path, self.replaces)
            except Stopped as full:
                film.left(self.path)
                out.end = Stopped(
                    full.got,
                    f"The film is whole, in {self.path}." if stop is None else f"{n} frames are in {self.path}.",
                    f"Free some space; {onward}",
                )
                return out
            out.paths += [typed(str(path)) for path in self.beside.paths(self.path)]
        if stop is None:
            film.remove()
            return out
        film.left(self.path, *(self.beside.paths(self.path) if self.beside is not None else []))
        kept = f"{n} of {self.video.expected or 'its'} frames are in {self.path}: {onward}"
        out.end = type(stop)(stop.got, kept, stop.do) if isinstance(stop, ZorkiError) else interrupt.said(stop, kept)  # type: ignore[arg-type]
        return out
