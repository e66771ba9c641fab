"""Show where a network looks to say what a thing is, and to place each side of its box.

Source: Zeiler and Fergus 2014, section 4.2 (covering parts of the picture and seeing what becomes of the answer).
Differs: the parts lie alike about each box, so that many pictures can be put on one another; of a box's sides it is measured how far they move; the cell that
answered is asked again, also where it would not be heard any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from zorki.core.method import Input
from zorki.core.settings import Least

if TYPE_CHECKING:
    from zorki import blocks, formats, lens
    from zorki.wings.locate._looks import Looks

INPUTS = {"data": Input("a folder of pictures, with boxes or without: with them false alarms are told apart", kind="annotated")}
NETS = ("locator",)
TASK = "locate"
WORDS = True  # the answer is what is printed; a page is written only where one is asked for


@dataclass(frozen=True)
class Settings:
    class_: int | str | None = None
    "the class that is looked into, its number or its name; not given: the one that is found most often"
    most: Annotated[int, Least(1)] = 40
    "detections that are looked into, in pictures drawn by the seed; of one picture the four surest"
    least: Annotated[float, Least(0, 1)] | None = None
    "how sure a detection must be; not given: as it is shown by locate predict"
    baseline: Literal["grey", "black", "blurred"] = "grey"
    "what the parts are covered with"
    split: Literal["val", "test", "train", "all"] | None = None
    "of pictures with boxes which; not given: those held back from the training where the model learnt from this folder, or val/; else all"
    shown: Annotated[int, Least(1, 200)] = 12
    "detections shown one by one on the page"
    pictures: str | None = None
    "the folder of the pictures; not given: looked for where the annotations say, in their folder, and beside it"
    seed: int = 0
    "which pictures, where there are more than are looked into"


PRESETS: dict[str, Settings] = {}


def run(net: lens.Net, data: formats.Place, s: Settings = Settings()) -> Looks:
    """What is covered is each part of a picture in turn, as the net is shown it; what is measured are the class's logit and the four sides of the box.

    Raises UnknownName and InputError for a class that the net lacks, InputError for a folder without pictures, for a net that gives no boxes, and where nothing of the class
    is found in any picture.
    """
    from zorki.wings.locate import _looks

    return _looks.looks(net, data, s)


def page(net: lens.Net, made: Looks, s: Settings, command: str) -> blocks.Page:
    """The same to be looked at, for --out page.html."""
    from zorki.wings.locate import _explained

    return _explained.page(net, made, s.shown, command)
