"""`zorki`: finds the command, runs it, and says in at most four lines what went wrong."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError
from cyclopts.exceptions import UnknownCommandError, UnusedCliTokensError

from zorki.cli import lists, streams, wing
from zorki.core.errors import SomeFailed, ZorkiError
from zorki.core.names import nearest
from zorki.core.spelling import flag, on_command_line
from zorki.jobs import interrupt
from zorki.jobs.memory import thrifty
from zorki.jobs.methods import wings

OWN = {  # commands that are no method of a wing: name -> (where, what it does)
    "tour": ("zorki.cli.tour:tour", "The lecture on your own photo: one page."),
    "layers": ("zorki.cli.lists:layers", "What a network has: its layers, what each sees and costs."),
    "models": ("", ""),  # an App, which knows its own
    "again": ("zorki.cli.again:again", "Show how a picture was made, and make it again."),
}


def app(words: Sequence[str]) -> App:
    """The command tree; only the wing that `words` asks for is built in full, so that help stays fast."""
    import zorki

    top = App(
        name="zorki",
        help=(zorki.__doc__ or "").partition("\n")[0],
        version=zorki.__version__,
        version_flags=["--version"],
        help_flags=["--help", "-h"],
    )
    for name, (where, what) in OWN.items():
        if where:
            top.command(where, name=name, help=what)
    top.command(lists.models)
    for name in wings():
        top.command(wing.build(name, None if words[:1] != [name] else words[1] if len(words) > 1 else ""))
    return top


SPINS = "3000"  # rounds that a thread waits awake for the others


def considerate() -> None:
    """Lets waiting threads sleep soon: two drawings at once else hold each other up many times over.

    Measured by benchmarks/run.py. To be called before torch is loaded; what the user has set counts.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs one command and exits with its status."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, stream) is None:  # closed by whoever called us
            setattr(sys, stream, open(os.devnull, mode))  # noqa: SIM115
    for out in (sys.stdout, sys.stderr):
        if isinstance(out, io.TextIOWrapper):
            out.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show is no reason to fail
    considerate()
    thrifty()
    status = run(words, alone=True)
    interrupt.over()
    if status in interrupt.STATUS.values():  # a library that was interrupted half-way could still change the status on the way out
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


def run(words: list[str], alone: bool = False) -> int:
    """The exit status: 0 done, 2 the user's input, 3 some failed, 4 the world, 130 Ctrl-C, 143 SIGTERM; our bugs raise. alone: the process is ours."""
    top = app(words)
    try:
        command, bound, _ = top.parse_args(words, exit_on_error=False, print_error=False)
        if alone and not isinstance(getattr(command, "__self__", None), App):  # help runs nothing that could print
            streams.claim()
        command(*bound.args, **bound.kwargs)
    except CycloptsError as e:
        return told([*clean(e, words), f"`{place(words)} --help` lists the options."], 2)
    except ZorkiError as e:
        lines = e.lines(on_command_line)
        if isinstance(e, SomeFailed):  # the list says all else
            lines = [lines[0], *(f"  {name}: {on_command_line(why)}" for name, why in e.failed)]
        return told(lines, e.status)
    except KeyboardInterrupt as e:
        return told([on_command_line(str(e)) or str(interrupt.said(e))], interrupt.status(e))
    except BrokenPipeError:  # whoever read our output has enough
        streams.broken()
        return 0
    except MemoryError as e:
        return told(["There is not enough memory.", str(e), smaller(words)], 4)
    except RuntimeError as e:
        if "allocate" not in str(e) and "out of memory" not in str(e):
            raise
        asked = re.search(r"allocate (\d+) bytes", str(e))
        why = f"{int(asked[1]):,} bytes were asked for at once." if asked else " ".join(str(e).split())[:200]
        return told(["There is not enough memory.", why, smaller(words)], 4)
    except OSError as e:
        if e.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        return told([f"Writing failed: {e.strerror}.", "What was finished before is unharmed."], 4)
    except SystemExit as e:
        return int(e.code or 0)
    return 0


def smaller(words: Sequence[str]) -> str:
    """What to do where memory is not enough, by the options that the command has."""
    from zorki.core.settings import options
    from zorki.jobs.methods import alone, method, methods, wings

    named = words[1] if len(words) > 1 and words[0] in wings() and words[1] in methods(words[0]) else None
    known = bool(words) and words[0] in wings() and (named is not None or alone(words[0]) is not None)
    has = [o.name for o in options(method(words[0], named).settings)] if known else []
    usual = [f"--{name}" for name in ("size", "side", "batch") if name in has]
    sides = [flag(name) for name in has if name.endswith(("_size", "_side"))]  # of something else than what is worked at
    found = [one for one in (*usual, *sides) if any(word.partition("=")[0] == one for word in words)] or usual
    return f"Try a smaller {' or '.join(found)}." if found else "Close other programs, or give smaller pictures."


def told(lines: Sequence[str], status: int) -> int:
    """Prints to stderr and gives the status back."""
    shown = [streams.printable(line) for line in lines if line]
    print("\n".join(f"zorki: {line}" if i == 0 else line for i, line in enumerate(shown)), file=sys.stderr)
    return status


def clean(e: CycloptsError, words: Sequence[str]) -> list[str]:
    """The parser's complaint in one or two lines."""
    if isinstance(e, UnknownCommandError) or (words[:1] and words[0] not in (*OWN, *wings()) and not words[0].startswith("-")):
        word = next((w for i, w in enumerate(words) if i or w not in wings()), words[0])
        from zorki.jobs.methods import methods

        if words[0] in wings():
            near = nearest(word, methods(words[0]))
        else:
            near = [f"zorki {wing} {word}" for wing in wings() if word in methods(wing)] or nearest(word, (*OWN, *wings()))
        return [f"There is no command {word!r}.", *([f"Did you mean {' or '.join(near)}?"] if near else [])]
    if isinstance(e, UnusedCliTokensError):
        return [f"{e.unused_tokens[0] if e.unused_tokens else 'Something'} is more than this command takes."]
    dashed = next((w for w in words if w.startswith("-") and os.path.exists(w)), None)
    return [" ".join(str(e).split()), *([f"For the file of that name write ./{dashed}."] if dashed is not None else [])]


def place(words: Sequence[str]) -> str:
    """The command that the words name, as far as they name one."""
    named = ["zorki"]
    if words and words[0] in (*OWN, *wings()):
        named.append(words[0])
        if words[0] in wings() and len(words) > 1:
            from zorki.jobs.methods import methods

            named += [words[1]] if words[1] in methods(words[0]) else []
        elif words[:2] == ["models", "get"]:
            named.append("get")
    return " ".join(named)
