"""One call of one method, from names to a result."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import numpy as np

import zorki
from zorki import blocks, io, lens, pixels
from zorki.core import events, settings
from zorki.core.errors import InputError, Stopped
from zorki.studio.results import Board, Page, Picture
from zorki.studio.shelves import Method

FILM_SIDE = 720  # longest side of a film's frames
FILM_FRAMES = 120  # at most: a longer climb shows every second, third … step


class Job:
    """A method with its net, pictures and settings; `steps` shows it at work, `result` is what came out so far.

    pictures: by the method's names; anything that io.open_photo takes, or io.PhotoSet where they may be many. film: a path or a writable file object.
    how: limit and range, as `io.open_photo` takes them.
    Raises InputError for pictures that are missing or too many.
    """

    def __init__(
        self, method: Method, net: lens.Net, pictures: Mapping[str, Any], chosen: Any, film: io.Film | None = None, **how: Any
    ) -> None:
        pictures = {name: p for name, p in pictures.items() if p is not None}  # as if it had not been named
        for name in pictures:
            if name not in method.inputs:
                raise InputError(f"{method.name} takes no picture called {name}.", f"It takes {', '.join(method.inputs) or 'none'}.")
        for name, i in method.inputs.items():
            if not i.option and name not in pictures:
                places = " ".join(n.upper() for n, one in method.inputs.items() if one.placed)
                do = f"Write zorki {method.wing} {method.name} {places}." if i.placed else f"Give them with --{name}."
                raise InputError(f"{method.name} needs {'' if i.many else 'a picture: '}{name}.", i.help.capitalize() + ".", do)
        self.method, self.net, self.settings, self.film = method, net, chosen, film
        self.range = io.span_text(how.get("range"))
        many = {n: p for n, p in pictures.items() if method.inputs[n].many}
        self.sets = {n: p if isinstance(p, io.PhotoSet) else io.PhotoSet(p, twice=method.inputs[n].twice, **how) for n, p in many.items()}
        self.vectors: dict[str, Any] = {n: io.open_vector(p) for n, p in pictures.items() if method.inputs[n].vector}
        single = {n: p for n, p in pictures.items() if n not in {**self.sets, **self.vectors}}
        self.photos = {name: io.open_photo(p, **how) for name, p in single.items()}
        for one in self.photos.values():
            for sentence in one.notes:
                events.note(sentence)
        self.last: pixels.Step | None = None
        self.made: Any = None

    def steps(self) -> Iterator[pixels.Step]:
        """Yields each Step; whoever loops may break off, and `result` is then what was reached."""
        import torch

        with torch.inference_mode(False):  # a caller may be in it, and nothing that is drawn could be
            its = self.method.inputs
            inputs = {n: p if its[n].whole else tensor(p.on_black() if its[n].mask else p) for n, p in self.photos.items()}
            net = self.net if self.method.climbs else lens.precise(self.net)
            started = self.method.run(net, **inputs, **self.sets, **self.vectors, s=self.settings)
        if not self.method.climbs:
            self.made = started
            return
        before = length = 0
        with ExitStack() as kept:
            kept.enter_context(closing(started))
            if self.film is not None:
                kept.enter_context(self.film)
            while (step := advanced(started)) is not None:
                self.last = step
                self.shoot(step)
                if step.i == 1:
                    before, length = before + length, step.of  # steps of the stages that are done
                of = before + step.of * (1 + step.stages - step.stage)  # later stages are taken to be as long as this one
                events.tell(self.method.name, before + step.i, of, loss=step.loss, parts=step.parts)
                yield step

    def shoot(self, step: pixels.Step) -> None:
        """Adds the step to the film, if there is one and it is this step's turn."""
        every = max(1, -(-step.of * step.stages // FILM_FRAMES))
        turn = step.shot if isinstance(step, pixels.Shot) else step.i % every == 0 or step.i in (1, step.of)
        if self.film is not None and turn:
            picture = step.small(FILM_SIDE)[0].permute(1, 2, 0).numpy()
            k = min(1.0, FILM_SIDE / max(picture.shape[:2]))
            hw = (max(1, round(picture.shape[0] * k)), max(1, round(picture.shape[1] * k)))
            self.film.add(io.resize(picture, hw) if k < 1 else picture)

    def result(self) -> Picture | Board | Page:
        """The Picture or Board, after `steps` has been looped over. Raises Stopped when there was no step yet."""
        if self.made is not None:
            makes = self.method.page
            page = None if makes is None else makes(self.net, self.made, self.settings, self.command(), **self.sets)
            return Board(tuple(self.made.tiles()), self.record(), self.made, getattr(self.made, "columns", 0), page)
        if self.last is None:
            raise Stopped(f"{self.method.name} was stopped before its first step.", "Nothing was drawn yet.")
        import torch

        with torch.inference_mode(False):
            drawn = self.last.image()
            if self.method.page is not None:
                page = self.method.page(self.net, drawn, self.last.labels, self.settings, self.command(), **self.sets)
                return Page(page, self.record(), drawn)
        if len(self.last.labels) > 1:
            named = zip(drawn, self.last.labels, strict=False)  # broken off, there are fewer drawings than names
            tiles = [blocks.Tile(pixels=pixels.display.levels(p), caption=label, alt=f"What {label} answers to") for p, label in named]
            return Board(tuple(tiles), self.record(), drawn)
        first = next(iter(self.photos.values()), None)
        return Picture(drawn[:1], first if first is not None and first.pixels.shape[:2] == drawn.shape[-2:] else None, self.record())

    def finish(self) -> Picture | Board | Page:
        """Works to the end."""
        for _ in self.steps():
            pass
        return self.result()

    def record(self) -> dict[str, Any]:
        """How it was made: names of files without their folders, and what differs from the defaults."""
        return {
            "zorki": zorki.__version__,
            "command": [self.method.wing, self.method.name],
            "pictures": self.names(),
            "marks": {n: io.marked(p) for n, p in {**self.photos, **self.vectors}.items()}
            | {n: p.content if self.method.inputs[n].twice else p.signature for n, p in self.sets.items()},
            "options": settings.changed(self.settings, files=False),
            "model": Path(self.net.name).name,  # of file.py:function without the folder
        } | ({} if self.range is None else {"range": self.range})

    def command(self) -> str:
        """The command that makes the same."""
        line = self.method.command(self.names(), self.settings, self.net.name)
        return line if self.range is None else f"{line} --range {self.range}"

    def names(self) -> dict[str, Any]:
        """Of the files that were opened, without their folders: one, or of photographs a list where several were given."""
        return {n: Path(p.name).name for n, p in {**self.photos, **self.vectors}.items()} | {n: p.names for n, p in self.sets.items()}

    def default_name(self) -> str:
        """What the result is called when nobody said how: after input and command."""
        first = next(iter(self.photos.values()), None)
        if first is not None and self.method.climbs:
            return io.output_name(first, self.method.name)
        named = first or next(iter(self.sets.values()), None)
        stem = Path(named.name).stem if named else str(getattr(self.settings, "layer", None) or Path(self.net.name).name)
        stem = re.sub(r'[<>:"/\\|?*\s]+', "-", stem)
        return f"{stem}.{self.method.name}.{'html' if self.method.page is not None and self.method.climbs else 'png'}"


def advanced(started: Iterator[pixels.Step]) -> pixels.Step | None:
    """The next step, None after the last."""
    import torch

    with torch.inference_mode(False):
        return next(started, None)


def tensor(opened: io.Photo) -> Any:
    """(1, 3, h, w) float32 in 0..1."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(opened.seen.transpose(2, 0, 1))[None])
