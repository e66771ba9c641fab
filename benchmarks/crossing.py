"""How many files and functions of the package one command crosses: `python -m benchmarks.crossing see dream cat.jpg`.

A function counts when it is called once or more, in any thread, while `zorki.cli.main.run` runs; modules that are only read do not.
Files that are named in the command are copied to a folder of its own, so that nothing is left where it is called. CROSSING=1 lists them all.
"""

from __future__ import annotations

import inspect
import os
import shutil
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType

INLINE = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")


def crossed(words: list[str]) -> tuple[int, set[CodeType]]:
    """Runs the command; its status, and all code of the package that was called."""
    seen: set[CodeType] = set()
    package = str(Path(__import__("zorki").__file__).parent) + os.sep

    def called(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            seen.add(frame.f_code)

    from zorki.cli.main import run

    threading.setprofile(called)
    sys.setprofile(called)
    try:
        status = run(words)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]  # as its documentation says
    return status, {code for code in seen if code.co_filename.startswith(package)}


def kind(code: CodeType) -> str:
    """What a piece of code is: a function, a method …"""
    if code.co_name == "<module>":
        return "module"
    if code.co_name in INLINE:
        return "comprehension"
    if code.co_name == "<lambda>":
        return "lambda"
    return "function" if code.co_flags & inspect.CO_OPTIMIZED else "class body"


def room(code: CodeType) -> str:
    """The folder of the package that it stands in."""
    parts = Path(code.co_filename).parts
    return parts[len(parts) - 1 - parts[::-1].index("zorki") + 1]


def told(functions: list[CodeType]) -> str:
    return f"{len({c.co_filename for c in functions})} files, {len(functions)} functions"


def main() -> None:
    words, here = sys.argv[1:], Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        for word in words:
            given = here / word
            if given.is_file():
                shutil.copy2(given, folder)
            elif given.is_dir():
                shutil.copytree(given, Path(folder) / given.name)
        os.chdir(folder)
        status, codes = crossed([Path(w).name if (here / w).exists() else w for w in words])
        os.chdir(here)
    kinds = Counter(map(kind, codes))
    functions = [c for c in codes if kind(c) == "function"]
    print(f"zorki {' '.join(words)}: exit status {status}")
    print(f"{told(functions)}; in all rooms, methods and properties among them, each once")
    print(
        f"{told([c for c in functions if not c.co_name.startswith('_') and room(c) != 'io'])}; without the room io and names that begin with _"
    )
    print(f"besides {kinds['lambda']} lambdas, {kinds['comprehension']} comprehensions; {kinds['module']} modules were read")
    rooms = {name: [c for c in functions if room(c) == name] for name in sorted(set(map(room, functions)))}
    print("by room (files, functions):", ", ".join(f"{n} {len({c.co_filename for c in f})}, {len(f)}" for n, f in rooms.items()))
    if "CROSSING" in os.environ:
        for c in sorted(functions, key=lambda c: (c.co_filename, c.co_firstlineno)):
            print(c.co_filename, c.co_qualname)


if __name__ == "__main__":
    main()
