"""With which numbers an encoder begins: those of a network with a card, or of any of the user's; and random ones that hang on a layer's shape alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from zorki import weights
from zorki.core.errors import ZorkiError
from zorki.core.seeds import seed_for
from zorki.encoding.tapping import tapped
from zorki.nets.encoders import Encoder, encoder


def encoded(
    asked: str | nn.Module = "lite0", channels: int = 3, layers: Sequence[str] = (),
    mean: Sequence[float] | None = None, std: Sequence[float] | None = None,
) -> Encoder:  # fmt: skip
    """The encoder of that name, with the numbers of the card of that name where there is one.

    asked: a name of `zorki/nets/encoders/`, `file.py:function`, or a module; of the latter two layers, mean and std say which maps are taken, and
    what pictures are normalised by (see `tapped`). Raises UnknownName, InputError, and WeightsError where numbers are not installed.
    """
    if isinstance(asked, nn.Module) or ":" in asked:
        module, name = (asked, type(asked).__name__) if isinstance(asked, nn.Module) else (coded(asked), asked)
        return tapped(module, layers, name, channels, mean, std)
    made = encoder(asked, channels)
    if known := card_of(made.name):
        filled(made, weights.load(known).inner.state_dict(), channels)
    return made


class ByShape(TorchFunctionMode):
    """Inside `with`, whatever fills a tensor with random numbers draws what hangs on the seed, the tensor's shape and how many of that shape came before.

    So layers of one shape begin alike in nets that are otherwise not: those with one encoder have the same encoder, whatever stands behind it.
    torch's own generator is seeded; `torch.random.fork_rng` gives it back.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed, self.before = seed, Counter[tuple[str, tuple[int, ...]]]()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name, kwargs = getattr(func, "__name__", ""), kwargs or {}
        filled = next((x for x in (*args, *kwargs.values()) if isinstance(x, torch.Tensor)), None)
        if filled is not None and name.endswith("_") and not name.startswith("_"):  # in place, as is whatever fills
            what = name, tuple(filled.shape)
            torch.manual_seed(seed_for(self.seed, *what, self.before[what]))
            self.before[what] += 1
        return func(*args, **kwargs)


def pretrained(encoder: str) -> bool:
    """Whether an encoder of that name begins with numbers learnt elsewhere."""
    return ":" in encoder or bool(card_of(encoder))


def card_of(encoder: str) -> str:
    """The card whose numbers it begins with: its own name, or of a kind of it, as lite0-slim, what stands before the hyphen. "": none."""
    return next((name for name in (encoder, encoder.partition("-")[0]) if name in weights.names()), "")


def coded(spec: str) -> nn.Module:
    """What the user's function returns. Raises InputError that names --encoder."""
    try:
        return weights.built(spec)
    except ZorkiError as e:
        raise type(e)(*(part.replace("--model", "--encoder") for part in (e.got, e.expected, e.do))) from e


def filled(encoder: Encoder, state: dict[str, torch.Tensor], channels: int) -> None:
    """Gives an encoder a classifier's numbers; of the classifier's head nothing is taken."""
    wanted = encoder.state_dict()
    taken = {key: fitted(state[key], channels) if state[key].shape != x.shape else state[key] for key, x in wanted.items()}
    encoder.load_state_dict(taken)


def fitted(weight: torch.Tensor, channels: int) -> torch.Tensor:
    """A first convolution's (n, 3, k, k) for so many channels: for grey the sum of its colours, which sees a grey picture as it was seen in colours;
    for others their mean, scaled so that what comes out is as large."""
    if channels == 1:
        return weight.sum(1, keepdim=True)
    return (weight.mean(1, keepdim=True) * weight.shape[1] / channels).repeat(1, channels, 1, 1)
