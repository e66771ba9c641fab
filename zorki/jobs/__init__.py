"""One call from names to results, for every surface: opens what is named, checks where results go, runs, resumes, repeats, saves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zorki.core.lazy import attach

if TYPE_CHECKING:
    from zorki.jobs.job import Job as Job
    from zorki.jobs.methods import Method as Method
    from zorki.jobs.methods import method as method
    from zorki.jobs.methods import methods as methods
    from zorki.jobs.methods import wings as wings
    from zorki.jobs.models import load as load
    from zorki.jobs.outcome import Outcome as Outcome
    from zorki.jobs.request import Request as Request
    from zorki.jobs.results import Board as Board
    from zorki.jobs.results import Page as Page
    from zorki.jobs.results import Picture as Picture
    from zorki.jobs.running import carry_out as carry_out

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Board": "results",
        "Job": "job",
        "Method": "methods",
        "Outcome": "outcome",
        "Page": "results",
        "Picture": "results",
        "Request": "request",
        "carry_out": "running",
        "load": "models",
        "method": "methods",
        "methods": "methods",
        "wings": "methods",
    },
)
