"""Two threads, one net: each call gives what it gives alone, and the user's net comes back as it was."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import zorki
from tests.toys import state, toy
from tests.wings.contract import SHOWN, ids, job
from zorki import lens
from zorki.jobs.methods import Method
from zorki.lens.turns import alone
from zorki.nets.soften import soften

pytestmark = pytest.mark.tiny


@pytest.fixture(autouse=True)
def _often() -> Iterator[None]:
    """Threads take turns so often that what can go wrong does."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def together(*calls: Callable[[], Any]) -> list[list[Any]]:
    """Each call twice, all at once; what came out, exceptions too."""
    made: list[list[Any]] = [[] for _ in calls]

    def work(call: Callable[[], Any], out: list[Any]) -> None:
        for _ in range(2):
            try:
                out.append(call())
            except Exception as error:
                out.append(error)

    threads = [threading.Thread(target=work, args=both) for both in zip(calls, made, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return made


@pytest.mark.parametrize("m", SHOWN, ids=ids)
def test_each_call_is_as_if_alone(m: Method) -> None:
    """One `Net`, a module that is in train mode and wants gradients, pictures of two sizes."""
    sizes, module = ((48, 64), (40, 56)), toy().train()
    quick = {"drawn": False} if m.name == "patches" else {}
    truths = [job(m, lens.Net(module, name="toy"), hw=hw, **quick).finish().numpy() for hw in sizes]
    net, before = lens.Net(toy().train(), name="toy"), state(module)
    for out, truth in zip(together(*(lambda hw=hw: job(m, net, hw=hw, **quick).finish().numpy() for hw in sizes)), truths, strict=True):
        assert all(isinstance(x, np.ndarray) and np.array_equal(x, truth) for x in out), [x for x in out if isinstance(x, Exception)]
    before["random"] = state(net.module)["random"]
    assert state(net.module) == before


def test_the_eye_is_shared_by_different_methods() -> None:
    eye = zorki.load("eye", device="cpu", dtype="float32")
    photo = np.random.default_rng(0).integers(0, 256, (40, 48, 3), dtype=np.uint8)
    calls = (
        lambda: zorki.see.attribution(eye, photo, method="gradcam").numpy(),
        lambda: zorki.see.attribution(eye, photo, method="guided").numpy(),
        lambda: zorki.see.dream(eye, photo, size=48, steps=2, octaves=1, layer="conv3_2").numpy(),
        lambda: zorki.style.transfer(eye, photo, photo[::-1], size=48, steps=2).numpy(),
    )
    before = state(eye.module)
    truths = [call() for call in calls]
    for out, truth in zip(together(*calls), truths, strict=True):
        assert all(np.array_equal(x, truth) for x in out), out
    assert state(eye.module) == before


def test_who_loads_with_options_leaves_the_others_net_alone() -> None:
    net = zorki.load(toy(), dtype="float32")
    other = zorki.load(net, dtype="bfloat16", device="cpu") if zorki.core.processor.bfloat16() else None
    assert net.drawing == torch.float32
    assert other is None or (other.drawing == torch.bfloat16 and other.module is net.module)


def test_what_shares_numbers_shares_the_lock_and_nothing_else_does() -> None:
    module = toy()
    lock = alone(module)
    assert all(alone(m) is lock for m in (module[0], nn.DataParallel(module), soften(module), lens.Net(module).inner))
    assert alone(toy()) is not lock
    held = threading.Event()

    def other() -> None:
        with lens.Net(module).alone():
            held.set()

    with lens.Net(module).alone(), lens.quiet(module):
        thread = threading.Thread(target=other)
        thread.start()
        assert not held.wait(0.05)
    thread.join(5)
    assert held.is_set()


def test_nothing_is_held_between_two_steps() -> None:
    net, photo = lens.Net(toy(), name="toy"), np.zeros((32, 32, 3), np.uint8)
    steps = zorki.see.dream.steps(net, photo, size=32, steps=3, octaves=1, layer="3")
    next(steps)
    done = threading.Thread(target=net.logits, args=(torch.zeros(1, 3, 32, 32),))
    done.start()
    done.join(10)
    assert not done.is_alive()
    steps.close()


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="no fork here")
def test_a_child_forked_while_a_thread_holds_the_lock_does_not_wait_for_it() -> None:
    code = """
import os, threading, torch, warnings
from tests.toys import toy
from zorki import lens
warnings.simplefilter("ignore")
torch.set_num_threads(1)
net, held, go = lens.Net(toy()), threading.Event(), threading.Event()
def hold():
    with net.alone():
        held.set(); go.wait(30)
thread = threading.Thread(target=hold, daemon=True); thread.start(); held.wait()
child = os.fork()
if not child:
    with net.alone():
        os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])); go.set()
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True).stdout.strip() == "7"
