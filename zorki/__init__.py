"""See what a vision network sees, let it paint, cut pictures apart, and point.

`zorki.load("eye")` gives a network to look at; `zorki.see.dream("cat.jpg")` calls a method. Nothing heavy is imported
before it is used.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`load`, `tour` and the wings; each opens when it is asked for."""
    if name.startswith("_"):
        raise AttributeError(f"module 'zorki' has no attribute {name!r}")
    if name == "load":
        from zorki.jobs.models import load

        return load
    if name == "tour":
        from zorki.guided.call import tour

        return tour
    from zorki.jobs.methods import wings

    if name in wings():
        from zorki.studio.surface import Wing

        made = globals()[name] = Wing.of(name)
        return made
    raise AttributeError(f"module 'zorki' has no attribute {name!r}")


def __dir__() -> list[str]:
    from zorki.jobs.methods import wings

    return ["__version__", "load", "tour", *wings()]
