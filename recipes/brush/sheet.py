"""Painted photos on one sheet: `python -m recipes.brush.sheet FILE OUT --photos FOLDER` (a row a photo, a column a style)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file

from zorki.nets.brush import Brush


def load(path: Path) -> Brush:
    """The net of a .safetensors file."""
    state = {k: v.float() for k, v in load_file(path).items()}
    net = Brush(
        len(state["paint"]),
        narrow=len(state["next.conv.weight"]),
        wide=len(state["down.conv.weight"]),
        fine=len(state["to_half.weight"]),
        blocks=sum(k.startswith("trunk.") and k.endswith(".weight") for k in state) // 2,
    )
    net.load_state_dict(state)
    net.eval()
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return net


def tensor(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)[None].float() / 255


def picture(x: torch.Tensor) -> Image.Image:
    return Image.fromarray((x[0].permute(1, 2, 0) * 255).round().byte().numpy())


@torch.inference_mode()
def sheet(
    net: Brush, photos: Sequence[Image.Image], which: Sequence[int], names: Sequence[str], side: int, strength: float = 1.0
) -> Image.Image:
    """Each painted at its own size, shown with a longest side of `side`."""
    out = Image.new("RGB", ((side + 4) * len(which), (side + 16) * len(photos)), "white")
    draw = ImageDraw.Draw(out)
    for r, photo in enumerate(photos):
        for c, style in enumerate(which):
            hot = torch.zeros(net.styles)
            hot[style] = 1
            done = picture(net(tensor(photo), hot, strength))
            done.thumbnail((side, side), Image.Resampling.LANCZOS)
            out.paste(done, (c * (side + 4), r * (side + 16) + 14))
            draw.text((c * (side + 4), r * (side + 16) + 1), names[style], fill="black")
    return out
