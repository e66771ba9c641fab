"""`zorki.tour` in Python: the same page, its options, and that nothing of the process is changed."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import zorki
from tests.toys import net
from zorki.cli.main import run
from zorki.core.errors import InputError, UnknownName
from zorki.guided import parts
from zorki.guided.guide import Guide
from zorki.guided.ledger import Ledger

pytestmark = pytest.mark.unit
PHOTO = np.random.default_rng(0).integers(0, 256, (40, 56, 3), dtype=np.uint8)
CHEAP = ("filters", "onto")


def test_a_tour_in_python_gives_its_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    had = torch.get_num_threads()
    made = zorki.tour(PHOTO, model=net(), out=tmp_path / "t", section=CHEAP, seed=3)
    assert made.path == tmp_path / "t" / "index.html"
    assert set(made.seconds) == set(CHEAP)
    assert made.html() == made.path.read_text(encoding="utf-8")
    assert "reload" not in made.html()
    assert made._repr_html_().lstrip().startswith('<div class="z z-part"')
    assert made.save(tmp_path / "copy.html").read_text(encoding="utf-8") == made.html()
    with pytest.raises(InputError):
        made.save(tmp_path / "copy.html")
    assert torch.get_num_threads() == had
    out, err = capsys.readouterr()
    assert not out
    assert not err
    facts = dict(made.blocks.facts)
    assert facts["command"] == "zorki tour picture --model toy --seed 3 --section filters --section onto"
    with pytest.raises(InputError, match=r"index\.html exists"):
        zorki.tour(PHOTO, model=net(), out=tmp_path / "t", section="filters")


def test_the_name_stays_a_call_whatever_was_imported_before() -> None:
    code = (
        "import sys, zorki\nassert 'tour' in dir(zorki) and 'torch' not in sys.modules\n"
        "import zorki.guided.walk, zorki.guided.call, zorki.cli.tour\nassert callable(zorki.tour)\n"
        "from zorki import tour\nassert tour is zorki.tour\nassert 'within' in str(__import__('inspect').signature(tour))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_python_has_the_command_s_options() -> None:
    from zorki.cli.tour import tour as command

    typed = {name.rstrip("_") for name in inspect.signature(command).parameters} - {"json", "events", "quiet"}
    assert set(inspect.signature(zorki.tour).parameters) == typed


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"within": 0}, InputError, "within is 0"),
        ({"within": float("nan")}, InputError, "within is nan"),
        ({"section": "dreem"}, UnknownName, "dream"),
        ({"section": "patches"}, InputError, "with photos"),
    ],
    ids=str,
)
def test_what_is_wrong_is_told_before_anything_is_written(
    given: dict[str, object], error: type[Exception], says: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=says):
        zorki.tour(PHOTO, out=tmp_path / "t", **given)
    assert not list(tmp_path.iterdir())


def test_a_time_that_is_none_is_refused_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tour", "no.jpg", "--within", "-3", "--out", str(tmp_path / "t")]) == 2
    assert "--within is -3" in capsys.readouterr().err


def test_ctrl_c_in_python_finishes_the_page_and_gives_the_threads_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    had, real = torch.get_num_threads(), Guide.make
    torch.set_num_threads(2)

    def make(self: Guide, wing: str, name: str, **given: object) -> object:
        if name == "maximize":
            torch.set_num_threads(1)
            raise KeyboardInterrupt
        return real(self, wing, name, **given)

    monkeypatch.setattr(Guide, "make", make)
    with pytest.raises(KeyboardInterrupt):
        zorki.tour(PHOTO, model=net(), out=tmp_path, section=CHEAP)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(had)
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "stopped by Ctrl-C" in text
    assert 'id="filters"' in text
    assert "location.reload" not in text


@pytest.mark.parametrize("layers", [1, 0])
def test_a_net_of_one_layer_or_without_maps_has_a_page_all_the_same(layers: int, tmp_path: Path) -> None:
    from torch import nn

    one = nn.Sequential(
        *([nn.Conv2d(3, 8, 3, padding=1), nn.ReLU()] if layers else []), nn.Flatten(), nn.Linear(8 * 256 if layers else 768, 4)
    )
    made = zorki.tour(PHOTO[:16, :16], model=zorki.lens.Net(one, side=16), out=tmp_path / "t", within=1e6)  # however busy the machine is
    assert {"names", "channels", "onto", "dream", "painted"} <= set(made.seconds)
    assert ("channels" in made.skipped) is (not layers)


class Spy(Ledger):
    """Notes which task was at how many stages."""

    def __init__(self, steps: list[tuple[int, int]]) -> None:
        super().__init__()
        self.heard = steps

    def step(self, stage: int, stages: int, share: float) -> None:
        self.heard.append((self.task, stages))
        super().step(stage, stages, share)


@pytest.mark.parametrize("long", [False, True])
def test_a_section_makes_what_its_work_says_in_each_of_its_plans(long: bool, tmp_path: Path) -> None:
    """The work is told for each thing that is made, and for each of its stages."""
    photo, one = zorki.io.open_photo(PHOTO[:24, :32]), net()
    guide = Guide(one, photo, photo, long=long)
    for name, module in parts.sections(long):
        if long and not hasattr(module, "LONG"):
            continue
        part = parts.Part.of(name, module, guide, False)
        for level in {0, len(part.plans) - 1}:
            spy = Spy(steps := [])
            list(part.build(Guide(one, photo, photo, long=long, ledger=spy), level))
            assert spy.task + 1 == len(part.tasks[level]), name
            for task, stages in steps:
                assert stages <= len(part.tasks[level][task]), name
