"""The sections that are wanted, each with the ways in which it may be made and the work that they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType

from zorki import blocks
from zorki.core import shelf
from zorki.core.errors import InputError, ZorkiError
from zorki.guided.guide import Guide
from zorki.guided.ledger import Task
from zorki.guided.plan import LEFT_OUT, Choice, Plan

SECTIONS = "zorki.guided.sections"


@dataclass(frozen=True)
class Part:
    """A section and the ways in which it may be made, each with its work."""

    name: str
    module: ModuleType
    plans: Sequence[Plan] = (Plan(),)
    tasks: Sequence[Sequence[Task]] = ((),)
    asked: bool = False

    @classmethod
    def of(cls, name: str, module: ModuleType, guide: Guide, asked: bool) -> Part:
        plans = (*([module.MORE] if guide.long and hasattr(module, "MORE") else []), *getattr(module, "PLANS", ())) or (Plan(),)
        try:
            tasks = [module.work(guide, one) for one in plans] if hasattr(module, "PLANS") else [module.work(guide)]
        except ZorkiError:  # it does not fit this network, and says so when it is its turn
            plans, tasks = plans[:1], [()]
        return cls(name, module, plans, tasks, asked)

    @property
    def quick(self) -> bool:
        """Whether it is never left out."""
        return bool(getattr(self.module, "QUICK", False))

    @property
    def extra(self) -> bool:
        """Whether its time comes on top of all other."""
        return bool(getattr(self.module, "PHOTOS", False))

    def build(self, guide: Guide, level: int) -> Iterator[blocks.Block]:
        """Its blocks, one by one."""
        built: Iterator[blocks.Block] = (
            self.module.build(guide, self.plans[level]) if hasattr(self.module, "PLANS") else self.module.build(guide)
        )
        return built

    def work(self, level: int) -> float:
        """Multiply-adds."""
        return sum(map(sum, self.tasks[level])) if level < len(self.tasks) else 0.0

    @property
    def choice(self) -> Choice:
        works = tuple(0.0 if self.extra else self.work(level) for level in range(len(self.plans)))
        kept = self.asked or self.extra or self.quick
        dear = getattr(self.module, "LONG", False)  # beside the others it counts as more of the same
        return Choice(works, tuple(one.loss for one in self.plans), kept, 1 if dear else LEFT_OUT)


def sections(long: bool, only: Sequence[str] = (), photos: bool = False) -> list[tuple[str, ModuleType]]:
    """The sections that are wanted, in order; dear ones only when `long`, or when they are asked for by name.

    photos: whether there are many photographs, which some sections need. Raises UnknownName for a section that is not there, InputError
    for one asked for that needs many photographs where there are none.
    """
    named = [(n, shelf.take(SECTIONS, n, "section of the tour")) for n in dict.fromkeys(only) or shelf.names(SECTIONS)]
    lacking = [n for n, m in named if getattr(m, "PHOTOS", False) and not photos]
    if only and lacking:
        raise InputError(
            f"The section {lacking[0]} needs many photographs.", "They are a folder, a zip or a pattern.", "Give them with --photos."
        )
    wanted = [(n, m) for n, m in named if n not in lacking and (only or long or not getattr(m, "LONG", False))]
    return sorted(wanted, key=lambda one: one[1].ORDER)
