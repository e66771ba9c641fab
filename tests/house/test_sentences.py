"""What is said to a person: three parts, spelled so that both the command line and Python can say them (core/spelling.py)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest

from zorki.cli import options
from zorki.core import settings
from zorki.jobs import methods as shelves

pytestmark = pytest.mark.unit
PACKAGE = Path(__file__).resolve().parents[2] / "zorki"
KINDS = {"InputError", "SomeFailed", "Stopped", "UnknownName", "WeightsError", "ZorkiError"}
GAP = "\0"  # stands for what is filled in
METHODS = [shelves.method(wing, name) for wing in shelves.wings() for name in shelves.methods(wing)]


class File:
    """A source file, its names as far as they can be followed: module constants, local names, its functions' results."""

    def __init__(self, path: Path) -> None:
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        self.functions = {n.name: n for n in ast.walk(self.tree) if isinstance(n, ast.FunctionDef)}

    def inside(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node lies in, from the inside out."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def values(self, name: ast.Name) -> list[ast.expr]:
        """What a name may stand for, where it is bound in the same function or file; nothing where that is not known."""
        scopes = [n for n in self.inside(name) if isinstance(n, ast.FunctionDef | ast.Module)]
        for scope in scopes:
            found = [v for n in ast.walk(scope) if isinstance(n, ast.Assign) for t in n.targets for v in bound(t, n.value, name.id)]
            if found:
                return found
        return []

    def results(self, call: ast.Call) -> list[ast.expr]:
        """What a function of the same file may give; nothing of any other."""
        made = self.functions.get(call.func.id) if isinstance(call.func, ast.Name) else None
        return [] if made is None else [n.value for n in ast.walk(made) if isinstance(n, ast.Return) and n.value is not None]

    def errors(self) -> Iterator[ast.Call]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
                yield node

    def notes(self) -> Iterator[ast.expr]:
        """What is given to `events.note`, and what is added to the notes of a picture."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == "events.note":
                yield node.args[0]
            elif isinstance(node, ast.AugAssign) and isinstance(node.value, ast.Tuple) and ast.unparse(node.target).endswith("notes"):
                yield from node.value.elts

    def parts(self, call: ast.Call) -> list[ast.expr]:
        """got, expected and do, as far as they are given."""
        out: list[ast.expr] = []
        for given in call.args[:3]:
            if isinstance(given, ast.Starred):
                assert isinstance(given.value, ast.Call)
                (pair,) = self.results(given.value)
                assert isinstance(pair, ast.Tuple)
                out += pair.elts
            else:
                out.append(given)
        named = {k.arg: k.value for k in call.keywords}
        return out + [named[part] for part in ("got", "expected", "do")[len(out) :] if part in named]

    def said(self, node: ast.expr, above: frozenset[ast.expr] = frozenset()) -> Iterator[str]:
        """All that an expression may say, with GAPs for what is filled in: a GAP alone where that is not known."""
        inside = above | {node}
        if node in above:  # a name that is made of itself
            yield GAP
        elif isinstance(node, ast.Constant):
            yield str(node.value)
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else GAP for part in node.values)
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    yield from (one for one in self.said(part.value, inside) if one not in ("", GAP))
        elif isinstance(node, ast.IfExp):
            yield from self.said(node.body, inside)
            yield from self.said(node.orelse, inside)
        elif isinstance(node, ast.BoolOp):
            yield from (one for value in node.values[:-1] for one in self.said(value, inside) if one)
            yield from self.said(node.values[-1], inside)
        elif isinstance(node, ast.Call) and self.results(node):
            yield from (one for value in self.results(node) for one in self.said(value, inside))
        elif isinstance(node, ast.Name) and self.values(node):
            asked = any(isinstance(n, ast.If) and isinstance(n.test, ast.Name) and n.test.id == node.id for n in self.inside(node))
            yield from (one for value in self.values(node) for one in self.said(value, inside) if one or not asked)
        else:
            yield GAP


def bound(target: ast.expr, value: ast.expr, name: str) -> list[ast.expr]:
    """What `target = value` binds to a name."""
    if isinstance(target, ast.Name):
        return [value] if target.id == name else []
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return [one for t, v in zip(target.elts, value.elts, strict=False) for one in bound(t, v, name)]
    if isinstance(target, ast.Tuple) and isinstance(value, ast.IfExp):
        return bound(target, value.body, name) + bound(target, value.orelse, name)
    return []


FILES = {str(p.relative_to(PACKAGE)): File(p) for p in sorted(PACKAGE.rglob("*.py"))}
SPEAKING = [name for name, file in FILES.items() if any(file.errors()) or any(file.notes())]


@cache
def known() -> dict[str, set[str]]:
    """Every option there is, with the values that it may have where they are few."""
    found: dict[str, set[str]] = {"preset": set()}
    lists = [options.NET, options.TELL, options.OUT, options.OPEN, options.FILM, *(settings.options(m.settings) for m in METHODS)]
    for o in (o for some in lists for o in some):
        few = {str(v) for kind in (o.type, *get_args(o.type)) if get_origin(kind) is Literal for v in get_args(kind)}
        found.setdefault(o.name.rstrip("_").replace("_", "-"), set()).update(few)
    for m in METHODS:
        found |= {spelled: set() for name in m.inputs if (spelled := name.rstrip("_").replace("_", "-")) not in found}
    from zorki.cli.tour import tour

    return found | {name.strip("_"): set() for name in tour.__annotations__ if name.strip("_") not in found}


def sentences(name: str) -> Iterator[tuple[int, str]]:
    file = FILES[name]
    for call in file.errors():
        yield from ((call.lineno, one) for part in file.parts(call) for one in file.said(part))
    for note in file.notes():
        yield from ((note.lineno, one) for one in file.said(note))


def misspelled(sentence: str) -> str:
    """What is wrong with the options and commands in a sentence; "" where all is well."""
    for name, word in re.findall(rf"--([a-z][a-z-]*)(?: ([\w{GAP}./'\"-]+))?", sentence):
        value = word.rstrip(".")
        if (
            value.startswith((GAP, "'", '"'))
            or re.match(r"[0-9]|[A-Z]{2}", value)
            or value in known().get(name, ())
            or value in ("all", "auto")
        ):
            return f"--{name} {value} is to be --{name}={value}"
        if name.rstrip("-") not in known() and name.removeprefix("no-") not in known() and f"--{name}{GAP}" not in sentence:
            return f"there is no option --{name}"
    plain = re.sub(r"\w\([^()]*\)", "", sentence)
    if found := re.search(r"(?<![-\w.])([a-z][a-z_]*)=(?!=)", plain):
        return f"{found[0]} is to be --{found[0].replace('_', '-')}"
    if found := re.search(rf"(?<!`)\bzorki (?:{'|'.join(shelves.wings())}|layers|models|tour|again)\b", sentence):
        return f"{found[0]} … is to be in backquotes"
    return "in Python is said by core/spelling.py" if "in Python" in sentence else ""


@pytest.mark.parametrize("name", SPEAKING)
def test_every_error_says_what_came_what_was_expected_and_what_to_do(name: str) -> None:
    file = FILES[name]
    for call in file.errors():
        parts = file.parts(call)
        assert len(parts) == 3, f"line {call.lineno}: {ast.unparse(call)}"
        for part in parts:
            assert all(one.strip() for one in file.said(part)), f"line {call.lineno}: {ast.unparse(part)} may be empty"


@pytest.mark.parametrize("name", SPEAKING)
def test_every_sentence_is_spelled_for_both(name: str) -> None:
    for line, sentence in sentences(name):
        assert not misspelled(sentence), f"line {line}: {sentence!r}: {misspelled(sentence)}"


def test_what_this_would_find() -> None:
    """The rules above catch what they are for."""
    for wrong in (
        f"--mix {GAP} does not fit.", "Give --grid 14x14.", "Use --method gradient.", "Give --like PICTURE.", "--layer all", "force=True",
        "Look at --wieght.", "zorki layers lists them.", "add --force (in Python: force=True)",
    ):  # fmt: skip
        assert misspelled(wrong), wrong
    for right in (
        f"--mix={GAP} does not",
        "--grid is a sheet",
        f"--{GAP}-mask",
        f"--no-{GAP}",
        "--no-drawn",
        "`zorki layers`",
        "Net(m, output=0)",
    ):
        assert not misspelled(right), misspelled(right)
    found = [len(FILES[name].parts(call)) for name in FILES for call in FILES[name].errors()]
    assert len(found) > 180, "they are found at all"
