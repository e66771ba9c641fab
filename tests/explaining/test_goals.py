"""Goals as text: what is read is what was meant, and what cannot be read is told."""

from __future__ import annotations

import pytest
import torch

from tests.toys import toy
from zorki import lens, pixels
from zorki.core.errors import InputError, UnknownName
from zorki.explaining.classes import numbered
from zorki.explaining.goals import goal
from zorki.explaining.targets import targets
from zorki.pixels import objectives as o

pytestmark = pytest.mark.tiny
NAMES = ["cat, tabby", "dog", "cup, mug", "hot dog", "crane"]


def net() -> lens.Net:
    return lens.Net(toy(), name="toy", side=32, classes=NAMES)


def value(text: str) -> torch.Tensor:
    n, objective = net(), goal(net(), text)
    x = torch.rand(2, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    seen = dict(lens.capture(n, x, [r for r in objective.reads if r != o.LOGITS] or ["0"])) | {o.LOGITS: n.logits(x)}
    return sum(t.weight * v for t, v in objective.parts(seen)).detach()  # type: ignore[return-value]


def maps(layer: int) -> torch.Tensor:
    x = torch.rand(2, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return toy()[: layer + 1](x)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("3:7", lambda: maps(3)[:, 7].mean((1, 2))),
        ("3:7 - 0.5*3:9", lambda: (maps(3)[:, 7] - 0.5 * maps(3)[:, 9]).mean((1, 2))),
        ("2 * 0:1 + 3:2 - 3:2", lambda: 2 * maps(0)[:, 1].mean((1, 2))),
        ("-3:7", lambda: -maps(3)[:, 7].mean((1, 2))),
        ("3:7@middle", lambda: maps(3)[:, 7, 5, 5]),
        ("3:7@2,4", lambda: maps(3)[:, 7, 2, 4]),
        ("3", lambda: maps(3).pow(2).mean((1, 2, 3)) / 2),
        ("class:cup", lambda: maps(7)[:, 2]),
        ("class:4 - class:0", lambda: maps(7)[:, 4] - maps(7)[:, 0]),
    ],
)  # fmt: skip
def test_it_is_what_it_says(text: str, truth: object) -> None:
    assert torch.allclose(value(text), truth(), atol=1e-5)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "said", "kind"),
    [
        ("", "cannot be read", InputError), ("3:99", "0 to 11", InputError), ("conv9:1", "conv9", UnknownName), ("3:7@here", "row,column", InputError),
        ("class:99", "0 to 4", InputError), ("class:wolf", "wolf", UnknownName), ("class:-1", "0 to 4", InputError), ("3:x", "3: 'x'", InputError),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(text: str, said: str, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=said):
        goal(net(), text)


def test_a_class_is_read_as_everywhere() -> None:
    """A whole name, one of its synonyms, or words that occur in one name alone: no part of a word."""
    n = net()
    for text, number in (("dog", 1), ("hot", 3), ("MUG", 2), ("hot  dog", 3), ("4", 4)):
        assert targets(n, f"class:{text}")[0].class_ == numbered(n, text) == number
    with pytest.raises(UnknownName, match="'o'"):
        goal(n, "class:o")
    several = lens.Net(toy(), side=32, classes=["cat", "dog", "cup", "big crane", "crane bird"])
    with pytest.raises(InputError, match="3 big crane, 4 crane bird"):
        goal(several, "class:crane")
    with pytest.raises(InputError, match="no names"):
        goal(lens.Net(toy(), side=32), "class:dog")
    assert targets(lens.Net(toy(), side=32, classes=NAMES[:2]), "class:4")[0].class_ == 4, "a net may name fewer than it has"


def test_pictures_of_one_group_grow_apart() -> None:
    n = net()
    found = {}
    for weight in (0.0, 20.0):
        canvas = pixels.Fourier((24, 24), range(4))
        objective = o.channels("3", [2] * 4) + weight * o.variety("3", 4)
        *_, last = pixels.climb(n, canvas, objective, steps=25)
        g = torch.nn.functional.normalize(o.gram_of(lens.capture(n, last.image(), "3")["3"]).flatten(1).detach(), dim=1)
        found[weight] = float((g @ g.T).fill_diagonal_(0).sum() / 12)
    assert found[20.0] < found[0.0] - 0.01


def test_variety_is_minus_the_mean_cosine_to_the_others_of_the_group() -> None:
    a = torch.rand(6, 5, 4, 4)
    g = torch.nn.functional.normalize(o.gram_of(a).flatten(1), dim=1)
    cosine = g @ g.T
    found = o.variety("x", 3).parts({"x": a})[0][1]
    for i in range(6):
        others = [j for j in range(6) if j != i and j // 3 == i // 3]
        assert found[i] == pytest.approx(-float(cosine[i, others].mean()), abs=1e-5)


def test_a_caricature_climbs_towards_the_photo_and_away_from_its_opposite() -> None:
    target = torch.randn(1, 5, 3, 3)
    same, twice, other = (o.caricature("x", target).parts({"x": x})[0][1] for x in (target, 2 * target, -target))
    assert same == pytest.approx(1, abs=1e-3)
    assert twice == pytest.approx(2, abs=1e-3)
    assert float(other) < 0


def test_a_neuron_is_the_middle_unit_of_its_own_channel() -> None:
    a = torch.rand(3, 5, 7, 4)
    assert torch.equal(o.neurons("x", [4, 0, 2]).parts({"x": a})[0][1], torch.stack([a[0, 4, 3, 2], a[1, 0, 3, 2], a[2, 2, 3, 2]]))
