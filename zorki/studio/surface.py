"""The Python surface, made of the shelves: `zorki.see.dream("cat.jpg")`, `zorki.style.transfer.steps(…)`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zorki import io, lens, pixels
from zorki.core import manual
from zorki.core.errors import InputError, UnknownName
from zorki.core.method import by_place
from zorki.core.settings import options
from zorki.jobs import films, targets
from zorki.jobs.job import Job
from zorki.jobs.methods import Method, alone, method, methods
from zorki.jobs.models import load
from zorki.jobs.request import NETWORK, WHERE, Request


class Call:
    """A method to call: `call(net, pictures…, options…)`; `call.steps(…)` yields each Step of what climbs.

    The network may come first (an nn.Module, or what `zorki.load` gave; a name is given as `model=`); else it is the method's own.
    Options are the command's; `preset=` takes one of `presets`, `film=` a path, `device=`, `dtype=`, `limit=`, `range=` as on the command line.
    """

    def __init__(self, method: Method) -> None:
        self._method = method
        self.Settings: type = method.settings
        self.presets: Mapping[str, Any] = method.presets
        self.__name__ = method.name
        self.__signature__ = manual.signature(method.inputs, method.settings)

    def __call__(self, *given: Any, **chosen: Any) -> Any:
        """A Picture, Board or Page; of what answers in words the answer; the run that a training left; the paths of what was written, or of a film."""
        r, net = self._asked(given, chosen)
        if r.moving is not None:
            return films.made(r, net)
        job = self._job(r, net)
        if not self._method.words:
            return job.finish()
        for _ in job.steps():
            pass
        return job.made

    def steps(self, *given: Any, **chosen: Any) -> Iterator[pixels.Step]:
        """Live: watch, save, or break off. What measures has no steps; its result is there at once."""
        if not self._method.climbs:
            raise InputError(
                f"{self._method.spoken} does not climb, so it has no steps.", "Its result comes at once.", f"Call {self!r} itself."
            )
        r, net = self._asked(given, chosen)
        if r.moving is not None:
            raise InputError("A film is given.", "Its frames are worked on one by one, to a file.", f"Call {self!r} itself.")
        return self._job(r, net).steps()

    def _asked(self, given: tuple[Any, ...], more: dict[str, Any]) -> tuple[Request, lens.Net | None]:
        """What is asked for, and the network for it."""
        import torch

        m = self._method
        own = [o.name for o in options(m.settings)]
        film = m.framed is not None and any(map(io.is_film, (*given[:2], more.get(m.framed))))
        for name in (*NETWORK, *WHERE):
            if name in more and name not in (*m.inputs, *m.takes, *own, *(WHERE if film else ())):
                raise UnknownName.among("option", name, own)
        net: Any = more.pop("model", None)
        named = bool(given) and isinstance(given[0], str) and not any(i.placed for i in m.inputs.values())
        if m.nets and given and (named or isinstance(given[0], torch.nn.Module | lens.Net)):
            net, given = given[0], given[1:]
        r = Request.of(m, (), by_place(m.inputs, given) | more)
        if m.gives in ("trained", "written"):
            targets.verify(r)
        if m.nets and not (isinstance(net, lens.Net) and not r.network):
            net = load(m.net(net), **r.network)
        return r, net

    def _job(self, r: Request, net: lens.Net | None) -> Job:
        m = self._method
        job = Job(m, net if m.nets else None, r.pictures, r.settings, None if r.film is None else io.Film(r.film), **r.opening)
        job.out = targets.written_to(r, job)
        return job

    def __repr__(self) -> str:
        return f"<zorki.{self._method.wing}.{self._method.name}: {self._method.summary}>"


class Wing:
    """A wing's methods, as on its shelf."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.__all__ = list(methods(name))

    @staticmethod
    def of(name: str) -> Wing:
        """The wing; it can be called itself where its name alone means one of its methods."""
        return Wing(name) if alone(name) is None else Alone(name)

    def __getattr__(self, name: str) -> Call:
        if name.startswith("_") or name not in self.__all__:
            raise AttributeError(f"zorki.{self._name} has no {name!r}; it has {', '.join(self.__all__)}")
        found = method(self._name, name)
        call: Call = type(
            name,
            (Call,),
            {"__doc__": manual.text(found.doc, found.inputs, found.settings, Call.__doc__ or ""), "__module__": f"zorki.{self._name}"},
        )(found)
        setattr(self, name, call)
        return call

    def __dir__(self) -> list[str]:
        return self.__all__

    def __repr__(self) -> str:
        return f"<zorki.{self._name}: {', '.join(self.__all__)}>"


class Alone(Wing):
    """A wing whose name alone means one of its methods: `zorki.NAME(…)` calls it, and has its `.Settings`, `.presets` and `.steps`."""

    @property
    def _usual(self) -> Call:
        call: Call = getattr(self, str(alone(self._name)))
        return call

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self._usual.__doc__

    @property
    def __signature__(self) -> Any:
        return self._usual.__signature__

    @property
    def Settings(self) -> type:
        return self._usual.Settings

    @property
    def presets(self) -> Mapping[str, Any]:
        return self._usual.presets

    def __call__(self, *given: Any, **chosen: Any) -> Any:
        return self._usual(*given, **chosen)

    def steps(self, *given: Any, **chosen: Any) -> Iterator[pixels.Step]:
        return self._usual.steps(*given, **chosen)
