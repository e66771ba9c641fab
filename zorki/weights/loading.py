"""From a card to a network that can be looked at."""

from __future__ import annotations

import hashlib
import importlib

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors

from zorki import lens
from zorki.core.errors import WeightsError
from zorki.weights.cards import Card, card


def load(name: str) -> lens.Net:
    """The network of a card, in float32 and eval mode.

    Raises UnknownName, or WeightsError when the file is missing, damaged or not the one that the card describes.
    """
    known = card(name)
    state = read(known)
    module, _, builder = known.build.partition(":")
    with torch.inference_mode(False), torch.random.fork_rng(devices=[]):  # random numbers of the start are nobody's business
        net: torch.nn.Module = getattr(importlib.import_module(module), builder)(**known.arguments)
    try:
        net.load_state_dict({k: v.float() for k, v in state.items()})
    except RuntimeError as e:
        raise WeightsError(f"{known.file.name} does not fit {known.build}.", str(e).splitlines()[-1].strip(), "Install Zorki again.") from e
    net = net.eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return lens.Net(net, name=name, classes=known.classes, default_layer=known.layer, side=known.side)


def read(known: Card) -> dict[str, torch.Tensor]:
    """The file's tensors, once its hash is the card's."""
    try:
        data = known.file.read_bytes()
    except FileNotFoundError:
        raise WeightsError(f"The weights of {known.name} are missing.", f"They belong at {known.file}.", "Install Zorki again.") from None
    if hashlib.sha256(data).hexdigest() != known.sha256:
        raise WeightsError(f"{known.file.name} is not the file that its card describes.", "Its SHA-256 differs.", "Install Zorki again.")
    try:
        return load_tensors(data)
    except SafetensorError as e:
        raise WeightsError(f"{known.file.name} cannot be read.", str(e), "Install Zorki again.") from e
