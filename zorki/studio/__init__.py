"""The desk: opens pictures and nets by name, calls a method, saves results with their settings, repeats them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zorki.core.lazy import attach

if TYPE_CHECKING:
    from zorki.studio.desk import Job as Job
    from zorki.studio.desk import tensor as tensor
    from zorki.studio.models import load as load
    from zorki.studio.results import Board as Board
    from zorki.studio.results import Picture as Picture
    from zorki.studio.shelves import Method as Method
    from zorki.studio.shelves import method as method
    from zorki.studio.shelves import methods as methods
    from zorki.studio.shelves import wings as wings

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Board": "results",
        "Job": "desk",
        "Method": "shelves",
        "Picture": "results",
        "load": "models",
        "method": "shelves",
        "methods": "shelves",
        "tensor": "desk",
        "wings": "shelves",
    },
)
