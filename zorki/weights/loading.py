"""From a card to a network that can be looked at."""

from __future__ import annotations

import hashlib
import importlib
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from weakref import WeakKeyDictionary

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors

from zorki import io, lens
from zorki.core.errors import WeightsError
from zorki.weights.cards import FILES, Card, card, run_card

_CARDS: WeakKeyDictionary[torch.nn.Module, Card] = WeakKeyDictionary()


def load(name: str) -> lens.Net:
    """The network of a card, in float32 and eval mode.

    Raises UnknownName, or WeightsError when the file is missing, damaged or not the one that the card describes.
    """
    return of_card(card(name))


def load_run(run: Path) -> lens.Net:
    """The network that a training left in its run folder. Raises InputError, WeightsError."""
    return of_card(run_card(run))


def of_card(known: Card) -> lens.Net:
    """A card's network, with its numbers."""
    with torch.inference_mode(False):  # a caller may be in it, and its numbers could not be differentiated through
        net = built(known, read(known))
        _CARDS[net.inner] = known
        return net


def card_of(net: lens.Net) -> Card | None:
    """The card that a network was loaded by; None of one of the user's own, and of one that got other weights since."""
    known = _CARDS.get(net.inner)
    return known if known is not None and known.name == net.name else None


def built(known: Card, state: dict[str, torch.Tensor]) -> lens.Net:
    """The card's network with those numbers."""
    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta"):  # no random start: the numbers come from the file
            net: torch.nn.Module = resolved(known.build)(**known.arguments)
    except (ImportError, AttributeError, TypeError, ValueError, RuntimeError) as e:
        got = f"The card of {known.name} makes no network: {' '.join(str(e).split())[:160]!r}."
        raise WeightsError(got, f"It calls {known.build} with its arguments.", "Mend them in the card, or take it away.") from e
    try:
        net.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()}, assign=True)
    except RuntimeError as e:
        raise WeightsError(
            f"{known.file.name} does not fit {known.build}.", f"It says {str(e).splitlines()[-1].strip()!r}.", again(known)
        ) from e
    net = net.eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return lens.Net(
        net, name=known.name, classes=known.classes or None, default_layer=known.layer, side=known.side, step=1, resize=known.resize,
        styles=known.styles,
    )  # fmt: skip


def read(known: Card) -> dict[str, torch.Tensor]:
    """The file's tensors under the net's names, once its hash is the card's."""
    try:
        data = known.file.read_bytes()
    except FileNotFoundError:
        raise WeightsError(f"The weights of {known.name} are missing.", f"They belong at {known.file}.", known.missing) from None
    except OSError as e:
        raise WeightsError(
            f"{known.file} cannot be read: {e.strerror or e}.", "It is there, but cannot be opened.", "Check who may read it."
        ) from e
    if not hashlib.sha256(data).hexdigest().startswith(known.sha256):
        raise WeightsError(f"{known.file.name} is not the file that its card describes.", "Its SHA-256 differs.", again(known))
    try:
        state = load_tensors(data) if known.file.suffix == ".safetensors" else unpickled(data)
    except (SafetensorError, UnpicklingError, RuntimeError, EOFError) as e:
        raise WeightsError(
            f"{known.file.name} cannot be read.", f"Its reader says {' '.join(str(e).split())[:160]!r}.", again(known)
        ) from e
    return resolved(known.convert)(state) if known.convert else state


def unpickled(data: bytes) -> dict[str, torch.Tensor]:
    """A .pth file's tensors, and nothing that could run."""
    import io

    return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)  # type: ignore[no-any-return]


def again(known: Card) -> str:
    """What to do about a damaged file."""
    if io.is_run(known.folder):
        return "Name another run, or train anew."
    if known.folder != FILES:
        return "Put the right file there, or take the card away."
    return f"Delete {known.file}. {known.missing}" if known.url or known.package else "Install Zorki again."


def resolved(spec: str) -> Any:
    """ "module:name" → the thing of that name."""
    module, _, name = spec.partition(":")
    return getattr(importlib.import_module(module), name)
