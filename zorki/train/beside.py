"""The other processes of a training: started, told what to learn, ended with it.

They are this Python's own children, not the command once more, so that nothing is said, checked or written twice.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any

import torch
from torch import distributed

from zorki.core.errors import Stopped, ZorkiError
from zorki.train.folder import Folder, Mute
from zorki.train.lesson import Lesson
from zorki.train.memory import out_of_memory
from zorki.train.plan import Plan

PLACE = ("MASTER_ADDR", "MASTER_PORT", "LOCAL_RANK", "NODE_RANK")  # where Lightning finds the others, and which one this is


@contextmanager
def others(lesson: Lesson, folder: Folder, plan: Plan, device: str, processes: int) -> Iterator[None]:
    """Inside, this process is the first of so many, and the others are at it. Raises what one of them raised, where that ended it."""
    if processes == 1:
        yield
        return
    before, threads = {k: os.environ.get(k) for k in PLACE}, torch.get_num_threads()
    port, each = free_port(), max(1, threads // processes)
    spawn = multiprocessing.get_context("spawn")
    started = []
    for rank in range(1, processes):
        here, there = spawn.Pipe(duplex=False)
        lesson.rank, lesson.processes = rank, processes
        copied = pickle.dumps(lesson)  # handed over as it is, its tensors would be one memory for all
        child = spawn.Process(target=beside, args=(there, copied, Mute(folder.path), plan, device, port, each), daemon=True)
        child.start()
        there.close()
        started.append((child, here))
    lesson.rank = 0
    place(port, 0)
    torch.set_num_threads(each)
    try:
        yield
    except RuntimeError as error:  # the line to the others broke
        raise error if out_of_memory(error) else why(started) or error from error
    finally:
        lesson.rank, lesson.processes = 0, 1
        leave()
        torch.set_num_threads(threads)
        for k, v in before.items():
            os.environ.pop(k, None) if v is None else os.environ.update({k: v})
        for child, _ in started:
            child.join(10)
            child.kill()


def beside(line: Connection, copied: bytes, folder: Folder, plan: Plan, device: str, port: int, threads: int) -> None:
    """What one of the others does."""
    from zorki.train.teaching import fitted

    lesson: Lesson = pickle.loads(copied)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what is to be said the first one says
    torch.set_num_threads(threads)
    place(port, lesson.rank)
    try:
        fitted(lesson, folder, plan, device, lesson.processes)
    except KeyboardInterrupt:
        pass
    except Exception as error:
        with suppress(OSError):
            got = f"A process beside the first one failed: {' '.join(str(error).split())!r}."
            failed = Stopped(got, "The last state is in the run folder.", "Give the same command again, or --processes=1.")
            line.send(error if isinstance(error, ZorkiError) else failed)
    finally:
        leave()


def why(started: list[tuple[Any, Connection]]) -> Exception | None:
    """What one of the others says, where one has ended."""
    for child, line in started:
        child.join(5)
        if line.poll():
            with suppress(EOFError, OSError):
                said: Exception = line.recv()
                return said
        if child.exitcode not in (None, 0):
            return Stopped("A process beside the first one was ended.", "The last state is kept.", "The same command goes on from it.")
    return None


def place(port: int, rank: int) -> None:
    told: Mapping[str, str] = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "LOCAL_RANK": str(rank), "NODE_RANK": "0"}
    os.environ.update(told)


def leave() -> None:
    if distributed.is_available() and distributed.is_initialized():
        with suppress(RuntimeError):
            distributed.destroy_process_group()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
