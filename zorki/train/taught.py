"""One run from its beginning to its best weights, with half the batch where memory runs out."""

from __future__ import annotations

import copy
from dataclasses import asdict

from safetensors.torch import load_file
from torch import nn

from zorki.train import choosing
from zorki.train.folder import Folder
from zorki.train.memory import out_of_memory
from zorki.train.options import Alone
from zorki.train.setup import Start
from zorki.train.teaching import teach


def to_the_end(first: Start, folder: Folder, s: Alone) -> tuple[Start, nn.Module]:
    """Taught, from where the folder is; the batch as it was at last, and the best weights. Raises as `teach`, and Stopped for too little memory."""
    while True:
        try:
            teach(first.lesson, folder, first.plan, first.config, choosing.device(s.device), s.processes)
            break
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        first = first.smaller(s)
        folder.open({**asdict(first.plan), **first.config}, change=True)
    best: nn.Module = copy.deepcopy(first.lesson.net)
    best.load_state_dict(load_file(folder.path / "best.safetensors"))
    return first, best
