"""What the commands of `benchmarks.same` work on: small photographs, masks, broken files, networks of one's own. Always the same bytes."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from skimage import data

Picture = npt.NDArray[np.uint8]

NETS = '''"""Networks of one's own, with numbers that are always the same."""

import torch
from torch import nn


def seeded(module):
    draw = torch.Generator().manual_seed(7)
    for p in module.parameters():
        p.data = torch.randn(p.shape, generator=draw) * (0.5 if p.ndim < 2 else (2.0 / p[0].numel()) ** 0.5)
    return module.eval()


def build():
    return seeded(nn.Sequential(nn.Conv2d(3, 16, 5), nn.ReLU(), nn.Conv2d(16, 32, 3), nn.ReLU()))


def classes():
    flat = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 7))
    return seeded(nn.Sequential(nn.Conv2d(3, 16, 5, 2), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 32, 3), nn.ReLU(), flat))


def grey():
    return seeded(nn.Sequential(nn.Conv2d(1, 8, 5), nn.ReLU(), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 16, 3)))


def fixed():
    return seeded(nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(512, 5)))


def encoder():
    return seeded(nn.Sequential(nn.Conv2d(3, 16, 5, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 12), nn.LayerNorm(12)))


def segments():
    return seeded(nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 4, 3, padding=1)))


class Tokens(nn.Module):
    img_size = 64

    def __init__(self):
        super().__init__()
        self.patch, self.token = nn.Conv2d(3, 16, 8, 8), nn.Parameter(torch.zeros(1, 1, 16))
        self.block = nn.TransformerEncoderLayer(16, 2, 32, 0.0, batch_first=True)
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = self.block(torch.cat([self.token.expand(len(x), -1, -1), x], 1))
        return self.head(x[:, 0])


def tokens():
    return seeded(Tokens())


def refused():
    return 3
'''


def small(picture: Picture, longest: int) -> Image.Image:
    """At most so large."""
    image = Image.fromarray(picture).convert("RGB")
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return image


def waves(h: int, w: int) -> Picture:
    """A painting of sorts: stripes that bend, in strong colours."""
    y, x = np.mgrid[0:h, 0:w].astype(np.float64)
    bend = np.sin(x / 9 + 3 * np.sin(y / 17)) + np.cos(y / 7)
    colours = np.stack([np.sin(bend * k + k) for k in (1.0, 1.7, 2.3)], -1)
    return (127.5 + 127.5 * colours).round().astype(np.uint8)


def flat(h: int, w: int, *colours: tuple[int, int, int]) -> Image.Image:
    """Upright regions side by side."""
    out = np.zeros((h, w, 3), np.uint8)
    for k, colour in enumerate(colours):
        out[:, k * w // len(colours) : (k + 1) * w // len(colours)] = colour
    return Image.fromarray(out)


def write(folder: Path) -> None:
    """All files that a command may name, into an empty folder."""
    cat, coffee, astronaut = small(data.chelsea(), 200), small(data.coffee(), 240), small(data.astronaut(), 160)
    cat.save(folder / "cat.jpg", quality=92)
    coffee.save(folder / "coffee.png")
    astronaut.save(folder / "astronaut.jpg", quality=92)
    small(data.rocket(), 180).save(folder / "rocket.webp", quality=90)
    Image.fromarray(waves(150, 200)).save(folder / "wave.jpg", quality=92)
    Image.fromarray(waves(90, 130)[::-1, :, ::-1].copy()).save(folder / "stripes.png")
    Image.fromarray(data.camera()).convert("L").resize((160, 160)).save(folder / "grey.png")
    clear = coffee.resize((120, 80)).convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    clear.save(folder / "clear.png")
    deep = np.asarray(astronaut.resize((96, 96)).convert("L")).astype(np.uint16) * 16
    Image.fromarray(deep).save(folder / "deep.png")
    turned = Image.Exif()
    turned[0x0112] = 6
    cat.resize((120, 80)).save(folder / "turned.jpg", exif=turned)
    Image.new("RGB", (1, 1), (200, 30, 90)).save(folder / "dot.png")
    w, h = cat.size
    flat(h, w, (255,) * 3, (0,) * 3).save(folder / "left.png")
    flat(h, w, (0,) * 3, (255,) * 3).save(folder / "right.png")
    flat(h, w, (255, 0, 0), (0, 0, 255)).save(folder / "regions.png")
    flat(coffee.height, coffee.width, (0, 0, 255), (255, 0, 0)).save(folder / "coffee-regions.png")
    flat(w, h, (255,) * 3).save(folder / "misfit.png")
    few = folder / "few"
    few.mkdir()
    for name, picture in (("a", cat), ("b", astronaut), ("c", coffee)):
        picture.resize((96, 80)).save(few / f"{name}.png")
    broken = folder / "broken"
    broken.mkdir()
    cat.resize((96, 64)).save(broken / "good.png")
    (broken / "bad.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    many = folder / "many"
    many.mkdir()
    sources = (data.chelsea(), data.coffee(), data.astronaut(), data.rocket())
    for k in range(12):
        source, at = sources[k % 4], 40 * (k // 4)
        Image.fromarray(source[at : at + 220, at : at + 260]).resize((96, 80)).save(many / f"{k:02}.png")
    with zipfile.ZipFile(folder / "many.zip", "w") as zipped:
        for path in sorted(many.iterdir())[:5]:
            zipped.writestr(zipfile.ZipInfo(path.name), path.read_bytes())
    (folder / "words.jpg").write_text("These are words.\n")
    (folder / "net.py").write_text(NETS)
    draw = np.random.default_rng(3)
    np.save(folder / "towards.npy", draw.standard_normal(200).astype(np.float32))
    np.save(folder / "twelve.npy", draw.standard_normal(12).astype(np.float32))
