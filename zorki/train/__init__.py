"""What the trainings share, on Lightning: the run folder, going on after a break, the moving average, what is told meanwhile.

It knows nothing of what is learnt: a `Lesson` draws batches and says what is wrong with a network's answers to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zorki.core.lazy import attach

if TYPE_CHECKING:
    from zorki.train import asked as asked
    from zorki.train import choosing as choosing
    from zorki.train import setup as setup
    from zorki.train import squares as squares
    from zorki.train.folder import Folder as Folder
    from zorki.train.lesson import Lesson as Lesson
    from zorki.train.memory import out_of_memory as out_of_memory
    from zorki.train.pace import steps_within as steps_within
    from zorki.train.plan import Plan as Plan
    from zorki.train.stock import Stock as Stock
    from zorki.train.teaching import equipped as equipped
    from zorki.train.teaching import teach as teach
    from zorki.train.together import added as added
    from zorki.train.together import gathered as gathered

DOORS = {
    "Folder": "folder",
    "Lesson": "lesson",
    "Plan": "plan",
    "Stock": "stock",
    "added": "together",
    "asked": "",
    "choosing": "",
    "equipped": "teaching",
    "gathered": "together",
    "out_of_memory": "memory",
    "setup": "",
    "squares": "",
    "steps_within": "pace",
    "teach": "teaching",
}
__getattr__, __dir__, __all__ = attach(__name__, DOORS)
