"""The Python surface, made of the shelves: `zorki.see.dream("cat.jpg")`, `zorki.style.transfer.steps(…)`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zorki import io, lens, pixels
from zorki.core import manual
from zorki.core.errors import InputError
from zorki.core.folders import at_home
from zorki.core.method import by_place
from zorki.studio.desk import Job
from zorki.studio.models import load
from zorki.studio.results import Board, Page, Picture
from zorki.studio.shelves import Method, method, methods


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

    def __call__(self, *given: Any, **chosen: Any) -> Picture | Board | Page | Any:
        job = self._job(given, chosen)
        shown = job.finish()
        return job.made if self._method.words else shown

    def steps(self, *given: Any, **chosen: Any) -> Iterator[pixels.Step]:
        """Live: watch, save, or break off. What measures has no steps; its result is there at once."""
        if not self._method.climbs:
            raise InputError(
                f"{self._method.name} does not climb, so it has no steps.", "Its result comes at once.", f"Call {self!r} itself."
            )
        return self._job(given, chosen).steps()

    def _job(self, given: tuple[Any, ...], more: dict[str, Any]) -> Job:
        import torch

        net: Any = more.pop("model", None)
        named = bool(given) and isinstance(given[0], str) and not any(i.placed for i in self._method.inputs.values())
        if given and (named or isinstance(given[0], torch.nn.Module | lens.Net)):
            net, given = given[0], given[1:]
        where: dict[str, Any] = {k: more.pop(k) for k in ("weights", "device", "dtype", "mean", "std", "side") if k in more}
        film, preset = more.pop("film", None), more.pop("preset", None)
        how = {k: more.pop(k) for k in ("limit", "range") if k in more}
        pictures = by_place(self._method.inputs, given) | {n: more.pop(n) for n in self._method.inputs if n in more}
        chosen = self._method.fill(preset, more)
        net = net if isinstance(net, lens.Net) and not where else load(net or self._method.net(), **where)
        return Job(self._method, net, pictures, chosen, None if film is None else io.Film(at_home(film)), **how)

    def __repr__(self) -> str:
        return f"<zorki.{self._method.wing}.{self._method.name}: {self._method.summary}>"


class Wing:
    """A wing's methods, as on its shelf."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.__all__ = list(methods(name))

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
