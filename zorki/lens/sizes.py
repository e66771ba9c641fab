"""Which pictures a net takes, found by trying."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch import nn

from zorki.core.errors import InputError
from zorki.lens.inputs import hinted
from zorki.lens.refusals import telling
from zorki.lens.trace import Trace, trace

if TYPE_CHECKING:
    from zorki.lens.net import Net

SIDES = (224, 64, 32, 28, 299, 256, 384)  # tried in turn where nothing says what a net likes
STEPS = (1, 2, 4, 8, 16, 32)  # by so many pixels a picture is made larger to find out which sizes a net takes


def first(net: Net, hw: tuple[int, int] | None) -> Trace:
    """A pass at `hw`; None: at the size that the net is known to like, else at the first that it takes, which is known from now on.

    Raises InputError with what tells most of all that the net said.
    """
    given, known = net._channels, hw or net._hw
    hints = [] if known else hinted(net.inner)
    sizes = [known] if known else [*hints, *((side, side) for side in SIDES)]
    refused: list[InputError] = []
    for size, channels in ((size, c) for size in sizes for c in counts(net.inner, given)):
        try:
            net._channels = channels
            found = trace(net.inner, net.run, ramp(net, channels, size))
        except InputError as error:
            net._channels = given
            refused.append(error)
            continue
        net._known()["channels"] = channels
        if hw is None:
            own = size if known or size in hints else largest(net, size)
            net._hw = net._known()["hw"] = own
            return found if own == size else trace(net.inner, net.run, ramp(net, channels, own))
        return found
    raise telling(refused)


def largest(net: Net, size: tuple[int, int]) -> tuple[int, int]:
    """`size` itself where its double passes too, as sizes are free then; else the largest that passes.

    A transformer that cuts what it learnt of places to the tokens that come takes any smaller picture, and none that is larger.
    """
    side = size[0]
    if doubles(net, side):
        return size
    step = next((k for k in STEPS if takes(net, (side + k, side + k))), 0)
    if step == 1:  # what is over is cut off: by patches, or by a pool before a layer that counts units
        step = patch(net.inner)
    if not step:
        return size
    low, high = 0, -(-side // step)
    while high - low > 1:
        middle = (low + high) // 2
        goes = takes(net, (side + middle * step, side + middle * step))
        low, high = (middle, high) if goes else (low, middle)
    return side + low * step, side + low * step


def doubles(net: Net, side: int) -> bool:
    """Whether a picture of twice the side passes; one that does not fit the memory is no refusal."""
    try:
        return takes(net, (2 * side, 2 * side))
    except (MemoryError, RuntimeError):
        return True


def patch(module: nn.Module) -> int:
    """The side of the patches that a net cuts its picture into, 0 where it begins with no such convolution."""
    convolution = next((m for m in module.modules() if isinstance(m, nn.Conv2d)), None)
    cuts = convolution is not None and convolution.kernel_size == convolution.stride
    return int(convolution.stride[0]) if convolution is not None and cuts and convolution.stride[0] > 1 else 0


def takes(net: Net, hw: tuple[int, int], layers: str | Sequence[str] | None = None) -> bool:
    """Whether the net runs on pictures of that size as far as those layers; not given, to its end."""
    from zorki.lens.capturing import capture

    picture = ramp(net, net.channels, hw)
    try:
        with net.quiet(), torch.no_grad():
            if layers is None:
                net.run(picture)
            else:
                capture(net, picture, layers, grad=False)
    except InputError:
        return False
    return True


def ramp(net: Net, channels: int, hw: tuple[int, int]) -> torch.Tensor:
    """A picture to try the net on, for which no random numbers are spent."""
    weight = net._weight()
    made = torch.linspace(0, 1, channels * hw[0] * hw[1], dtype=torch.float32, device="cpu").view(1, channels, *hw)
    return made if weight is None else made.to(weight.device, weight.dtype)


def counts(module: nn.Module, given: int | None) -> Iterator[int]:
    """Numbers of channels that are worth trying."""
    yield given or 3
    convolution = next((m for m in module.modules() if isinstance(m, nn.Conv2d)), None)
    if convolution is not None and convolution.in_channels != (given or 3):
        yield convolution.in_channels
