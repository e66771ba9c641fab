"""The house: imports go down the floors, names stand where they should, nothing heavy is loaded early."""

from __future__ import annotations

import ast
import builtins
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import zorki
from zorki.jobs import methods as shelves

pytestmark = pytest.mark.unit
ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "zorki"
FLOORS = re.search(r"```floors\n(.*?)```", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"), re.S)
assert FLOORS, "ARCHITECTURE.md holds the floors in a fenced block"
LEVEL = {room: -i for i, line in enumerate(FLOORS[1].strip().splitlines()) for room in re.split(r"\s*\|\s*", line.strip())}
FILES = sorted(PACKAGE.rglob("*.py"))


def room(module: str) -> str | None:
    """The room of a dotted module: zorki.wings.see.dream lives in wings.see; the package's own two files in none."""
    parts = module.split(".")[1:]
    if not parts or parts[0] == "__main__":
        return None
    return ".".join(parts[:2]) if parts[0] == "wings" and len(parts) > 1 else parts[0]


def imported(path: Path) -> list[str]:
    """Every zorki module that a file imports, also inside functions; `from zorki import io` counts as zorki.io."""
    out = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            out += [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            out += [f"{node.module}.{a.name}" if node.module in ("zorki", "zorki.wings") else str(node.module) for a in node.names]
    return [m for m in out if m.split(".")[0] == "zorki"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down_never_up_never_sideways(path: Path) -> None:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    here = room(module)
    if here in (None, "wings"):
        return
    assert here in LEVEL, f"{here} is no room of ARCHITECTURE.md"
    for other in imported(path):
        there = room(other)
        if there in (None, here) or other == "zorki.__version__":
            continue
        assert LEVEL[there] < LEVEL[here], f"{here} imports {other}, which is not below it"


@pytest.mark.parametrize("wing", shelves.wings())
def test_methods_of_a_wing_do_not_know_each_other(wing: str) -> None:
    """What several of them share is a file of the wing that begins with an underscore."""
    for path in (PACKAGE / "wings" / wing).glob("[!_]*.py"):
        assert not [m for m in imported(path) if m.startswith(f"zorki.wings.{wing}.") and not m.startswith(f"zorki.wings.{wing}._")], (
            path.name
        )


@pytest.mark.parametrize("place", ["jobs", "studio"])
def test_jobs_and_the_python_surface_know_no_method(place: str) -> None:
    """Neither a wing's nor a method's name, nor that of a method's own option, stands in their code."""
    names = {n for w in shelves.wings() for n in (w, *shelves.methods(w))}
    for path in sorted((PACKAGE / place).glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        told = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)}  # docstrings
        spoken = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in told}
        spoken |= {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)} | {
            n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id not in vars(builtins)
        }
        assert not names & spoken - {"photo"}, path.name  # a photo is also what --json calls one


def test_no_file_is_long() -> None:
    assert not {p.name: n for p in FILES if (n := len(p.read_text(encoding="utf-8").splitlines())) > 400}


def test_no_room_is_called_utils() -> None:
    assert not [p for p in PACKAGE.rglob("*") if p.stem in ("utils", "misc", "common", "helpers")]


def fresh(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def test_importing_zorki_loads_nothing_heavy() -> None:
    loaded = json.loads(fresh("import sys, json, zorki; dir(zorki); print(json.dumps(sorted(sys.modules)))"))
    assert not {"torch", "numpy", "PIL", "av"} & set(loaded)


@pytest.mark.parametrize("wing", ["", *shelves.wings()], ids=lambda wing: wing or "zorki")
def test_no_help_loads_torch(wing: str) -> None:
    """One process asks for all of a wing: what the first help that loads torch has loaded is there ever after, and that help is named."""
    calls = [[wing, "--help"], *([wing, m, "--help"] for m in shelves.methods(wing))] if wing else [["--help"], ["tour", "--help"]]
    code = f"""
import sys
from zorki.cli.main import run
for words in {calls!r}:
    print(chr(12))
    assert run(words) == 0, words
    assert "torch" not in sys.modules, words
"""
    said = fresh(code).split("\f")[1:]
    assert len(said) == len(calls)
    assert all("Usage" in help for help in said)


def test_public_names_are_those_of_the_surface() -> None:
    assert dir(zorki) == sorted(["__version__", "load", "tour", *shelves.wings()])
    for wing in shelves.wings():
        assert dir(getattr(zorki, wing)) == list(shelves.methods(wing))
        for name in shelves.methods(wing):
            call = getattr(getattr(zorki, wing), name)
            assert call.__doc__
            assert call.Settings()
    with pytest.raises(AttributeError, match="dream"):
        _ = zorki.see.nothing
    with pytest.raises(AttributeError):
        _ = zorki.nothing


def test_python_m_zorki_works() -> None:
    done = subprocess.run([sys.executable, "-m", "zorki", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == zorki.__version__


@pytest.mark.parametrize(("given", "spins"), [({}, "3000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "active"}, None)], ids=str)
def test_waiting_threads_sleep_soon_unless_the_user_says_otherwise(
    given: dict[str, str], spins: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    from zorki.cli.main import considerate

    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    considerate()
    assert os.environ.get("GOMP_SPINCOUNT") == spins
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
