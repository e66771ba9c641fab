"""The engine that draws: canvases, transforms, objectives, and `climb`, which yields Steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zorki.core.lazy import attach

if TYPE_CHECKING:
    from zorki.pixels import boards as boards
    from zorki.pixels import colour as colour
    from zorki.pixels import display as display
    from zorki.pixels import flow as flow
    from zorki.pixels import objectives as objectives
    from zorki.pixels import parts as parts
    from zorki.pixels import sizes as sizes
    from zorki.pixels.canvas import Canvas as Canvas
    from zorki.pixels.canvas import Fourier as Fourier
    from zorki.pixels.canvas import Maco as Maco
    from zorki.pixels.canvas import Plain as Plain
    from zorki.pixels.canvas import Uncoloured as Uncoloured
    from zorki.pixels.canvas import empty as empty
    from zorki.pixels.canvas import grey as grey
    from zorki.pixels.climbing import climb as climb
    from zorki.pixels.driver import Done as Done
    from zorki.pixels.driver import Shot as Shot
    from zorki.pixels.driver import Step as Step
    from zorki.pixels.objectives import Objective as Objective
    from zorki.pixels.transforms import Framed as Framed
    from zorki.pixels.transforms import Roll as Roll
    from zorki.pixels.transforms import Wobble as Wobble

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Canvas": "canvas",
        "Done": "driver",
        "Fourier": "canvas",
        "Framed": "transforms",
        "Maco": "canvas",
        "Objective": "objectives",
        "Plain": "canvas",
        "Roll": "transforms",
        "Shot": "driver",
        "Step": "driver",
        "Uncoloured": "canvas",
        "Wobble": "transforms",
        "boards": "",
        "climb": "climbing",
        "colour": "",
        "display": "",
        "empty": "canvas",
        "flow": "",
        "grey": "canvas",
        "objectives": "",
        "parts": "",
        "sizes": "",
    },
)
