"""Whether two checkouts of Zorki come to the same: every command and every option of importance, with small pictures and few steps.

`python -m benchmarks.same BEFORE AFTER [--only NAME …] [--times N] [--threads N] [--warm] [--keep FOLDER]`: BEFORE and AFTER are checkouts. A
name of --only is the beginning of a row's name; `same_cases` has them. --keep: what BEFORE came to is kept there, and taken from there the next
time. The same interpreter runs both, with two threads, each row in a fresh folder, with a home of its own. Beside other work one thread
is several times faster. Exit status 1 where anything differs.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import same_compare, same_inputs
from benchmarks.same_cases import Case, cases

HERE = Path(__file__).resolve().parent
SPINS = "3000"  # as the command sets it
LIMIT = 300  # seconds for one command
STEPS = 3  # before Ctrl-C
ROW = "{:<24} {:>9} {:>7} {:>7} {:>17} {:>8} {:>6} {:>8} {:>8}"


@dataclass
class Outcome:
    """What one command came to. words: what was run; stdout, stderr as they are compared."""

    words: str
    status: int
    stdout: str
    stderr: str
    seconds: float


def environment(checkout: Path, home: Path, threads: int = 1) -> dict[str, str]:
    """What a command finds around it: nothing of the user's that could make a difference."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")}
    fixed = {"OMP_NUM_THREADS": str(threads), "GOMP_SPINCOUNT": SPINS, "PYTHONHASHSEED": "0"}
    return kept | fixed | {"PYTHONPATH": str(checkout), "HOME": str(home)}


def run(runner: Runner, case: Case, inputs: Path, folder: Path) -> list[Outcome]:
    """All commands of a case, in a fresh folder."""
    shutil.rmtree(folder, ignore_errors=True)
    work, home = folder / "work", folder / "home"
    shutil.copytree(inputs, work)
    home.mkdir()
    outcomes = []
    for command in case.commands:
        words, env = shlex.split(command), environment(runner.checkout, home, runner.threads)
        stopped = words[0] == "^"
        words = words[stopped:]
        own = "=" in words[0] or words[1:] == ["doors"]  # what torch reads when it is loaded; and whether it is
        while "=" in words[0]:
            name, _, value = words.pop(0).partition("=")
            env[name] = value
        line = ["-P", str(HERE / "same_calls.py"), *words[1:]] if words[0] == "@" else ["-m", "zorki", *words]
        outcomes.append(runner.ran(command, [*line, *(["--events", "stop.jsonl"] if stopped else [])], work, env, stopped, own))
    for one in outcomes:
        for path, name in ((work, "WORK"), (home, "HOME"), (runner.checkout, "CHECKOUT")):
            one.stdout, one.stderr = (text.replace(str(path), name) for text in (one.stdout, one.stderr))
    return outcomes


class Runner:
    """Runs commands with a checkout: each in a process of its own, or warm in a fork of one that has read the libraries."""

    def __init__(self, checkout: Path, threads: int, warm: bool) -> None:
        self.checkout, self.threads, self.server = checkout, threads, None
        if warm:
            line = [sys.executable, "-P", str(HERE / "same_warm.py")]
            env = environment(checkout, checkout, threads)
            self.server = subprocess.Popen(line, env=env, cwd="/", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
            self.server.stdout.readline()  # type: ignore[union-attr]

    def ran(self, command: str, line: list[str], work: Path, env: dict[str, str], stopped: bool, fresh: bool) -> Outcome:
        """One command; with Ctrl-C after a few steps where it is to be stopped."""
        said = [work.parent / name for name in ("stdout", "stderr")]
        began = time.perf_counter()
        if self.server is not None and not fresh:
            task = {"line": line, "cwd": str(work), "env": env, "stdout": str(said[0]), "stderr": str(said[1])}
            print(json.dumps(task), file=self.server.stdin)
            pid = int(self.server.stdout.readline())  # type: ignore[union-attr]
            halt(pid, work) if stopped else None
            status = int(self.server.stdout.readline())  # type: ignore[union-attr]
        else:
            with said[0].open("wb") as out, said[1].open("wb") as err:
                process = subprocess.Popen([sys.executable, *line], cwd=work, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
                halt(process.pid, work) if stopped else None
                status = process.wait()
        seconds = time.perf_counter() - began
        out, err = (path.read_bytes() for path in said)
        return Outcome(command, status, same_compare.spoken(out), same_compare.timeless(err.decode("utf-8", "replace")), seconds)


def halt(pid: int, work: Path) -> None:
    """Ctrl-C after a few steps."""
    lines, end = work / "stop.jsonl", time.monotonic() + LIMIT
    while time.monotonic() < end:
        if lines.exists() and lines.read_text().count('"loss"') >= STEPS:
            os.kill(pid, signal.SIGINT)
            return
        time.sleep(0.002)


def kept(folder: Path, case: Case) -> list[Outcome] | None:
    """What was kept of a case, if it was of these very commands."""
    file = folder / "outcomes.json"
    if not file.exists():
        return None
    outcomes = [Outcome(**one) for one in json.loads(file.read_text())]
    return outcomes if tuple(one.words for one in outcomes) == case.commands else None


def compared(case: Case, inputs: Path, before: Path, after: Path, was: list[Outcome], now: list[Outcome]) -> tuple[list[str], list[str]]:
    """The cells of a row between its name and its seconds, and lines of what differs."""
    lines: list[str] = []
    for one, other in zip(was, now, strict=True):
        stopped = one.words.startswith("^")
        for what in ("status", "stdout", "stderr"):
            texts = [str(getattr(x, what)) for x in (one, other)]
            if stopped and what != "status":
                texts = [re.sub(r"\d+", "N", text) for text in texts]  # nobody knows at which step
            if texts[0] != texts[1]:
                lines += same_compare.unlike(f"{one.words}: {what}", *texts)
    found = same_compare.folders(before / "work", after / "work", inputs, stopped=case.commands[-1].startswith("^"))
    differs = {what: any(f": {what}:" in line for line in lines) for what in ("status", "stdout", "stderr")}
    statuses = ",".join(dict.fromkeys(str(one.status) for one in was))
    pictures = f"{found.pictures} same" if found.pictures_same else f"NO {found.differing} px, {found.largest:g}"
    cells = [f"NO {statuses}" if differs["status"] else f"yes {statuses}", *("NO" if differs[w] else "yes" for w in ("stdout", "stderr"))]
    cells += [pictures, f"{found.pages} same" if found.pages_same else "NO", "yes" if found.rest_same else "NO"]
    return cells, lines + found.lines + [f"(pixels and record of {name} are the same, its bytes are not)" for name in found.bytes_differ]


def ready(checkout: Path) -> None:
    """Compiles a checkout, and makes sure that it is the one that runs."""
    asked = [sys.executable, "-c", "import zorki; print(zorki.__file__)"]
    found = subprocess.run(asked, env=environment(checkout, checkout), cwd="/", capture_output=True, text=True, check=True).stdout.strip()
    if Path(found).resolve() != (checkout / "zorki" / "__init__.py").resolve():
        sys.exit(f"{checkout} is not what runs: {found} is.")
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(checkout / "zorki")], check=False)


def main() -> None:
    asked = argparse.ArgumentParser(description="Whether two checkouts come to the same.")
    asked.add_argument("before", type=Path)
    asked.add_argument("after", type=Path)
    asked.add_argument("--only", nargs="+", default=[""], help="rows whose names begin so")
    asked.add_argument("--times", type=int, default=1, help="runs of each, one after the other in turn; the fastest counts")
    asked.add_argument("--threads", type=int, default=2, help="of each command")
    asked.add_argument("--warm", action="store_true", help="fork a process that has read torch: faster, the seconds are not a person's")
    asked.add_argument("--keep", type=Path, help="a folder for what BEFORE came to, used again the next time")
    given = asked.parse_args()
    before, after = given.before.resolve(), given.after.resolve()
    for checkout in (before, after):
        ready(checkout)
    chosen = [case for case in cases() if case.name.startswith(tuple(given.only))]
    with tempfile.TemporaryDirectory(prefix="zorki-same-") as made:
        table(chosen, before, after, Path(made), (given.keep or Path(made)).resolve() / f"threads-{given.threads}", given)


def table(chosen: list[Case], before: Path, after: Path, made: Path, keep: Path, given: argparse.Namespace) -> None:
    """Runs, compares and prints row by row. Exits with 1 where something differs."""
    inputs, times = made / "inputs", given.times
    runners = [Runner(checkout, given.threads, given.warm) for checkout in (before, after)]
    inputs.mkdir()
    same_inputs.write(inputs)
    for path in inputs.rglob("*"):
        os.utime(path, (1.7e9, 1.7e9))
    print(ROW.format("", "status", "stdout", "stderr", "pictures", "pages", "rest", "before s", "after s"), flush=True)
    total, wrong, details = [0.0, 0.0], [], []
    for case in chosen:
        here, there = keep / case.name, made / "after" / case.name
        was, now = (kept(here, case) if times == 1 else None), None
        seconds: list[list[float]] = [[sum(one.seconds for one in was)] if was else [], []]
        for _ in range(times):
            if was is None or times > 1:
                was = run(runners[0], case, inputs, here)
                (here / "outcomes.json").write_text(json.dumps([asdict(one) for one in was], indent=1))
                seconds[0].append(sum(one.seconds for one in was))
            now = run(runners[1], case, inputs, there)
            seconds[1].append(sum(one.seconds for one in now))
        assert was is not None, "times is at least 1"
        assert now is not None, "times is at least 1"
        cells, lines = compared(case, inputs, here, there, was, now)
        best = [min(s) for s in seconds]
        total = [a + b for a, b in zip(total, best, strict=True)]
        print(ROW.format(case.name, *cells, *(f"{s:.2f}" for s in best)), flush=True)
        if any(cell.startswith("NO") for cell in cells):
            wrong.append(case.name)
        details += [f"{case.name}: {lines[0]}", *(f"    {line}" for line in lines[1:])] if lines else []
        shutil.rmtree(there)
    print(ROW.format("in all", *[""] * 6, *(f"{s:.1f}" for s in total)))
    print("\n".join(["", *details]))
    commands = sum(len(case.commands) for case in chosen)
    if wrong:
        print(f"{len(wrong)} of {len(chosen)} differ: {', '.join(wrong)}.")
        sys.exit(1)
    print(f"All {len(chosen)} rows, {commands} commands, are the same.")


if __name__ == "__main__":
    main()
