"""Parts of a work done side by side: in order, all ended, what failed told, torch's threads untouched."""

from __future__ import annotations

import contextvars
import os
import threading
import time
from collections.abc import Iterator

import pytest
import torch

from zorki.core import hands

pytestmark = pytest.mark.tiny
WORD: contextvars.ContextVar[str] = contextvars.ContextVar("word", default="")


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = torch.get_num_threads()
    monkeypatch.setattr(hands, "count", lambda: 2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two")
def test_parts_run_at_the_same_time_each_with_one_thread_of_torch() -> None:
    meeting = threading.Barrier(2, timeout=30)
    torch.set_num_threads(2)

    def part() -> int:
        meeting.wait()  # passes only if both are there
        return torch.get_num_threads()

    assert hands.each([part, part]) == [1, 1]
    fresh: list[int] = []
    new = threading.Thread(target=lambda: fresh.append(torch.get_num_threads()))
    new.start()
    new.join()
    assert torch.get_num_threads() == 2
    assert fresh == [2], "new threads of the user's begin with what was set for all"


@pytest.mark.usefixtures("two")
def test_order_and_context_are_the_callers() -> None:
    WORD.set("mine")
    slow = [lambda k=k: (time.sleep(0.02 * (3 - k)), k, WORD.get())[1:] for k in range(3)]
    assert hands.each(slow) == [(0, "mine"), (1, "mine"), (2, "mine")]


@pytest.mark.usefixtures("two")
def test_what_fails_is_told_when_all_have_ended() -> None:
    ended: list[int] = []

    def fails() -> None:
        raise KeyError("first")

    def works() -> None:
        time.sleep(0.05)
        ended.append(1)

    with pytest.raises(KeyError, match="first"):
        hands.each([fails, works])
    assert ended == [1]


def test_one_part_or_one_thread_is_done_on_the_spot(monkeypatch: pytest.MonkeyPatch) -> None:
    here = threading.get_ident()
    assert hands.each([threading.get_ident]) == [here]
    monkeypatch.setattr(hands, "count", lambda: 1)
    assert hands.each([threading.get_ident] * 3) == [here] * 3


@pytest.mark.usefixtures("two")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_makes_threads_of_its_own() -> None:
    assert hands.each([int, int]) == [0, 0]
    child = os.fork()
    if child == 0:
        os._exit(0 if not hands._pools and hands._lock.acquire(timeout=5) else 1)
    for _ in range(200):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert os.waitstatus_to_exitcode(status) == 0
            return
        time.sleep(0.05)
    os.kill(child, 9)
    pytest.fail("the child hangs")
