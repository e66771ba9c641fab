"""What the brush's paintings are worth, by networks that it never learnt from: `python -m recipes.brush.figures FILE --shared FOLDER`.

The judge is a script that lies with the data. It looks at finished pictures only; nothing of it is ever a loss.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from recipes.brush.photos import held_back
from recipes.brush.sheet import load, picture, tensor
from recipes.brush.styles import STYLES, found
from recipes.brush.transformer import Transformer
from recipes.eye.style import judge as judge_of
from zorki.nets.brush import Brush


class Rival(torch.nn.Module):
    """The restated TransformerNet, called as a brush is; whatever style is asked for, it paints in its one."""

    styles = len(STYLES)

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.net = Transformer()
        self.net.load_state_dict(load_file(file))
        self.net.eval()

    def forward(self, x: torch.Tensor, hot: torch.Tensor, strength: float = 1.0) -> torch.Tensor:  # noqa: ARG002
        out: torch.Tensor = self.net(x, hot)
        return out.clamp(0, 1)


@torch.inference_mode()
def judged(
    net: Brush | Rival, judge: Any, photos: Sequence[Path], styles: Sequence[tuple[int, Path]], strengths: Sequence[float] = (1.0,)
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


def four(shared: Path, folder: Path) -> list[tuple[Path, Path]]:
    """The four known pairs, by which the other ways of painting are measured too."""
    from skimage import data

    out = []
    for content, style in (
        ("astronaut", "starry-night"),
        ("chelsea", "the-scream"),
        ("coffee", "great-wave"),
        ("rocket", "composition-vii"),
    ):
        photo = folder / f"{content}.png"
        Image.fromarray(getattr(data, content)()).save(photo)
        out.append((photo, shared / "data" / "paintings" / f"{style}.jpg"))
    return out


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("file", type=Path, help="a .safetensors of the brush")
    p.add_argument("--shared", type=Path, required=True, help="the folder with tools/judge.py, data/photos and data/paintings")
    p.add_argument("--own", type=Path, required=True, help="the folder of the pictures of our own making")
    p.add_argument("--count", type=int, default=40, help="of the photos held back")
    p.add_argument("--strengths", type=float, nargs="+", default=[1.0])
    p.add_argument("--styles", nargs="*", default=[])
    p.add_argument(
        "--rival", action="store_true", help="FILE is what recipes.brush.rival taught one style, which is to be named by --styles"
    )
    a = p.parse_args()
    net, judge = Rival(a.file) if a.rival else load(a.file), judge_of(a.shared)
    names = [s.name for s in STYLES]
    where = {s.file: found(s, [a.shared / "data" / "paintings", a.own]) for s in STYLES}
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for photo, painting in () if a.rival else four(a.shared, Path(folder)):
            k = [s.file for s in STYLES].index(painting.stem)
            rows += list(judged(net, judge, [photo], [(k, painting)]))
        if rows:
            print("the four known pairs\n" + table(rows, names), flush=True)
        photos = []
        for name, archive in held_back(a.shared / "data" / "photos")[: a.count]:
            photos.append(Path(folder) / f"{Path(name).stem}.png")
            Image.open(io.BytesIO(zipfile.ZipFile(archive).read(name))).convert("RGB").save(photos[-1])
        styles = [(k, where[s.file]) for k, s in enumerate(STYLES) if not a.styles or s.name in a.styles]
        rows = list(judged(net, judge, photos, styles, a.strengths))
        for t in a.strengths:
            print(f"strength {t:g}, {len(photos)} photos held back\n" + table([r for r in rows if r[2] == t], names), flush=True)


if __name__ == "__main__":
    main()
