"""What a segmenter costs for a picture of some size, and how far each of its answers sees."""

from __future__ import annotations

from dataclasses import dataclass

from zorki import lens
from zorki.nets.segmenter import Segmenter


@dataclass(frozen=True)
class Cost:
    """multiply_adds: of convolutions and linear layers, for one picture of `hw`. sees: pixels a side of the field that a class's score depends on, (vertical,
    horizontal); None where it is the whole picture."""

    hw: tuple[int, int]
    multiply_adds: int
    parameters: int
    sees: tuple[float, float] | None


def cost(net: Segmenter, hw: tuple[int, int]) -> Cost:
    """Counted by one pass at that size; the net stays as it is."""
    layers = lens.Net(net, channels=int(net.sizes()["channels"])).layers(hw)
    last = next(row for row in reversed(layers) if row.name.startswith("decoder."))
    field = last.receptive_field
    return Cost(hw, layers.macs, layers.parameters, None if field is None else field.size)
