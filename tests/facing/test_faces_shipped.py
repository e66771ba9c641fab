"""The networks that ship, on the one photograph of a face that everybody has."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage import data

import zorki
from zorki import weights

pytestmark = [pytest.mark.wings, pytest.mark.usefixtures("shipped")]
FACE = (175, 65, 98, 120)  # of the astronaut: left, top, width, height, by eye


def overlap(one: dict[str, int]) -> float:
    a, b = [*one.values()], FACE
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(0, wide) * max(0, high)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def test_the_astronaut_smiles() -> None:
    first = zorki.faces(data.astronaut()).answer()[0]
    assert overlap(first["faceRectangle"]) > 0.6
    assert first["scores"]["happiness"] > 0.8
    own = zorki.faces(data.astronaut(), boxes=[FACE]).answer()
    assert own[0]["scores"]["happiness"] > 0.8, "also without eyes to turn her by"


def test_a_tilted_face_is_named_alike() -> None:
    from scipy import ndimage

    picture = ndimage.rotate(data.astronaut(), 20, reshape=False, mode="nearest")
    assert zorki.faces(picture).answer()[0]["scores"]["happiness"] > 0.7


@pytest.mark.parametrize("name", ["faces", "emotions"])
def test_the_numbers_matter(name: str) -> None:
    """With zeros in their place nothing is found, or nothing is told apart."""
    net = weights.load(name)
    with torch.no_grad():
        for p in net.inner.parameters():
            p.zero_()
    if name == "faces":
        found = zorki.faces(net, data.astronaut()).answer()
        assert not found or overlap(found[0]["faceRectangle"]) < 0.3
    else:
        found = zorki.faces(data.astronaut(), emotions=net, boxes=[FACE]).answer()
        assert np.ptp([*found[0]["scores"].values()]) < 1e-3
