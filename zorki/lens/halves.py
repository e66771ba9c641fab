"""Half nets, for measuring: what is small vanishes in half precision."""

from __future__ import annotations

import copy

import torch

from zorki.core import events
from zorki.core.errors import InputError
from zorki.lens.net import Net

HALF = (torch.float16, torch.bfloat16)


def precise(net: Net) -> Net:
    """The net itself; of one with numbers in half precision a copy in float32, which gives what the net would give unrounded.

    Made anew each time, since the user's numbers may have changed. A net that cannot be copied, or asks for half precision inside, is
    taken as it is, and this is said.
    """
    if not any(x.dtype in HALF for x in (*net.inner.parameters(), *net.inner.buffers())):
        return net
    try:
        found = net.like(copy.deepcopy(net.inner).float())
        found.layers()
    except (InputError, RuntimeError, TypeError, AttributeError) as error:
        events.note(
            f"{net.name} is measured in its own half precision: in float32 it does not run ({' '.join(str(error).split())[:120]!r})."
        )
        return net
    return found
