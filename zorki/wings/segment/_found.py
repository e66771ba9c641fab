"""What came of a comparison's trainings: kept beside each, read for the page, held against one another on the same pictures.

Source: Efron, Tibshirani 1993 and Owen 2007 (intervals over pictures and trainings, `scores/bootstrap.py`).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from zorki import io, scores
from zorki.lens.table import short
from zorki.scores import bootstrap
from zorki.scores.confusion import mean, mious
from zorki.scores.spelled import Span, between, percent, rounded
from zorki.segmenting import cost, record
from zorki.wings.segment._budget import Budget, Entrant, Share
from zorki.wings.segment._learnt import Answers, matrix
from zorki.wings.segment._lesson import Pixels

if TYPE_CHECKING:
    from zorki.wings.segment._taught import Taught

FILE, FAILED = "judged.safetensors", "failed.txt"  # in a training's folder: what came of it, or why nothing did


@dataclass(frozen=True, eq=False)
class Outcome:
    """One training, judged. which: the numbers of the pictures (n,) that it was judged on; matrices: (n, k, k) of each; boundary: (n,), the F1 of its outlines.

    cost: of the net: `hw` of the picture, `parameters`, `multiply_adds`, `memory` and `learning` (bytes), `seconds`, `sees` (pixels, or None).
    """

    net: str
    seed: int
    folder: Path
    which: npt.NDArray[np.int64]
    matrices: npt.NDArray[np.int64]
    boundary: npt.NDArray[np.float64]
    cost: Mapping[str, Any]

    @cached_property
    def confusion(self) -> scores.Confusion:
        """Of all pictures together."""
        return scores.Confusion(self.matrices.shape[-1], self.matrices.sum(0))


def keep(taught: Taught, answers: Answers, device: str) -> None:
    """Written into the training's folder, whole or not at all. Raises Stopped."""
    from safetensors.torch import save

    held, classes = taught.parts.judged, taught.start.lesson.recipe.classes
    truths = {i: held[i][1][0] for i in answers}
    arrays = {
        "which": np.array(list(answers), np.int64),
        "matrices": np.stack([matrix(truths[i], answers[i], classes) for i in answers]).astype(np.int64),
        "boundary": np.array([scores.boundary_f1(truths[i], answers[i], classes) for i in answers], np.float64),
    }
    data = save({name: torch.from_numpy(x) for name, x in arrays.items()}, {"cost": json.dumps(priced(taught, device))})
    io.atomic_write(taught.folder.path / FILE, data)
    (taught.folder.path / FAILED).unlink(missing_ok=True)


def priced(taught: Taught, device: str) -> dict[str, Any]:
    """What the net costs for the middle one of the pictures that were held back, and a step of its learning."""
    lesson, net = taught.start.lesson, copy.deepcopy(taught.net)
    held = taught.parts.judged
    sizes = [held[i][0].shape[0] * held[i][0].shape[1] for i in range(len(held))]
    picture = torch.from_numpy(held[int(np.argsort(sizes, kind="stable")[len(sizes) // 2])][0]).permute(2, 0, 1)[None].float()
    hw = (picture.shape[2], picture.shape[3])
    found = cost.cost(net, hw)
    there = picture.to(device).contiguous(memory_format=torch.channels_last)
    net.to(device).eval()

    @torch.no_grad()
    def look() -> torch.Tensor:
        labels: torch.Tensor = net(there)[0].argmax(0).cpu()  # which waits for a device
        return labels

    def step() -> None:
        shown = {name: x.to(device) for name, x in lesson.drawn(0).items()}
        Pixels(net, lesson.stock, lesson.held, lesson.recipe, lesson.changes).loss(shown)[0].backward()  # type: ignore[no-untyped-call]

    seconds, memory = cost.seconds(look), cost.memory(look)
    net.train()
    return {
        "hw": hw, "parameters": found.parameters, "multiply_adds": found.multiply_adds, "memory": memory, "learning": cost.memory(step),
        "seconds": seconds, "sees": found.sees,
    }  # fmt: skip


def fail(place: Path, why: str) -> None:
    """Keeps why a training failed. Raises Stopped, InputError."""
    place.mkdir(parents=True, exist_ok=True)
    io.atomic_write(place / FAILED, why + "\n")


def outcome(place: Path, net: str, seed: int) -> Outcome | None:
    """None where nothing is kept, or what is damaged, which is judged again."""
    from safetensors import SafetensorError, safe_open

    with suppress(OSError, SafetensorError, KeyError, ValueError, TypeError), safe_open(place / FILE, "numpy") as kept:
        which, matrices, boundary = (kept.get_tensor(name) for name in ("which", "matrices", "boundary"))
        return Outcome(net, seed, place, which, matrices, boundary, json.loads(kept.metadata()["cost"]))
    return None


@dataclass(frozen=True, eq=False)
class Row:
    """A net of the comparison. runs: its trainings that are finished; failed: of others (seed, why), the seed None where it could not begin."""

    entrant: Entrant
    share: Share
    runs: tuple[Outcome, ...]
    failed: tuple[tuple[int | None, str], ...]

    @property
    def net(self) -> str:
        return self.entrant.net

    @property
    def mious(self) -> list[float]:
        """Of each training."""
        return [one.confusion.miou for one in self.runs]

    @property
    def miou(self) -> float:
        """The mean of its trainings; nan of none."""
        return mean(np.array(self.mious))

    @property
    def iou(self) -> npt.NDArray[np.float64]:
        """(k,): of each class the mean of the trainings in which it is there."""
        each = np.array([one.confusion.iou() for one in self.runs])
        return np.array([mean(of_class) for of_class in each.T])

    @property
    def boundary(self) -> float:
        """The share of outlines that are met, as F1: the mean over pictures and trainings."""
        return mean(np.concatenate([one.boundary for one in self.runs])) if self.runs else float("nan")

    @cached_property
    def drawn(self) -> npt.NDArray[np.float64]:
        """(rounds,): its mIoU with other pictures and other trainings of the kind; on the same pictures in each round as every other net. Empty of one picture."""
        count = len(self.runs[0].which) if self.runs else 0
        if count < 2:
            return np.empty(0)
        often = bootstrap.drawn(count)
        return bootstrap.redrawn(np.stack([mious(one.matrices, often) for one in self.runs]))

    @property
    def span(self) -> Span:
        """Where 95 of 100 such sets of pictures and trainings would put its mIoU; nan, nan of a single picture."""
        return bootstrap.middle(self.drawn)

    def over(self, other: Row) -> Span:
        """Where 95 of 100 would put the difference of its mIoU to another net's, on the same pictures."""
        return bootstrap.middle(self.drawn - other.drawn) if len(self.drawn) == len(other.drawn) else (float("nan"), float("nan"))

    @property
    def cost(self) -> Mapping[str, Any]:
        """Of its first training; the seconds the least of all, since what else the machine does only adds to them. Empty of none."""
        return {**self.runs[0].cost, "seconds": min(one.cost["seconds"] for one in self.runs)} if self.runs else {}

    def answer(self, names: Sequence[str]) -> dict[str, Any]:
        """What --json gives."""
        cost = self.cost
        return {
            "net": self.net,
            "miou": rounded(self.miou),
            "interval": [rounded(v) for v in self.span],
            "miou_by_training": [rounded(v) for v in self.mious],
            "iou_by_class": {name: rounded(v) for name, v in zip(names, self.iou, strict=False)},
            "boundary_f1": rounded(self.boundary),
            **{name: cost.get(name) for name in ("parameters", "multiply_adds", "memory", "seconds")},
            "learning_memory": cost.get("learning"),
            "receptive_field": cost.get("sees"),
            "steps": self.share.steps,
            "learning_multiply_adds": self.share.steps * self.entrant.multiply_adds,
            "seeds": [one.seed for one in self.runs],
            "runs": [str(one.folder) for one in self.runs],
            "failed": [{"seed": seed, "why": why} for seed, why in self.failed],
        }


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """folder: what `run` got: in it each training, which is a --model. config: its settings; names: of the classes; rows: the nets, as they were asked for."""

    folder: Path
    config: Mapping[str, Any]
    names: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def card(self) -> Mapping[str, Any]:
        """What was compared on what."""
        return {"title": f"{len(self.rows)} nets compared", "task": "segment", "data": self.config["pictures"], "classes": list(self.names)}

    @property
    def budget(self) -> Budget:
        return Budget.of(self.config)

    @property
    def ranked(self) -> tuple[Row, ...]:
        """Those of which there is something, the best first."""
        return tuple(sorted((row for row in self.rows if row.runs), key=lambda row: -np.nan_to_num(row.miou)))

    @property
    def failed(self) -> list[tuple[str, str]]:
        """What failed, by net and seed, and why."""
        return [(row.net if seed is None else f"{row.net}, seed {seed}", why) for row in self.rows for seed, why in row.failed]

    @property
    def tried(self) -> int:
        """How many trainings there are."""
        return len(self.failed) + sum(len(row.runs) for row in self.rows)

    def answer(self) -> list[dict[str, Any]]:
        """What --json gives: a list of the nets, as they were asked for."""
        return [row.answer(self.names) for row in self.rows]

    def lines(self) -> list[str]:
        """What the command prints: a table, the best net first."""
        head = ("net", "mIoU", "95 of 100", "outlines", "parameters", "multiply-adds", "memory", "a picture", "sees")
        rows = [head, *(cells(row) for row in (*self.ranked, *(row for row in self.rows if not row.runs)))]
        wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return ["  ".join(f"{text:{w}}" for text, w in zip(row, wide, strict=True)).rstrip() for row in rows]

    def __repr__(self) -> str:
        return "\n".join(self.lines())


def cells(row: Row) -> tuple[str, ...]:
    """A net's line: its figures, or why there are none."""
    if not row.runs:
        why = row.failed[0][1] if row.failed else "not yet"
        return row.net, f"failed: {why}" if row.failed else why, *[""] * 7
    it = row.cost
    return (
        row.net, percent(row.miou), between(row.span), percent(row.boundary), short(it["parameters"]), short(it["multiply_adds"]),
        size(it["memory"]), f"{it['seconds']:.2g} s", field(it["sees"]),
    )  # fmt: skip


def size(count: int) -> str:
    """Bytes as a person says them."""
    return f"{count / 1e9:.2g} GB" if count >= 1e9 else f"{count / 1e6:.3g} MB"


def field(sees: Sequence[float] | None) -> str:
    """Pixels a side."""
    return "all" if sees is None else f"{sees[0]:g} px" if sees[0] == sees[1] else f"{sees[0]:g} × {sees[1]:g} px"


def comparison(folder: Path) -> Comparison:
    """What is known by now. Raises InputError for a folder that is no comparison's."""
    run = io.open_run(folder)
    budget = Budget.of(run.config)
    rows = []
    for entrant, share in zip(budget.entrants, budget.shares, strict=True):
        places = [(seed, folder / f"{entrant.net}-{seed}") for seed in budget.seeds]
        runs = [one for seed, place in places if (one := outcome(place, entrant.net, seed)) is not None]
        failed: list[tuple[int | None, str]] = [(None, entrant.failed)] if entrant.failed else []
        failed += [(seed, (place / FAILED).read_text(encoding="utf-8").strip()) for seed, place in places if (place / FAILED).is_file()]
        rows.append(Row(entrant, share, tuple(runs), tuple(failed)))
    return Comparison(folder, run.config, tuple(run.config["classes"]), tuple(rows))


def of_data(found: Comparison) -> record.Record | None:
    """What the masks mean and which pictures were held back, as the first training that has begun keeps it."""
    for row in found.rows:
        for seed in found.budget.seeds:
            if (known := record.read(found.folder / f"{row.net}-{seed}")) is not None:
                return known
    return None
