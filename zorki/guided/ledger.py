"""What is done of all that is planned, and how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from zorki.core import events

Task = tuple[float, ...]
"""One thing that is made: the multiply-adds of its stages, one after the other."""


class Ledger:
    """What is done of all that is planned, in multiply-adds, and how the time that it took compares with what was foreseen.

    speed: multiply-adds a second, as foreseen; 0 until it is known. Shares never fall: a plan that is cut lets them jump ahead.
    """

    TRUST = 4.0  # seconds for which what was foreseen counts beside what is seen

    def __init__(self, speed: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.speed, self.clock = speed, clock
        self.done = self.ahead = self.here = 0.0  # of sections behind, of sections to come, of this one
        self.seen = self.foreseen = 0.0  # seconds of what climbed: taken, and as foreseen
        self.tasks: Sequence[Task] = ()
        self.task, self.told = -1, 0.0
        self.last: float | None = None  # when the last step was done

    def enter(self, tasks: Sequence[Task], ahead: float) -> None:
        """A section begins; `ahead` is the work of those behind it."""
        self.tasks, self.task, self.here, self.ahead = tasks, -1, 0.0, ahead

    def leave(self) -> None:
        """It has ended, with all that was to be made or not."""
        self.done += sum(map(sum, self.tasks))
        self.tasks, self.task, self.here = (), -1, 0.0

    def begin(self) -> None:
        """The next thing is being made; until it takes steps, what it tells says how far it is."""
        self.task, self.last = self.task + 1, None
        self.here = max(self.here, sum(map(sum, self.tasks[: self.task])))

    def hear(self, e: events.Event) -> None:
        """What is being made tells how far it is."""
        if self.last is None and e.of:
            self.at(0, e.step / e.of)

    def step(self, stage: int, stages: int, share: float) -> None:
        """It has come to that share of that stage, counted from 1. What a task has more stages came before the first step."""
        now, had = self.clock(), self.here
        if 0 <= self.task < len(self.tasks):
            known = len(self.tasks[self.task])
            if stages > known:  # more than was thought: they are taken to be alike
                done = (stage - 1 + share) / stages * known
                stage, share = min(known, int(done) + 1), done - int(done) if done < known else 1.0
            self.at(max(0, known - stages) + stage - 1, share)
        if self.last is not None and self.speed:  # the first step is longer than all others, so it is not counted
            self.seen += now - self.last
            self.foreseen += (self.here - had) / self.speed
        self.last = now

    def at(self, k: int, share: float) -> None:
        """That share of the task's stage k, counted from 0, is done, and all before it."""
        if 0 <= self.task < len(self.tasks):
            stages = self.tasks[self.task]
            behind = sum(map(sum, self.tasks[: self.task])) + sum(stages[:k])
            self.here = max(self.here, behind + stages[k] * min(1.0, max(0.0, share)))

    @property
    def slower(self) -> float:
        """How many times longer things take than was foreseen."""
        return (self.seen + self.TRUST) / (self.foreseen + self.TRUST)

    @property
    def share(self) -> float:
        """Of all, in 0..1."""
        whole = self.done + sum(map(sum, self.tasks)) + self.ahead
        self.told = max(self.told, (self.done + self.here) / whole if whole else 0.0)
        return min(1.0, self.told)

    @property
    def left(self) -> float | None:
        """Seconds, once the speed is known."""
        if not self.speed:
            return None
        return (sum(map(sum, self.tasks)) - self.here + self.ahead) / self.speed * self.slower
