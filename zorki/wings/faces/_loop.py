"""Windows of a picture, one after the other, as ONNX says it; opset 18, which torch's exporter writes before it brings all to a newer one.

This file is read as source by onnxscript, and is no Python to be run.
"""
# mypy: ignore-errors

from onnxscript import BOOL, FLOAT, INT64, graph, script
from onnxscript import opset18 as op
from onnxscript.values import Opset


@script(Opset("zorki", 1), default_opset=op)
def windows(picture: FLOAT[...], low: INT64[...], high: INT64[...], less: INT64[...], places: FLOAT[...]) -> FLOAT[...]:
    axes = op.Constant(value_ints=[3, 2])

    @graph()
    def body(i: INT64, go: BOOL):
        patch = op.Slice(picture, op.Gather(low, i), op.Gather(high, i), axes)
        hw = op.Gather(op.Gather(less, i), op.Constant(value_ints=[1, 0]))
        sizes = op.Concat(op.Shape(patch, start=0, end=2), hw, axis=0)
        coarse = op.Resize(
            patch, None, None, sizes, mode="linear", antialias=1, exclude_outside=1, coordinate_transformation_mode="half_pixel"
        )
        place = op.Unsqueeze(op.Gather(places, i), op.Constant(value_ints=[0]))
        face = op.GridSample(coarse, place, mode="bilinear", padding_mode="border", align_corners=0)
        return op.Identity(go), op.Squeeze(face, op.Constant(value_ints=[0]))

    count = op.Shape(low, start=0, end=1)
    cut = op.Loop(op.Squeeze(count), op.Cast(op.Constant(value_int=1), to=9), body=body)
    shape = op.Concat(count, op.Shape(picture, start=1, end=2), op.Shape(places, start=1, end=3), axis=0)
    return op.Reshape(cut, shape, allowzero=1)  # no faces are (0, c, side, side), too
