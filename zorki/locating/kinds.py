"""The kinds of faults that pictures with boxes may have: what each is called, what becomes of it, and the rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "unread", "inside", "order", "nameless", "flaw", "area", "outside", "beyond", "swapped", "doubled", "two", "crowd", "turned", "size",
    "spoiled", "alone", "unused", "apart", "alike", "named", "same", "empty", "unlisted",
]  # fmt: skip
LEAST = 0.5  # pixels: what is narrower or lower covers nothing
NEAR = 0.01  # pixels by which rounding moves a side
ALIKE = 0.5  # pixels: boxes whose sides differ by no more are one


@dataclass(frozen=True)
class About:
    """title, one: of all faults of a kind, after their number, and of a single one; done: what became of them; why: the rule, and what to look at.

    boxes: each is of one box. mended: a cleaned copy is without the fault. wrong: it is certainly a fault; else it may be meant so.
    """

    title: str
    one: str
    done: str
    why: str
    boxes: bool = True
    mended: bool = True
    wrong: bool = True


def of_set(title: str, one: str, done: str, why: str, mended: bool = False, wrong: bool = False) -> About:
    return About(title, one, done, why, False, mended, wrong)


KINDS: Mapping[Kind, About] = {
    "unread": of_set(
        "pictures cannot be used", "picture cannot be used", "left out", "Not there, damaged, or not what was annotated.",
        mended=True, wrong=True,
    ),
    "inside": of_set(
        "pictures lie inside of their JSON files", "picture lies inside of its JSON file", "left out until written",
        "Those that are learnt from lie in files: a cleaned copy has them.", mended=True,
    ),
    "order": of_set(
        "readings of the numbers fit better", "other reading of the numbers fits better", "kept as written",
        "Numbers are read by the names of columns and tags, never by their place. Are the names right?", wrong=True,
    ),
    "nameless": About("boxes have no class", "box has no class", "left out", "Nobody says what it is, or its class is in no list."),
    "flaw": About("things have no box", "thing has no box", "left out", "Nothing says where it is."),
    "area": About("boxes have no area", "box has no area", "left out", f"It is narrower or lower than {LEAST:g} pixels."),
    "outside": About("boxes lie outside of their pictures", "box lies outside of its picture", "left out", "Nothing of it is to be seen."),
    "beyond": About("boxes stick out of their pictures", "box sticks out of its picture", "cut off at the border", "What is outside cannot be seen. By a pixel it is rounding; by many, is the picture the one that was annotated?"),
    "swapped": About("boxes have their corners swapped", "box has its corners swapped", "put in order", "Right stands before left, or bottom above top: the same four sides, in the other order."),
    "doubled": About("boxes come twice", "box comes twice", "kept once", f"One of the same class has the same sides, to {ALIKE:g} pixels."),
    "two": About("boxes have two classes", "box has two classes", "both kept", "Two of different classes lie in one place. Is it one thing?", mended=False, wrong=False),
    "crowd": About("boxes are of crowds, many things as one", "box is of a crowd, many things as one", "left out", "No single thing has such a box.", wrong=False),
    "turned": of_set("pictures are turned, and their boxes with them", "picture is turned, and its boxes with it", "turned", "They were annotated before EXIF turns them, and are learnt from as they are seen.", mended=True),
    "size": of_set("pictures have another size than is said of them", "picture has another size than is said of it", "kept, since their boxes fit", "Are these the pictures that were annotated?"),
    "spoiled": of_set(
        "pictures have boxes of which none can be used", "picture has boxes of which none can be used", "left out",
        "Something is in them, so that they do not count as empty.", mended=True, wrong=True,
    ),
    "alone": of_set("classes have one example", "class has one example", "kept", "One is too few to learn from and to be judged on."),
    "unused": of_set("classes are listed of which there is no box", "class is listed of which there is no box", "left out", "A net has classes that it has seen.", mended=True),
    "apart": of_set("classes are in train or val alone", "class is in train or val alone", "kept", "What is nowhere in train cannot be learnt, what is nowhere in val is not judged."),
    "alike": of_set("names of classes are nearly the same", "pair of classes has nearly the same name", "kept apart", "They differ by case, or by signs between words. Are they one class? Then write one name."),
    "named": of_set("pictures share a name", "picture shares a name", "all kept", "They differ by folder or ending. What says only the name may mean either."),
    "same": of_set("pictures are there more than once", "picture is there more than once", "all kept", "The files hold the very same. Where the parts are made here they stay together."),
    "empty": of_set("pictures have no box", "picture has no box", "counted as empty", "Nothing is to be found in them. Is that so?"),
    "unlisted": of_set("pictures are spoken of nowhere", "picture is spoken of nowhere", "left out", "Nobody says what is in them, or that nothing is.", mended=True),
}  # fmt: skip
