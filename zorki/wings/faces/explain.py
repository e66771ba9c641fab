"""Show where the network looks when it names an expression, and the face that it wants to see.

Source: Sundararajan, Taly and Yan 2017 (the path from a picture that says little); Petsiuk, Das and Saenko 2018 (what is left when it is taken away); Erhan et al. 2009 (drawing by ascent).
Differs: faces lie on one another by eyes and mouth, so that maps of many can be added; the path begins at the blurred face; a drawing begins at the mean face.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from zorki.core.errors import InputError
from zorki.core.method import Input
from zorki.core.settings import Least

if TYPE_CHECKING:
    from zorki import blocks, io, lens
    from zorki.wings.faces._explained import Explained

INPUTS = {
    "photos": Input("photos with faces, or faces that are cut out: pictures, folders, zips, patterns", kind="pictures", rest=True),
    "faces": Input("the network that finds faces; not given: the one that ships", kind="network", option=True),
}
NETS = ("emotions",)
TASK = "faces"
WORDS = True  # the answer is what is printed; a page is written only where one is asked for


@dataclass(frozen=True)
class Settings:
    cut: bool | None = None
    "the pictures are faces that are cut out already; not given: found out by their size, unless --faces says what finds them"
    pictures: Annotated[int, Least(1)] = 1000
    "pictures that are looked into, drawn by the seed where there are more"
    most: Annotated[int, Least(1)] = 40
    "faces of each expression whose maps are made, drawn by the seed where there are more"
    fewest: Annotated[int, Least(1)] = 5
    "faces of which an expression must have been named, or nothing is said of it"
    steps: Annotated[int, Least(0)] = 32
    "updates of the drawing of what it wants to see; 0: none is drawn"
    shown: Annotated[int, Least(0, 60)] = field(default=6, metadata={"pictured": True})
    "faces of each expression that are shown on the page; 0: nobody is shown, only means and drawings"
    seed: int = 0
    "which pictures and faces, where there are more than are looked into"


PRESETS: dict[str, Settings] = {}


def refuse(s: Settings, given: Mapping[str, Any], film: bool) -> None:  # noqa: ARG001
    """Raises InputError for a network that would find faces where none are looked for."""
    if s.cut and "faces" in given:
        raise InputError(
            "--faces does not go with --cut.", "Of faces that are cut out already none are looked for.", "Leave one of both out."
        )


def run(net: lens.Net, photos: io.PhotoSet, s: Settings = Settings(), faces: lens.Net | None = None) -> Explained:
    """For each expression that the network named often enough the mean map of what speaks for it, and a drawing that climbs it.

    Raises InputError where no picture can be read, where there is no face, and for networks that find no faces or name other things than the eight expressions.
    """
    from zorki.wings.faces import _explained

    return _explained.explained(net, photos, s, faces)


def page(net: lens.Net, made: Explained, s: Settings, command: str, photos: io.PhotoSet) -> blocks.Page:  # noqa: ARG001
    """The same to be looked at, for --out page.html."""
    from zorki.wings.faces import _page

    return _page.page(net, made, s.shown, command)
