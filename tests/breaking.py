"""A command that is broken off in the middle of a training."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import torch


def broken_off(words: Sequence[str], events: Path, number: int, stage: str = '"stage": "training"') -> tuple[int, str]:
    """Its exit status and what it said, after that signal at its first step. events: where --events is written; stage: what such a step is told as."""
    env = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}  # with another number products of matrices round otherwise
    with subprocess.Popen([*words, "--events", str(events)], stderr=subprocess.PIPE, text=True, env=env) as process:
        end = time.monotonic() + 300
        while time.monotonic() < end and process.poll() is None:
            if events.exists() and stage in events.read_text():
                break
            time.sleep(0.005)
        process.send_signal(number)
        said = process.communicate()[1]
    return process.returncode, said
