"""What a network answers and why: what may be asked of it (targets, goals, numbers of its boxes), its classes, directions among its answers, attribution, and where a map lies on the photo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zorki.core.lazy import attach

if TYPE_CHECKING:
    from zorki.explaining import alignment as alignment
    from zorki.explaining import attribution as attribution
    from zorki.explaining import classes as classes
    from zorki.explaining import directions as directions
    from zorki.explaining import goals as goals
    from zorki.explaining import reading as reading
    from zorki.explaining import targets as targets

__getattr__, __dir__, __all__ = attach(
    __name__, dict.fromkeys(["alignment", "attribution", "classes", "directions", "goals", "reading", "targets"], "")
)
