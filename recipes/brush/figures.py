"""What the brush's paintings are worth, by networks that it never learnt from: `python -m recipes.brush.figures FILE --shared FOLDER`.

The judge is a script that lies with the data. It looks at finished pictures only; nothing of it is ever a loss.
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from recipes.brush.sheet import picture, tensor
from zorki.nets.brush import Brush


def judge_of(shared: Path) -> Any:
    """The judge as a module."""
    spec = importlib.util.spec_from_file_location("judge", shared / "tools" / "judge.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@torch.inference_mode()
def judged(
    net: Brush, judge: Any, photos: Sequence[Path], styles: Sequence[tuple[int, Path]], strengths: Sequence[float] = (1.0,)
) -> Iterator[tuple[int, Path, float, dict[str, Any]]]:
    """Of every photo in every style at every strength: style, photo, strength, what the judge says."""
    with tempfile.TemporaryDirectory() as folder:
        for photo in photos:
            x = tensor(Image.open(photo))
            for k, path in styles:
                hot = torch.zeros(net.styles)
                hot[k] = 1
                made = []
                for t in strengths:
                    made.append(Path(folder) / f"{k}-{t}.png")
                    picture(net(x, hot, t)).save(made[-1], compress_level=1)
                for t, row in zip(strengths, judge.judge(photo, path, made), strict=True):
                    yield k, photo, t, row


def table(rows: Sequence[tuple[int, Path, float, dict[str, Any]]], names: Sequence[str]) -> str:
    """A line a style, the worst last; then the mean."""
    keys = ("style_left", "vgg19", "squeezenet", "content_error")

    def mean(some: Sequence[dict[str, Any]]) -> list[float]:
        return [float(np.mean([r[k] for r in some if r[k] is not None])) for k in keys]

    found = {names[s]: mean([r for k, _, _, r in rows if k == s]) for s in {k for k, *_ in rows}}
    lines = [f"{n:32}" + "".join(f"{v:9.3f}" for v in values) for n, values in sorted(found.items(), key=lambda i: i[1][0])]
    return "\n".join(
        [
            f"{'':32}" + "".join(f"{k[:9]:>9}" for k in ("left", "vgg", "squeeze", "content")),
            *lines,
            f"{'mean':32}" + "".join(f"{v:9.3f}" for v in mean([r for *_, r in rows])),
        ]
    )
