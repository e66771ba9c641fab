"""Annotations with anything in them: read and filled, or refused in a sentence; never a traceback, never a mask of another size."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.formats import made
from tests.formats.test_others import CVAT, XML, feature, geojson
from tests.formats.test_shapes import letters
from zorki import formats
from zorki.core.errors import ZorkiError
from zorki.segmenting.converting import conversion

pytestmark = pytest.mark.tiny
JUNK = (
    None, True, -1, 0, 1, 3.7, 1e308, -1e9, float("nan"), "", "x", "é", "0", "999999999999", [], [[]], {}, [1], {"a": 1}, [None] * 7, 2**70, 10**400, "--3", "9" * 5000, "\ud800", ...,
)  # fmt: skip
RUNS = {"size": [20, 30], "counts": [0, 20, 580]}
DOCS: dict[str, Any] = {
    "a.json": made.coco(
        [{}, {"iscrowd": 1, "segmentation": RUNS}, {"segmentation": RUNS | {"counts": letters([0, 20, 580])}}, {"category_id": 2}], files=("0.jpg", "1.jpg")
    ),
    "0.json": made.labelme(
        [
            made.shape(), made.shape(kind="circle", points=[[1, 2], [3, 4]]), made.shape(kind="linestrip", points=[[1, 2], [3, 4], [9, 1]]),
            made.shape(kind="mask", points=[[25, 3], [29, 6]], mask=made.packed(np.full((4, 5), 255, np.uint8))),
        ],
        data="aGk=",
    ),
    "0.geojson": geojson(feature(), feature("MultiPolygon", [[made.SQUARE], [made.TALL]])),
}  # fmt: skip
TEXTS = {
    "annotations.xml": CVAT.replace("a/0.jpg", "0.jpg"), "Annotations/0.xml": XML, "0.txt": "1 0.1 0.1 0.5 0.1 0.5 0.9\n0 .5 .5 .2 .4\n",
    "data.yaml": "names: [a, b]\ntrain: .\npath: x\n", "label_colors.txt": "1 2 3 a\n4 5 6 b\n",
}  # fmt: skip


def places(doc: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value in it."""
    for key in doc if isinstance(doc, dict) else range(len(doc)) if isinstance(doc, list) else ():
        yield (*path, key)
        yield from places(doc[key], (*path, key))


def broken(doc: Any, dice: random.Random) -> str:
    """With some values that are others, or gone; sometimes cut off."""
    doc = copy.deepcopy(doc)
    for _ in range(dice.choice([1, 1, 2, 4])):
        *way, last = dice.choice(list(places(doc)) or [(0,)])
        inside: Any = doc
        for key in way:
            inside = inside[key]
        junk = copy.deepcopy(dice.choice(JUNK))
        if junk is ...:
            del inside[last]
        else:
            inside[last] = junk
    text = json.dumps(doc)
    return text[: dice.randrange(len(text))] if dice.random() < 0.2 else text


def scratched(text: str, dice: random.Random) -> bytes:
    data = bytearray(text.encode())
    for _ in range(dice.choice([1, 2, 5])):
        at = dice.randrange(len(data))
        data[at : at + dice.choice([0, 1, 5])] = bytes(dice.choices(b'0189.-<>/"\xff:,[]{} \nabe', k=dice.choice([0, 1, 3])))
    return bytes(data)


@pytest.mark.parametrize("name", [*DOCS, *TEXTS])
def test_whatever_is_in_it_is_read_or_refused(name: str, tmp_path: Path) -> None:
    dice, read = random.Random(0), 0
    made.photo(tmp_path / "0.jpg")
    if name in ("label_colors.txt", "data.yaml"):
        made.index(tmp_path / "0_mask.png", np.zeros(made.HW)) if name != "data.yaml" else made.written(tmp_path / "0.txt", TEXTS["0.txt"])
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    said = []
    for _ in range(60):
        file.write_bytes(broken(DOCS[name], dice).encode() if name in DOCS else scratched(TEXTS[name], dice))
        try:
            place = formats.Place(tmp_path)
            found = formats.read(place)
            read += 1
            filled = conversion(place, found)
            for pair in filled.pairs():
                assert pair.numbers.shape == made.HW
            said += filled.said()
        except ZorkiError as error:
            said.append(error.written)
    assert read, "something should be left to read"
    assert all(sentence.strip() and len(sentence) < 900 for sentence in said)
