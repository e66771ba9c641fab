"""The network of expressions that ships: a face everybody knows, seen a little differently, and that its numbers matter."""

from __future__ import annotations

import pytest
import torch
from skimage import data
from torch.nn import functional as F

from zorki import weights

pytestmark = pytest.mark.wings
MIDDLE, SIZE = (223.8, 117.4), 111.4  # of the face of the astronaut, who laughs: as high as a detector's box, moved up by 3 % of that


def face(right: float = 0.0, down: float = 0.0, zoom: float = 1.0) -> torch.Tensor:
    """(1, 3, 48, 48): her face, moved by shares of its side and enlarged."""
    side = SIZE / zoom
    left, top = MIDDLE[0] - side / 2 - right * SIZE, MIDDLE[1] - side / 2 - down * SIZE
    whole = torch.from_numpy(data.astronaut()).permute(2, 0, 1)[None].float() / 255
    part = whole[..., round(top) : round(top + side), round(left) : round(left + side)]
    return F.interpolate(part, (48, 48), mode="bilinear", antialias=True, align_corners=False)


@torch.inference_mode()
def test_who_laughs_is_called_happy_however_she_is_cut() -> None:
    net = weights.load("emotions")
    assert net.classes is not None
    for x in (face(), face(0.06), face(0, -0.06), face(0, 0.06), face(zoom=0.88), face(zoom=1.14), face().mean(1, keepdim=True)):
        shares = net.inner(x).softmax(1)[0]
        assert net.classes[int(shares.argmax())] == "happiness"
        assert shares.max() > 0.8


def test_its_numbers_matter_and_are_few() -> None:
    card = weights.card("emotions")
    assert card.parameters <= 1_000_000
    assert card.file.stat().st_size < 2_000_000
    state = weights.load("emotions").inner.state_dict()
    assert all(bool(v.any()) for k, v in state.items() if k.endswith("weight"))
    assert "not what somebody feels" in card.not_fit_for
    assert {"FER+: macro-F1", "FER+: calibration", "other persons: macro-F1"} < card.figures.keys()
