"""One call of one method, from names to a result."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import cached_property
from pathlib import Path
from typing import Any

import zorki
from zorki import blocks, formats, io, lens, pixels, report
from zorki.core import events, settings
from zorki.core.errors import InputError, Stopped
from zorki.core.method import File, Frame, Leaf
from zorki.jobs import filing, inputs, reports
from zorki.jobs.contract import Answering, Partly, Speaking
from zorki.jobs.methods import Method
from zorki.jobs.results import Board, Found, Page, Picture

LIST = "listed"  # the field of an answer that is nothing but a list
FILM_SIDE = 720  # longest side of a film's frames
FILM_FRAMES = 120  # at most: a longer climb shows every second, third … step


class Job:
    """A method with its net, inputs and settings; `steps` shows it at work, `result` is what came out so far.

    net: None for a method that takes none. pictures: by the method's names; anything that the opener of their kind takes. film: a file object
    that the climb is filmed to. out: the folder of a training, or what is written to. how: limit and range, as `io.open_photo` takes them.
    Raises InputError for inputs that are missing or too many.
    """

    def __init__(
        self,
        method: Method,
        net: lens.Net | None,
        pictures: Mapping[str, Any],
        chosen: Any,
        film: io.Film | None = None,
        out: Path | None = None,
        **how: Any,
    ) -> None:
        pictures = {name: p for name, p in pictures.items() if p is not None}  # as if it had not been named
        for name in pictures:
            if name not in method.inputs:
                raise InputError(
                    f"{method.spoken} takes no picture called {name}.", f"It takes {', '.join(method.inputs) or 'none'}.", "Leave it out."
                )
        for name, its in method.inputs.items():
            if not its.option and name not in pictures:
                raise inputs.missing_input(name, its, " ".join(method.typed_words), method.inputs)
        self.method, self.settings, self.film, self.out = method, chosen, film, out
        self._net = net
        self.range = io.span_text(how.get("range"))
        self.opened = {name: inputs.opened(p, method.inputs[name], how, name) for name, p in pictures.items()}
        for found in self.opened.values():
            for sentence in getattr(found, "notes", ()):
                events.note(sentence)
        self.last: pixels.Step | None = None
        self.made: Any = None
        self.written: list[Path] = []
        self._taken: set[Path] = set()
        self.told: dict[str, Any] = {}
        self._image: tuple[pixels.Step, Any] | None = None

    @property
    def begun(self) -> bool:
        """Whether there is something to keep."""
        return self.last is not None or bool(self.written) or (self.folder is not None and io.is_run(self.folder))

    @property
    def folder(self) -> Path | None:
        """Of a training its run folder: what it is written to, or what lies beside its page."""
        return self.out if self.out is None or not self.method.paged else self.out.with_suffix("")

    def image(self) -> Any:
        """What is drawn by now, (b, 3, h, w) in 0..1; of each step it is made once. Of what was measured as a film's frame shows it. Raises Stopped before
        the first."""
        if self.method.files and self.made is not None:
            shown = self.made.picture(kind=self.settings.as_ or "overlay", legend="all")
            return inputs.tensor(io.open_photo(shown))
        if self.last is None:
            raise Stopped(
                f"{self.method.spoken} was stopped before its first step.", "Nothing was drawn yet.", "The same command begins again."
            )
        if self._image is None or self._image[0] is not self.last:
            self._image = self.last, self.last.image()
        return self._image[1]

    @property
    def size(self) -> list[int]:
        """Width and height of what is drawn by now."""
        return list(reversed(self.image().shape[-2:]))

    @property
    def net(self) -> lens.Net:
        assert self._net is not None, f"{self.method.spoken} takes no network"
        return self._net

    @property
    def photos(self) -> dict[str, io.Photo]:
        return {n: p for n, p in self.opened.items() if isinstance(p, io.Photo)}

    @property
    def sets(self) -> dict[str, io.PhotoSet]:
        return {n: p for n, p in self.opened.items() if isinstance(p, io.PhotoSet)}

    def steps(self) -> Iterator[pixels.Step]:
        """Works; yields each Step of what draws. Whoever loops may break off, and `result` is then what was reached."""
        gives, given = self.method.gives, self.given()
        if gives == "trained":
            with reports.live(self.method, self.folder, given, self.out if self.method.paged else None):
                self.made = self.started(given | {"out": self.folder})
        elif gives == "written":
            self.write(self.started(given))
        elif gives == "measured":
            self.made = self.started(given)
        else:
            yield from self.drawn(self.started(given))

    def given(self) -> dict[str, Any]:
        """The inputs as `run` gets them."""
        import torch

        with torch.inference_mode(False):  # a caller may be in it, and nothing that is drawn could be
            return {n: inputs.handed(p, self.method.inputs[n]) for n, p in self.opened.items()}

    def started(self, given: Mapping[str, Any]) -> Any:
        """What the method's `run` gives."""
        import torch

        with torch.inference_mode(False):
            if self._net is None:
                return self.method.run(**given, s=self.settings)
            net = lens.precise(self._net) if self.method.gives == "measured" else self._net
            return self.method.run(net, **given, s=self.settings)

    def drawn(self, started: Iterator[pixels.Step]) -> Iterator[pixels.Step]:
        before = length = 0
        with ExitStack() as kept:
            kept.enter_context(closing(started))  # type: ignore[type-var]
            if self.film is not None:
                kept.enter_context(self.film)
            while (step := advanced(started)) is not None:
                self.last = step
                self.shoot(step)
                if step.i == 1:
                    before, length = before + length, step.of  # steps of the stages that are done
                of = before + step.of * (1 + step.stages - step.stage)  # later stages are taken to be as long as this one
                events.tell(self.method.spoken, before + step.i, of, loss=step.loss, parts=step.parts)
                yield step

    def write(self, started: Iterator[File | Leaf | Frame]) -> None:
        """Writes each file and page under a temporary name and renames it, and frames to one film, which plays also when it is broken off."""
        assert self.out is not None, "a surface says where what is written goes"
        with ExitStack() as kept:
            kept.enter_context(closing(started))  # type: ignore[type-var]
            film: io.Film | None = None
            while (part := advanced(started)) is not None:
                if isinstance(part, Frame):
                    if film is None:
                        rates = [p.rate for p in self.opened.values() if isinstance(p, io.Video)]
                        film = kept.enter_context(io.Film(self.out, fps=rates[0] if rates else 15, force=True))
                        self.written.append(self.out)
                    film.add(part.picture)
                    continue
                if isinstance(part, Leaf):
                    path = filing.leaf_path(getattr(self.settings, part.option)) or io.free_path(f"{self.stem()}.{part.option}.html")
                    path.parent.mkdir(parents=True, exist_ok=True)
                    io.atomic_write(path, report.render(part.page))
                else:
                    path = self.out if self.method.ending else self.out / part.name
                    if path in self._taken:  # another of that name
                        path = io.free_path(path)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with io.atomic(path) as temporary:
                        part.write(temporary)
                self.written.append(path)
                self._taken.add(path)
                self.told |= part.said

    def shoot(self, step: pixels.Step) -> None:
        """Adds the step to the film, if there is one and it is this step's turn."""
        every = max(1, -(-step.of * step.stages // FILM_FRAMES))
        turn = step.shot if isinstance(step, pixels.Shot) else step.i % every == 0 or step.i in (1, step.of)
        if self.film is not None and turn:
            picture = step.small(FILM_SIDE)[0].permute(1, 2, 0).numpy()
            k = min(1.0, FILM_SIDE / max(picture.shape[:2]))
            hw = (max(1, round(picture.shape[0] * k)), max(1, round(picture.shape[1] * k)))
            self.film.add(io.resize(picture, hw) if k < 1 else picture)

    def result(self) -> Any:
        """A Picture, Board or Page of what was drawn or measured; what a training left; the paths of what was written.

        After `steps` has been looped over. Raises Stopped when there was no step yet.
        """
        if self.method.gives == "trained":
            return self.made
        if self.method.gives == "written":
            return self.written
        return self.measured() if self.made is not None else self.picture()

    def measured(self) -> Board | Found:
        if self.method.files:
            return Found(self.made, self.method, self.settings, self.record())
        makes = self.method.page
        page = None if makes is None else makes(self._net, self.made, self.settings, self.command(), **self.sets)
        return Board(tuple(self.made.tiles()), self.record(), self.made, getattr(self.made, "columns", 0), page)

    def picture(self) -> Picture | Board | Page:
        import torch

        with torch.inference_mode(False):
            drawn, labels = self.image(), self.last.labels if self.last is not None else ()
            if self.method.page is not None:
                return Page(self.method.page(self.net, drawn, labels, self.settings, self.command(), **self.sets), self.record(), drawn)
        if len(labels) > 1:
            named = zip(drawn, labels, strict=False)  # broken off, there are fewer drawings than names
            tiles = [blocks.Tile(pixels=pixels.display.levels(p), caption=label, alt=f"What {label} answers to") for p, label in named]
            return Board(tuple(tiles), self.record(), drawn)
        first = next(iter(self.photos.values()), None)
        return Picture(drawn[:1], first if first is not None and first.pixels.shape[:2] == drawn.shape[-2:] else None, self.record())

    def finish(self) -> Any:
        """Works to the end."""
        for _ in self.steps():
            pass
        return self.result()

    def answer(self) -> dict[str, Any]:
        """What it has to say with --json, beside its paths; of what draws the surface knows the losses."""
        said = self.made.answer() if isinstance(self.made, Answering) else {}
        more: dict[str, Any] = {LIST: list(said)} if isinstance(said, Sequence) else dict(said)
        more |= self.told
        if self.many:
            more["failed"] = [{"photo": name, "why": why} for name, why in self.missing]
        return more

    def lines(self) -> list[str]:
        """What it has to say to a person."""
        return list(self.made.lines()) if isinstance(self.made, Speaking) else []

    @property
    def many(self) -> list[io.PhotoSet | formats.Place]:
        """The inputs that are many pictures, of which some may fail."""
        return [p for p in self.opened.values() if isinstance(p, io.PhotoSet | formats.Place)]

    @property
    def missing(self) -> list[tuple[str, str]]:
        """(name, why) of all pictures that could not be read."""
        return [one for some in self.many for one in some.missing]

    @property
    def failed(self) -> tuple[list[tuple[str, str]], int]:
        """(name, why) of all photographs that could not be read and of all parts that failed, and of how many they are."""
        made = self.made if isinstance(self.made, Partly) else None
        parts, tried = ([], 0) if made is None else (list(made.failed), made.tried)
        return [*self.missing, *parts], sum(map(len, self.many)) + tried

    @cached_property
    def marks(self) -> dict[str, str]:
        """By what a record knows the content of each input that has any: all its pixels are read for that, so once."""
        marks = {n: inputs.mark(p, self.method.inputs[n]) for n, p in self.opened.items()}
        return {n: said for n, said in marks.items() if said is not None}

    def record(self) -> dict[str, Any]:
        """How it was made: names of files without their folders, and what differs from the defaults."""
        return {
            "zorki": zorki.__version__,
            "command": list(self.method.typed_words),
            "pictures": self.names(),
            "marks": dict(self.marks),
            "options": settings.changed(self.settings, files=False),
            "model": "" if self._net is None else Path(self._net.name).name,  # of file.py:function without the folder
        } | ({} if self.range is None else {"range": self.range})

    def command(self) -> str:
        """The command that makes the same."""
        line = self.method.command(self.names(), self.settings, "" if self._net is None else self._net.name)
        return line if self.range is None else f"{line} --range {self.range}"

    def names(self) -> dict[str, Any]:
        """What a record calls the inputs: pictures, then vectors, then what is many."""
        order = sorted(self.opened, key=lambda n: (isinstance(self.opened[n], io.PhotoSet), isinstance(self.opened[n], io.Vector)))
        return {n: inputs.named(self.opened[n]) for n in order}

    def default_name(self) -> str:
        """What the result is called when nobody said how: after input and command."""
        first = next(iter(self.photos.values()), None)
        if first is not None and self.method.climbs:
            return io.output_name(first, self.method.spoken)
        stem = self.stem()
        if self.method.files:
            endings = self.method.files[filing.kind_of(self.method, self.settings)]
            own = "" if first is None else Path(io.output_name(first, self.method.spoken)).suffix
            as_it_is = ".jpg" in endings and own.lower() in endings  # a photo with something on it comes back as it came
            return f"{stem}.{self.method.spoken}{own if as_it_is else endings[0]}"
        if self.method.gives in ("trained", "written"):
            return f"{stem}.{self.method.spoken}{self.method.ending}"
        return f"{stem}.{self.method.spoken}.{'html' if self.method.page is not None and self.method.climbs else 'png'}"

    def stem(self) -> str:
        """What a result's name begins with: that of the first input, else the layer, the network, the wing. What writes, writes of its network, whatever may be
        given beside it."""
        lead = [p for n, p in self.opened.items() if not (self.method.gives == "written" and self.method.inputs[n].option)]
        photo = next((p for p in lead if isinstance(p, io.Photo)), None)
        named = photo or next((p for p in lead if not isinstance(p, io.Vector | lens.Net)), None)
        net = "" if self._net is None else Path(self._net.name).name
        said = named if isinstance(named, str) else named.name if named else ""
        stem = Path(said).stem if said else str(getattr(self.settings, "layer", None) or net or self.method.wing)
        return re.sub(r'[<>:"/\\|?*\s]+', "-", stem)


def advanced(started: Iterator[Any]) -> Any:
    """The next step or file, None after the last."""
    import torch

    with torch.inference_mode(False):
        return next(started, None)
