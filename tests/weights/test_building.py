"""A net in the user's own code: in a package, in a script that parses arguments, beside what the script imports."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from tests.toys import toy
from zorki.core.errors import InputError
from zorki.weights.building import built, package

pytestmark = pytest.mark.tiny
X = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(3))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(files: dict[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)


def answers(spec: str) -> None:
    path, argv = list(sys.path), list(sys.argv)
    assert torch.allclose(built(spec)(X), toy(seed=4)(X))
    assert (sys.path, sys.argv) == (path, argv)


MAKES = "from tests.toys import toy\ndef made():\n    return toy(seed=4)\n"


@pytest.mark.parametrize("marked", [True, False], ids=["with __init__", "without"])
def test_a_file_with_relative_imports_is_part_of_its_package(here: Path, marked: bool) -> None:
    name = f"inner{marked}"
    write({
        f"src/{name}/nets/net.py": f"from .blocks import made\nfrom ..more import NUMBER\nfrom {name}.more import NUMBER as again\ndef build():\n    assert NUMBER is again\n    return made()\n",
        f"src/{name}/nets/blocks.py": MAKES,
        f"src/{name}/more.py": "NUMBER = object()\n",
    })  # fmt: skip
    if marked:
        write({f"src/{name}/__init__.py": "", f"src/{name}/nets/__init__.py": ""})
    answers(f"src/{name}/nets/net.py:build")
    assert package(Path(f"src/{name}/nets/net.py")) == (here.resolve() / "src", f"{name}.nets.net")
    write({f"src/{name}/nets/net.py": "from .blocks import made\nfrom ..more import NUMBER\nother = made\n"})
    answers(f"src/{name}/nets/net.py:other")


def test_a_package_itself_and_a_sibling_by_its_plain_name(here: Path) -> None:
    write({"whole/__init__.py": "from .part import made as build\n", "whole/part.py": MAKES, "whole/net.py": "import part_of_it\nbuild = part_of_it.made\n", "whole/part_of_it.py": MAKES})  # fmt: skip
    answers("whole/__init__.py:build")
    answers("whole/net.py:build")


def test_the_folder_of_the_call_is_where_imports_are_looked_for_too(here: Path) -> None:
    write({"models/net.py": "import beside_the_call\nbuild = beside_the_call.made\n", "beside_the_call.py": MAKES})
    answers("models/net.py:build")


def test_a_file_that_needs_no_package_is_read_by_itself(here: Path) -> None:
    """Though its folder has an __init__.py that fails; what it names by its package is found."""
    write({"broken/__init__.py": "raise ValueError\n", "broken/net.py": MAKES, "good/__init__.py": "", "good/blocks.py": MAKES, "good/net.py": "from good.blocks import made as build\n"})  # fmt: skip
    answers("broken/net.py:made")
    answers("good/net.py:build")


def test_another_package_of_that_name_is_told(here: Path) -> None:
    write({"tests/net.py": "from .blocks import made as build\n", "tests/blocks.py": MAKES, "tests/__init__.py": ""})
    with pytest.raises(InputError, match=r"tests\.net"):
        built("tests/net.py:build")


def test_a_script_that_parses_arguments_takes_its_defaults(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["zorki", "layers", "--model", "net.py:build"])
    write(
        {
            "net.py": f"import argparse\np = argparse.ArgumentParser()\np.add_argument('--seed', default=4)\nseed = p.parse_args().seed\n{MAKES}"
        }
    )
    answers("net.py:made")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import argparse\np = argparse.ArgumentParser()\np.add_argument('--data', required=True)\np.parse_args()\n", "arguments are required: --data"),
        ("import sys\nprint('trained')\nsys.exit(0)\n", "trained"),
        ("import sys\nsys.exit(3)\n", "SystemExit 3"),
        ("import sys\ndef made():\n    sys.exit('no')\n", "SystemExit no"),
    ],
    ids=["argparse", "printed", "silent", "called"],
)  # fmt: skip
def test_a_script_that_ends_is_one_sentence(here: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    write({"net.py": text})
    with pytest.raises(InputError, match="ended instead of making a network") as e:
        built("net.py:made")
    assert said in str(e.value)
    assert len(str(e.value).splitlines()) <= 3
    assert capsys.readouterr() == ("", "")


def test_what_it_prints_goes_to_stderr(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        {
            "net.py": f"import sys\nprint('imported')\nprint('aside', file=sys.stderr)\n{MAKES}    \ndef build():\n    print('built')\n    return made()\n"
        }
    )
    answers("net.py:build")
    assert capsys.readouterr() == ("", "imported\naside\nbuilt\n")
    write({"net.py": "print('so far')\nraise ValueError('no')\n"})
    with pytest.raises(InputError, match="ValueError: no"):
        built("net.py:build")
    assert capsys.readouterr() == ("", "so far\n")
