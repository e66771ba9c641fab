"""How a picture was made: what its file remembers, and the request that makes it again."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zorki import formats, io, weights
from zorki.core.errors import InputError
from zorki.core.method import Input
from zorki.core.settings import options
from zorki.core.spelling import Spelling, in_python
from zorki.jobs import inputs, targets
from zorki.jobs.job import Job
from zorki.jobs.methods import Method, method
from zorki.jobs.request import Request

ROWS = "rows"  # what a picture keeps of a table of many, beside how it was made


def recorded(job: Job) -> dict[str, Any]:
    """How the job's result will be made, as a file gives it back."""
    record: dict[str, Any] = json.loads(json.dumps(job.record()))
    return record


def made_by(path: Path) -> dict[str, Any] | None:
    """What a file says of its making, if it is a picture of ours."""
    record = remembered(path)
    return None if record is None else {k: v for k, v in record.items() if k != ROWS}


def rows_in(path: Path) -> list[list[Any]] | None:
    """The rows of a table that a picture of ours keeps."""
    rows = (remembered(path) or {}).get(ROWS)
    return rows if isinstance(rows, list) and all(isinstance(row, list) for row in rows) else None


def remembered(path: Path) -> dict[str, Any] | None:
    """All that a file holds of ours."""
    try:
        return io.read_settings(path)
    except InputError:
        return None


def onward(r: Request, job: Job) -> Request:
    """The picture of the same command that was broken off gives way to what comes of going on; anything else of that name does not."""
    record = recorded(job)
    if r.out is not None and not targets.is_folder(r.out):
        same = made_by(Path(r.out)) == record
        if not same and r.out != "-":
            io.check_target(Path(r.out), force=False)
        return replace(r, force=same)
    for path in io.numbered(Path(r.out or "") / job.default_name()):
        if not path.exists():
            return r
        if made_by(path) == record:
            return replace(r, out=str(path), force=True)
    return r


@dataclass(frozen=True)
class Record:
    """What a picture says of its making: drawing settings only, never code, never where to write."""

    result: Path
    method: Method
    options: dict[str, Any]
    names: dict[str, Any]
    marks: dict[str, str]
    model: str
    range: str | None
    steady: float = 0

    @classmethod
    def of(cls, result: str) -> Record:
        """Raises InputError for a file that says nothing of it, or nothing that fits."""
        record = io.read_settings(result)
        if record is None:
            raise InputError(
                f"{Path(result).name} does not say how it was made.", "Only pictures that Zorki wrote do.", "Type the command yourself."
            )
        try:
            m = method(*record["command"])
            files = {o.name for o in options(m.settings) if o.file}  # no record says where to write
            given = {k: tuple(v) if isinstance(v, list) else v for k, v in record["options"].items() if k not in files}
            m.fill(None, given)
            marks = dict(record.get("marks", {}))
            names = {str(k): [str(x) for x in v] if isinstance(v, list) else str(v) for k, v in record["pictures"].items()}
            found = cls(
                Path(result),
                m,
                given,
                names,
                marks,
                str(record["model"]),
                io.span_text(record.get("range")),
                float(record.get("steady", 0)),
            )
            if set(names) - set(m.inputs) or {n for n, i in m.inputs.items() if not i.option} - set(names):
                raise KeyError("pictures")
        except (KeyError, TypeError, AttributeError, ValueError) as e:
            raise InputError(
                f"What {Path(result).name} says of its making is damaged.", "It names no command, pictures and options that fit.",
                "Type the command yourself.",
            ) from e  # fmt: skip
        return found

    @property
    def command(self) -> str:
        """As a person would type it."""
        line = self.method.command(self.names, self.method.fill(None, self.options), self.model)
        return line + ("" if self.range is None else f" --range {self.range}") + (f" --steady {self.steady:g}" if self.steady else "")

    def request(self, spelling: Spelling = in_python) -> Request:
        """The same once more; inputs are looked for beside the picture and here. Raises InputError for code of somebody's, or what is missing."""
        networks = [str(self.names[n]) for n, i in self.method.inputs.items() if i.kind == "network" and n in self.names]
        for model in (*([self.model] if self.method.nets else []), *networks):
            if model not in weights.names():
                raise InputError(
                    f"It was made with the model {model!r}.",
                    "That is code of somebody's or not here.",
                    "Type the command yourself if you trust it.",
                )
        found = self.found()
        net = {"model": self.model} if self.method.nets else {}
        more = {"range": self.range} | ({"steady": self.steady} if self.steady else {})
        placed = [path for n, i in self.method.inputs.items() if not i.option for path in found[n]]
        named = {n: paths if self.method.inputs[n].many else paths[0] for n, paths in found.items() if self.method.inputs[n].option}
        more |= {"out": "./"} if self.method.words else {}  # else it would only be said once more
        return Request.of(self.method, placed, self.options | named | net | more, spelling=spelling)

    def found(self) -> dict[str, list[str]]:
        """Where its inputs lie."""
        return {
            n: [self.place(x, self.method.inputs[n]) for x in ([name] if isinstance(name, str) else name)] for n, name in self.names.items()
        }

    def place(self, name: str, its: Input) -> str:
        """Where one of them lies; of a network its name, a word as it is."""
        if its.kind == "boxes" and formats.is_numbers(name):
            return name
        return name if its.kind in ("network", "word") else str(beside(self.result, name, its.kind in ("pictures", "labelled", "run")))

    def changed(self) -> list[str]:
        """The inputs that bear their name and are others by now, each as a list of paths in one line."""
        found = self.found()
        return [
            ", ".join(paths)
            for n, paths in found.items()
            if n in self.marks and mark(paths, self.method.inputs[n], self.range) not in (None, self.marks[n])
        ]


def mark(paths: list[str], its: Input, span: str | None) -> str | None:
    """What a record says of an input's content; None for many photographs, which are known by their times alone."""
    if its.many and not its.twice:
        return None
    if its.plain and io.is_film(paths[0]):
        return io.open_video(paths[0]).mark
    return inputs.mark(inputs.opened(paths if its.many else paths[0], its, {"range": span}), its)


def beside(result: Path, name: str, folders: bool) -> Path:
    """The file (or folder) of that plain name beside the result, else in the current folder. Raises InputError."""
    if Path(name).name != name or name in ("", ".."):
        raise InputError(
            f"{result.name} names a picture with a path ({name!r}).", "Only plain file names are looked for.", "Type the command yourself."
        )
    for folder in (result.parent, Path()):
        if os.path.exists(folder / name) if folders else os.path.isfile(folder / name):
            return folder / name
    raise InputError(
        f"{result.name} was made from {name}, which is not beside it nor here.",
        "It is looked for by its name.",
        f"Put {name} into this folder and try again.",
    )
