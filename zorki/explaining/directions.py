"""What to look for in a net without classes: a direction among its answers, given as a vector or as another picture.

Source: cosine similarity to one embedding, as CLIP and DINO are used; as something to climb, Olah, Mordvintsev, Schubert 2017.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from zorki import io, lens
from zorki.core.errors import InputError
from zorki.explaining import classes
from zorki.pixels import sizes


@dataclass(frozen=True)
class Direction:
    """vector: (c,), any length. name: how it is told. over: the dimensions of an answer over which its mean is taken. token: the one
    asked of an answer (b, n, c), in place of the mean.
    """

    vector: torch.Tensor
    name: str
    over: tuple[int, ...] = ()
    token: int | None = None

    def of(self, answers: torch.Tensor) -> torch.Tensor:
        """The cosine of each picture's answer with the vector (b,), from -1 to 1; half precision is reckoned in single."""
        seen = gathered(answers, self.over, self.token)
        return F.cosine_similarity(seen, self.vector.to(seen.device, seen.dtype)[None], dim=1, eps=1e-30)


def direction(
    net: lens.Net, like: torch.Tensor | None, towards: io.Vector | None, token: int | None = None, hw: tuple[int, int] | None = None
) -> Direction | None:
    """The direction that the net's answer to `like` (1, 3, h, w) has, or that of a vector; None where neither is given.

    hw: the size of the pictures that will be asked about; not given, like's own shape. Raises InputError for both at once, for a vector
    that is not the net's, for a token that is not there, and for an answer that is 0 throughout.
    """
    if like is not None and towards is not None:
        raise InputError("--like and --towards are both directions.", "The answer is compared with one.", "Leave one out.")
    if like is None and towards is None:
        if token is not None:
            raise InputError(
                "--token is given without a direction.",
                "It says which part of the net's answer is compared with one.",
                "Give --like=PICTURE or --towards=VECTOR.npy, or leave it out.",
            )
        return None
    x = (
        sizes.resize(like, classes.whole_size(net, like))
        if like is not None
        else torch.full((1, net.channels, *(hw or net.hw)), 0.5, dtype=torch.float32, device="cpu")
    )
    answer = net.logits(x.to(net.device))
    over = places(answer, (x.shape[-2], x.shape[-1]))
    if token is not None and (answer.ndim != 3 or not -answer.shape[1] <= token < answer.shape[1]):
        count = f"{answer.shape[1]} tokens, 0 to {answer.shape[1] - 1}" if answer.ndim == 3 else "no tokens"
        raise InputError(f"There is no token {token}.", f"{net.name} gives {count}.", "Choose another --token, or leave it out.")
    own = gathered(answer, over, token)[0]
    if towards is None:
        return Direction(checked(own.cpu(), "The answer to --like"), "what --like shows", over, token)
    if len(towards.values) != len(own):
        raise InputError(
            f"{towards.name} has {len(towards.values)} numbers.", f"{net.name} gives {len(own)}.", "Give a vector of this net."
        )
    return Direction(checked(torch.from_numpy(towards.values), towards.name), towards.name, over, token)


def checked(vector: torch.Tensor, name: str) -> torch.Tensor:
    """The vector, if it points anywhere. Raises InputError."""
    if not bool(vector.isfinite().all()) or not bool(vector.any()):
        what = "0 throughout" if bool((vector == 0).all()) else "not finite"
        raise InputError(f"{name} is {what}.", "A direction points somewhere.", "Give another.")
    return vector


def places(answers: torch.Tensor, hw: tuple[int, int]) -> tuple[int, ...]:
    """The dimensions of an answer to a picture of `hw` that are places: none of (b, c), 1 of (b, n, c), rows and columns of maps.

    Raises InputError for any other shape.
    """
    if answers.ndim == 4:
        return (2, 3) if lens.maps(answers, hw) is answers else (1, 2)
    if answers.ndim not in (2, 3):
        raise InputError(
            f"The net gives {tuple(answers.shape[1:])} numbers for a picture.",
            "A direction is one of (c), (n, c) or (c, h, w).",
            "Give a module that returns one of these.",
        )
    return (1,) if answers.ndim == 3 else ()


def gathered(answers: torch.Tensor, over: tuple[int, ...], token: int | None) -> torch.Tensor:
    """One vector a picture (b, c): the token, or the mean over places; half precision in single."""
    answers = answers.float() if answers.dtype in (torch.float16, torch.bfloat16) else answers
    if token is not None:
        return answers[:, token]
    return answers.mean(over) if over else answers
