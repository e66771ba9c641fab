"""What a method gives, each a protocol: *drawn*, *measured*, *trained*, *written*. What it takes: `zorki/core/method.py`.

A method file's `run` says by what it is which of them it gives: a generator draws, anything else measures; `GIVES` says "trained" or "written".
`Job` (`zorki/jobs/job.py`) is the one place that tells them apart; a surface never needs to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from zorki import blocks, io, pixels
from zorki.core.method import File, Frame, Leaf

Drawn = Iterator[pixels.Step]
"""Steps, each of which shows all so far; whoever loops may save, film or break off. The last one is the result: a Picture, of several labels a
Board, and where the method has `page(net, drawn, labels, settings, command, **pictures)` a Page."""


@runtime_checkable
class Measured(Protocol):
    """A small dataclass with the unscaled numbers; `page(net, measured, settings, command, **pictures)` of the method makes blocks of it."""

    def tiles(self) -> Sequence[blocks.Tile]:
        """What there is to see of it."""


@runtime_checkable
class Answering(Protocol):
    """What is measured, trained or written may say more with --json."""

    def answer(self) -> Mapping[str, Any] | Sequence[Any]:
        """Fields beside `command`, `out` and `seconds`; numbers, texts, lists and mappings of them. Of what lists, the list, which is all that is said."""


@runtime_checkable
class Speaking(Protocol):
    """What is measured, trained or written may have a table for a person."""

    def lines(self) -> Sequence[str]:
        """Printed above the paths of the results."""


@runtime_checkable
class Filed(Protocol):
    """What is measured may be files of several kinds, which the method's `FILES` name, each with its endings."""

    def picture(self, **how: Any) -> Any:
        """(h, w, 3) uint8: as it shows itself; kind: one of FILES, legend: "all" where it is a film's frame."""

    def save(self, path: Path, kind: str, record: Mapping[str, Any], force: bool) -> None:
        """Written whole or not at all."""


@runtime_checkable
class Tabled(Protocol):
    """What is measured of each of many pictures may be rows of one table, which the method's `TABLE` names with its columns."""

    def rows(self) -> Sequence[Sequence[Any]]:
        """Its rows without the picture's name, which is the first column; numbers and texts. What is saved as a picture keeps them in its record as "rows"."""


@runtime_checkable
class Beside(Protocol):
    """What is measured may leave files of its own beside its result, where an option names a folder for them."""

    def beside(self, force: bool, taken: Collection[Path] = ()) -> Sequence[Path]:
        """Writes them, once; the paths. taken: those of other pictures of the same command, which stay also with `force`. What is there already to the byte is left."""


class Following(Protocol):
    """A film as a whole: the method's `film(net, video, settings)`. Frames come in their order, each once; a film that is gone on with begins anew with the
    words that were kept, so that it ends as the unbroken one."""

    columns: Sequence[str]
    "of the table that lies beside the film"

    def seen(self, photo: io.Photo) -> str:
        """What is found in a frame, as one line of text, which is kept. All else hangs on these lines alone."""

    def add(self, number: int, seconds: float, seen: str) -> Sequence[Sequence[Any]]:
        """Goes on with the next frame; its rows of the table."""

    def picture(self, photo: io.Photo) -> Any:
        """(h, w, 3) uint8: the frame that was added last, as it is shown."""

    def answer(self) -> Mapping[str, Any]:
        """Fields for --json, of all frames by now."""

    def lines(self) -> Sequence[str]:
        """The same for a person."""


@runtime_checkable
class Paged(Protocol):
    """What follows a film may have a page (.html) beside film and table."""

    def keep(self, photo: Callable[[], io.Photo]) -> None:
        """Behind each `add`, also of frames that are gone over again: what the page wants of that frame, which `photo` opens."""

    def page(self, command: str) -> blocks.Page:
        """Of all frames by now. command: what makes it. The same for the same frames, to the byte."""


@runtime_checkable
class Partly(Protocol):
    """What is measured or trained may be of many parts, some of which failed; the rest is done, and the command ends with 3."""

    @property
    def failed(self) -> Sequence[tuple[str, str]]:
        """Name and reason of each."""

    @property
    def tried(self) -> int:
        """Of how many."""


@runtime_checkable
class Trained(Protocol):
    """What a training leaves. `run` gets `out`, the run folder, which is there; what it finds in it of its own it goes on from.

    Where the method says `ENDING = ".html"` the page of its `report` is the result, and the folder lies beside it, named as it without the ending.
    """

    @property
    def folder(self) -> Path:
        """The run folder: weights, settings, figures; what `--model` takes."""

    @property
    def card(self) -> Mapping[str, Any]:
        """What the network is, was trained on, can do and is not fit for; as a card's TOML file."""


Written = Iterator[File | Leaf | Frame]
"""Files, or the frames of a film, one by one: each is written whole before the next is asked for. The method's `ENDING` (".onnx", ".mp4")
says that they are one file; without it they go to a folder. A leaf goes where the option says that asked for it."""

Page = Callable[..., blocks.Page]
