"""Looks into any network without changing it: layers, receptive fields, activations, backward rules, memory."""

from zorki.lens.capturing import OUTPUT, capture
from zorki.lens.chunks import chunk
from zorki.lens.field import ReceptiveField, receptive_field
from zorki.lens.grids import maps
from zorki.lens.net import Net
from zorki.lens.quiet import quiet
from zorki.lens.rules import backward_rule
from zorki.lens.table import Layer, Layers

__all__ = ["OUTPUT", "Layer", "Layers", "Net", "ReceptiveField", "backward_rule", "capture", "chunk", "maps", "quiet", "receptive_field"]
