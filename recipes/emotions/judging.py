"""How good a net is on faces that it has not learnt from, by expression, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from recipes.emotions.faces import Faces
from zorki import scores
from zorki.nets.expression import CLASSES

K = len(CLASSES)
BATCH = 250
# How often each comes among FER+'s faces, by the expression that most people name: its rarest parts are all here, of the two commonest some were left out.
NATURAL = np.array([9365, 7410, 3378, 3403, 2399, 175, 648, 162], np.float64)


@torch.inference_mode()
def answers(net: nn.Module, faces: Faces) -> np.ndarray:
    """(n, 8) logits, in float32."""
    out = []
    for part in np.array_split(faces.pixels, max(1, len(faces) // BATCH)):
        x = torch.from_numpy(part)[:, None].float() / 255
        out.append(net(x.contiguous(memory_format=torch.channels_last)).float())
    return torch.cat(out).numpy()


@dataclass(frozen=True)
class Judged:
    """each (n, 8, 8): the confusion matrix of each picture, or of each person; the rest is reckoned of their sum and of the probabilities."""

    each: np.ndarray
    calibration: scores.Calibration
    loss: float

    @property
    def confusion(self) -> scores.Confusion:
        return scores.Confusion(K, self.each.sum(0))

    @property
    def accuracy(self) -> float:
        return self.confusion.pixel_accuracy

    @property
    def macro_f1(self) -> float:
        """The mean of the F1 of the expressions that are there."""
        return self.confusion.mean_dice(background=False)

    def interval(self, name: str) -> tuple[float, float]:
        """Of accuracy or macro_f1, in 95 of 100 sets of as many pictures, or of as many persons."""
        return scores.interval(self.each, lambda some: getattr(Judged(some, self.calibration, self.loss), name))

    def f1_interval(self, k: int) -> tuple[float, float]:
        """Of the F1 of one expression."""
        return scores.interval(self.each, lambda some: float(scores.Confusion(K, some.sum(0)).dice()[k]))


def judged(logits: np.ndarray, faces: Faces, by_person: bool = False) -> Judged:
    """logits: (n, 8), of these faces. by_person: intervals are of persons, whose faces are not independent."""
    p = torch.from_numpy(logits).softmax(1).numpy()
    each = np.zeros((len(faces), K, K), np.int64)
    each[np.arange(len(faces)), faces.top, p.argmax(1)] = 1
    if by_person:
        _, number = np.unique(faces.person, return_inverse=True)
        persons = np.zeros((number.max() + 1, K, K), np.int64)
        np.add.at(persons, number, each)
        each = persons
    known = scores.Calibration().add(p.T[:, None], faces.top[None])
    loss = -(faces.said * np.log(p.clip(1e-12))).sum(1).mean()
    return Judged(each, known, float(loss))


def temperature(logits: np.ndarray, faces: Faces) -> float:
    """What to divide logits by, found on faces drawn so that each expression is as frequent as it naturally is."""
    often = (NATURAL / np.bincount(faces.top, minlength=K).clip(1))[faces.top]
    some = np.random.default_rng(0).choice(len(faces), 10 * len(faces), p=often / often.sum())
    return scores.temperature(logits[some], faces.top[some])


def percent(found: float, ends: tuple[float, float]) -> str:
    return f"{found:.1%} ({ends[0]:.1%} to {ends[1]:.1%})"


def told(found: Judged, among: str) -> dict[str, str]:
    """Lines for the card. among: what was judged on."""
    c = found.confusion
    macro = found.interval("macro_f1")
    rows = {
        f"{among}: accuracy": percent(found.accuracy, found.interval("accuracy")),
        f"{among}: macro-F1": f"{found.macro_f1:.3f} ({macro[0]:.3f} to {macro[1]:.3f})",
        f"{among}: calibration": f"ECE {found.calibration.ece:.3f}, Brier {found.calibration.brier:.3f}",
    }
    for k, name in enumerate(CLASSES):
        if not c.true[k]:
            continue
        low, high = found.f1_interval(k)
        row = ", ".join(f"{CLASSES[j]} {c.matrix[k, j]}" for j in np.argsort(-c.matrix[k], kind="stable") if c.matrix[k, j])
        rows[f"{among}: {name}"] = (
            f"F1 {c.dice()[k]:.2f} ({low:.2f} to {high:.2f}), recall {c.recall()[k]:.0%}, precision {c.precision()[k]:.0%}; "
            f"its {c.true[k]:,} were called {row}"
        )
    return rows
