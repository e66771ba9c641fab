"""The shelf of style losses: a file that is laid there is a choice, and paints."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.painting.test_painter import noise
from tests.toys import toy
from zorki import io, lens
from zorki.core import settings, shelf
from zorki.core.errors import InputError
from zorki.painting import losses, moments
from zorki.wings.style import transfer

TOY = '''"""The means of channels alone."""

def distance(m, target):
    return (m.mean - target.mean).pow(2).sum(1)
'''


@pytest.fixture
def toy_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "means.py").write_text(TOY)
    monkeypatch.setattr(losses, "__path__", [*losses.__path__, str(tmp_path)])
    shelf.names.cache_clear()
    settings.read_options.cache_clear()
    yield "means"
    sys.modules.pop("zorki.painting.losses.means", None)
    monkeypatch.undo()
    shelf.names.cache_clear()
    settings.read_options.cache_clear()


def drawn(statistics: str) -> torch.Tensor:
    style = noise(40, 40, 3, seed=1).numpy() ** 3
    s = settings.fill(transfer.Settings, {}, None, {"statistics": statistics, "steps": 12, "size": 48, "layers": ["1"]})
    *_, last = transfer.run(lens.Net(toy(), name="toy", side=32), noise(1, 3, 40, 40), io.PhotoSet([style]), s=s)
    return last.image()


def test_a_file_laid_on_the_shelf_is_a_choice_and_paints(toy_loss: str) -> None:
    (statistics,) = (o for o in settings.options(transfer.Settings) if o.name == "statistics")
    assert settings.readable(statistics.type) == "gram or means or w2"
    style = noise(40, 40, 3, seed=1).permute(2, 0, 1)[None] ** 3
    loss = losses.take(toy_loss)

    def far(picture: torch.Tensor) -> float:
        net = toy()
        return float(loss.distance(moments.of(net[:2](picture).detach()), moments.of(net[:2](style).detach())))

    made = drawn(toy_loss)
    assert far(made) < 0.7 * far(noise(1, 3, 40, 40))
    assert not torch.allclose(made, drawn("gram"), atol=1e-2)


@pytest.mark.parametrize("name", ["means", "colour", "palette", ""])
def test_only_what_lies_there_is_a_choice(name: str) -> None:
    with pytest.raises(InputError, match="gram or w2"):
        settings.fill(transfer.Settings, {}, None, {"statistics": name})


@pytest.mark.parametrize("name", shelf.names("zorki.painting.losses"))
def test_each_is_nothing_for_equal_statistics_and_more_for_others(name: str) -> None:
    loss, here, there = losses.take(name), moments.of(noise(1, 5, 9, 8)), moments.of(noise(1, 5, 9, 8, seed=1) * 2)
    assert loss.distance(here, there).shape == (1,)
    assert float(loss.distance(here, here).abs()) < 1e-3 * float(loss.distance(here, there))
