"""A segmenter whose encoder knows what it is known for already.

Source: Yosinski et al. 2014 (features of ImageNet carry over); for pictures of other channels than three the first kernels' mean over the colours.
"""

from __future__ import annotations

import torch

from zorki import weights
from zorki.core import events
from zorki.nets.segmenter import Segmenter

KNOWN = ("lite0", "lite2", "eye")  # encoders that are networks with a card, too; the others begin with random numbers


def best_encoder() -> str:
    """lite0 where its numbers are installed, else eye, which ships."""
    return weights.installed(("lite0", "eye"))


def started(net: str, encoder: str, classes: int, channels: int = 3, width: int = 64, seed: int = 0) -> Segmenter:
    """With random numbers from the seed, and in the encoder those of its card.

    Raises UnknownName for net and encoder, WeightsError for an encoder whose numbers are not here.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = Segmenter(net, encoder, classes, channels, width)
    if encoder in KNOWN:
        fill(made, weights.load(encoder).inner.state_dict(), channels)
    else:
        events.note(f"The encoder {encoder} begins with random numbers.")
    return made.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def fill(made: Segmenter, numbers: dict[str, torch.Tensor], channels: int) -> None:
    """The encoder's numbers from those of a network with layers of the same names."""
    own = made.encoder.state_dict()
    found = {k: numbers[k] for k in own if k in numbers}
    for k, there in found.items():
        if there.shape != own[k].shape and there.shape[1] == 3:  # the first layer
            found[k] = there.mean(1, keepdim=True).repeat(1, channels, 1, 1) * (3 / channels)
    made.encoder.load_state_dict(found)


def empty(like: Segmenter) -> Segmenter:
    """One of the same sizes, whose numbers are about to be read."""
    with torch.random.fork_rng(devices=[]):
        made = Segmenter(**like.sizes())
    return made.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
