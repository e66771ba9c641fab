"""Networks from the user's own code: a function or a class, named by its file or its package."""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.util
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import RLock
from types import ModuleType
from typing import Any

from torch import nn

from zorki.core.errors import InputError, ZorkiError

ONE = RLock()  # sys.path and sys.argv are everybody's


def built(spec: str) -> nn.Module:
    """The module that a function of the user's returns; the function's own errors come through as one sentence.

    What it prints goes to stderr. Imports are looked for in its folder, in the one that holds its package, and in the current one; it
    sees no arguments, so that a script that parses some takes its defaults. Raises InputError.
    """
    where, _, name = spec.rpartition(":")
    file = Path(where) if where.endswith(".py") else None
    if file is not None and not file.is_file():
        raise InputError(f"There is no file {where}.", "--model takes file.py:function.", "Check the name and the folder.")
    root, dotted = (Path(), where) if file is None else package(file)
    with ONE, surroundings(where, [root, Path(), *([] if file is None else [file.parent])]), Held.output() as words:
        try:
            found = getattr(imported(file, dotted), name)
            words.release()
            made = found if isinstance(found, nn.Module) else found()
        except ZorkiError:
            raise
        except Exception as e:
            told = " ".join(f"{type(e).__name__}: {e}".split())[:300]
            do = "Mend it where it says so; called by itself it fails too."
            raise InputError(f"--model={spec} failed: {told!r}.", "It is to name a function that returns an nn.Module.", do) from e
        except SystemExit as e:
            raise InputError(
                f"--model={spec} ended instead of making a network: {words.last() or f'SystemExit {e.code}'!r}.",
                "It is imported, with no arguments.",
                'Put what is to run as a script under if __name__ == "__main__".',
            ) from e
    if not isinstance(made, nn.Module):
        raise InputError(
            f"--model={spec} returned a {type(made).__name__}.", "It is to return an nn.Module.", "Let it return the network alone."
        )
    return made


def package(file: Path) -> tuple[Path, str]:
    """The folder that holds a file's package, and the file's dotted name there; "" where it has no relative imports, and stands alone.

    A folder is part of the package when it has an __init__.py, or when the file's relative imports reach into it.
    """
    folder, parts = file.resolve().parent, [] if file.name == "__init__.py" else [file.stem]
    above, depth = relative(file), 0
    while depth < above or ((folder / "__init__.py").is_file() and folder != folder.parent):
        parts.insert(0, folder.name)
        folder, depth = folder.parent, depth + 1
    return folder, ".".join(parts) if above else ""


def relative(file: Path) -> int:
    """How many folders up a file's relative imports go: 1 for `from .blocks import B`."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):  # told when it is run
        return 0
    return max((node.level for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)), default=0)


def imported(file: Path | None, dotted: str) -> ModuleType:
    """A module by its dotted name, else by its file; a file is read anew each time. Raises InputError for another one of that name."""
    if file is None:
        return importlib.import_module(dotted)
    if not dotted:
        return run_file(file)
    sys.modules.pop(dotted, None)
    module = importlib.import_module(dotted)
    if Path(str(module.__file__)).resolve() != file.resolve():
        raise InputError(f"{file} is not what is imported as {dotted}.", f"That is {module.__file__}.", "Give its package another name.")
    return module


def run_file(file: Path) -> ModuleType:
    """A file as a module of its own name, so that a user's timm.py is not taken for the library."""
    name = f"_zorki_model_{file.stem}"
    found = importlib.util.spec_from_file_location(name, file)
    assert found is not None, "a .py file has a specification"
    assert found.loader is not None, "and a loader"
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # dataclasses and pickles look their module up there
    try:
        found.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@contextlib.contextmanager
def surroundings(program: str, folders: list[Path]) -> Iterator[None]:
    """Inside, imports are looked for in these folders first, and the program has no arguments."""
    added = list(dict.fromkeys(str(folder.resolve()) for folder in folders))
    argv, sys.argv = sys.argv, [program]
    sys.path[:0] = added
    try:
        yield
    finally:
        sys.argv = argv
        for folder in added:
            with contextlib.suppress(ValueError):  # the user's own code may have taken it out
                sys.path.remove(folder)


class Held(io.TextIOBase):
    """Where text is kept back until it is clear whether anybody wants it; from then on it goes where it was to go."""

    def __init__(self, to: Any) -> None:
        self.to, self.kept = to, io.StringIO()
        self.holds = True

    @classmethod
    @contextlib.contextmanager
    def output(cls) -> Iterator[Held]:
        """Inside, what is printed goes to stderr as soon as it is released, or when all went well; of a program that ends nothing does."""
        held = cls(sys.stderr)
        with contextlib.redirect_stdout(held), contextlib.redirect_stderr(held):
            try:
                yield held
            except InputError as e:
                if isinstance(e.__cause__, SystemExit):
                    held.kept = io.StringIO()
                raise
            finally:
                held.release()

    def write(self, text: str) -> int:
        return int((self.kept if self.holds else self.to).write(text))

    def flush(self) -> None:
        self.to.flush()

    def release(self) -> None:
        if self.holds:
            self.holds = False
            self.to.write(self.kept.getvalue())

    def last(self) -> str:
        """The last line that is held, if any."""
        return self.kept.getvalue().rstrip().rpartition("\n")[2] if self.holds else ""
