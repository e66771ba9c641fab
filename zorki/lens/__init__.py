"""Looks into any network without changing it: layers, receptive fields, activations, backward rules, memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zorki.core.lazy import attach

if TYPE_CHECKING:
    from zorki.lens import choosing as choosing
    from zorki.lens import grids as grids
    from zorki.lens import wayback as wayback
    from zorki.lens.capturing import capture as capture
    from zorki.lens.chunks import chunk as chunk
    from zorki.lens.copies import twins as twins
    from zorki.lens.field import ReceptiveField as ReceptiveField
    from zorki.lens.field import receptive_field as receptive_field
    from zorki.lens.grids import maps as maps
    from zorki.lens.grids import maps_of as maps_of
    from zorki.lens.halves import precise as precise
    from zorki.lens.inputs import trained_on as trained_on
    from zorki.lens.net import Net as Net
    from zorki.lens.outputs import OUTPUT as OUTPUT
    from zorki.lens.quieting import quiet as quiet
    from zorki.lens.rules import backward_rule as backward_rule
    from zorki.lens.scale import check_scale as check_scale
    from zorki.lens.table import Layer as Layer
    from zorki.lens.table import Layers as Layers
    from zorki.lens.wayback import gradients as gradients
    from zorki.lens.wayback import passes as passes

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "OUTPUT": "outputs",
        "Layer": "table",
        "Layers": "table",
        "Net": "net",
        "ReceptiveField": "field",
        "backward_rule": "rules",
        "capture": "capturing",
        "check_scale": "scale",
        "choosing": "",
        "chunk": "chunks",
        "gradients": "wayback",
        "grids": "",
        "maps": "grids",
        "maps_of": "grids",
        "passes": "wayback",
        "precise": "halves",
        "quiet": "quieting",
        "receptive_field": "field",
        "trained_on": "inputs",
        "twins": "copies",
        "wayback": "",
    },
)
