"""The sizes that a net takes are found by trying, and what it says when it takes none is what tells most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from tests.toys import toy
from tests.zoo import Sliced, Volumes, WordsAndPictures, fixed
from zorki import lens
from zorki.core import events
from zorki.core.errors import InputError

pytestmark = pytest.mark.tiny


@pytest.mark.parametrize(
    ("make", "hw", "step"),
    [
        (lambda: Sliced(96, 16), 96, 0),
        (lambda: Sliced(96, 32), 96, 0),
        (lambda: Sliced(72, 8), 72, 0),
        (lambda: Sliced(96, 16, cut=True), 96, 0),
        (lambda: Sliced(112, 16, cut=True), 112, 0),
        (lambda: Sliced(64, 16), 64, 0),
        (lambda: Sliced(256, 32), 256, 0),
        (lambda: Sliced(448, 16), 224, 16),
        (fixed, 28, 0),
        (lambda: nn.Sequential(nn.Conv2d(3, 4, 7, 4, 3), nn.MaxPool2d(8), nn.Flatten(), nn.Linear(4 * 4, 5)), 64, 0),
        (toy, 224, 1),
    ],
    ids=["96 by 16", "96 by 32", "72 by 8", "96, cut", "112, cut", "64", "256", "larger", "units counted", "a pool cuts", "any"],
)
def test_a_size_is_free_only_where_its_double_passes(make: Callable[[], nn.Module], hw: int, step: int) -> None:
    torch.manual_seed(0)
    net = lens.Net(make())
    assert net.hw == (hw, hw)
    assert net.step() == step


def test_photos_of_any_size_are_brought_to_the_one_that_a_net_takes() -> None:
    from zorki.pixels import sizes

    net = lens.Net(Sliced(96, 16))
    assert sizes.fitted(net, (213, 320), 320) == (96, 96)
    assert net.logits(torch.rand(1, 3, 96, 96)).shape == (1, 5)


def test_a_double_that_does_not_fit_the_memory_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Large(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = toy()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if x.shape[-1] > 400:
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
            return self.body(x)  # type: ignore[no-any-return]

    assert lens.Net(Large()).hw == (224, 224)


class Picky(nn.Module):
    """Takes 64 x 64 alone, and then lacks something that has nothing to do with sizes."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.conv, self.error = nn.Conv2d(3, 3, 3), error

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.shape[-1] != 64:
            raise RuntimeError(f"size {x.shape[-1]}")
        raise self.error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ModuleNotFoundError("No module named 'einops'"), r"fails: .ModuleNotFoundError: No module named 'einops'.*Install"),
        (NameError("name 'rearrange' is not defined"), "NameError"),
        (RuntimeError("size 65 is best"), r"size 224'\."),
    ],
    ids=["import", "name", "a size as any"],
)
def test_the_telling_error_is_told(error: Exception, said: str) -> None:
    with pytest.raises(InputError, match=said):
        lens.Net(Picky(error)).layers()


@pytest.mark.parametrize("channels", [1, 3])
def test_nets_of_volumes_are_told_apart(channels: int) -> None:
    """One channel would pass: (1, 3, h, w) is taken for one volume of three slices."""
    with pytest.raises(InputError, match=r"Volumes takes volumes.*volume of the picture"):
        lens.Net(Volumes(channels)).layers()

    class Slices(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = Volumes()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.body(x[:, None]).mean((2, 3, 4))  # type: ignore[no-any-return]

    assert lens.Net(Slices()).layers()[-1].shape == (4, 3, 224, 224)


def test_a_picture_that_is_optional_by_name_is_given_by_name() -> None:
    x = torch.rand(2, 3, 32, 32)
    net = lens.Net(WordsAndPictures(alone=True))
    assert torch.equal(net.logits(x), net.inner.vision_model.body(x))  # type: ignore[union-attr, operator]
    with pytest.raises(
        InputError, match=r"takes its picture as pixel_values, and wants input_ids too.*Give the part that sees: \.vision_model"
    ):
        lens.Net(WordsAndPictures()).layers()

    class Plain(nn.Module):
        def forward(self, x: Any, image: Any = None) -> torch.Tensor:
            assert image is None
            return x.mean((2, 3))  # type: ignore[no-any-return]

    assert lens.Net(Plain()).logits(x).shape == (2, 3), "what it cannot do without comes first"


def test_the_note_says_which_size_it_is() -> None:
    heard: list[str] = []
    with events.listen(lambda e: heard.append(e.note)):
        lens.Net(Sliced(96, 16), name="vit").step()
    assert heard == ["vit takes pictures of 96 × 96 pixels alone: what it is shown is brought to that size."]
