"""`make docs`: makes the docs' pictures with the tool itself, and each page's list of options from its Settings.

Pages are written by hand; what stands between the marks `<!-- options -->` and `<!-- end -->` is made here, and a test holds it to
the code. Pictures come from scikit-image's photographs. `python docs/build.py goldfish.png` makes that picture alone.
"""

from __future__ import annotations

import re
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from skimage import data

from zorki import io
from zorki.cli.main import run
from zorki.core.settings import options
from zorki.jobs import methods as shelves

HERE = Path(__file__).resolve().parent
PICTURES = HERE / "pictures"
LONGEST = 900  # a page shows no more
MADE = {  # picture -> the command that makes it, in a folder with the photographs below
    "filters.png": "zorki see filters",
    "filters-slices.png": "zorki see filters --layer conv2_1 --count 31",
    "filters-composition.png": "zorki see filters --layer conv2_2 --as composition --count 31",
    "maps.png": "zorki see maps chelsea.png --layer relu3_2 --count 9",
    "maps-all.png": "zorki see maps chelsea.png --all",
    "maps-contrast.png": "zorki see maps chelsea.png --layer relu3_2 --by contrast --count 9",
    "maps-over.png": "zorki see maps coffee.png --layer relu4_2 --over --count 6",
    "conv2_2.png": "zorki see maximize --layer conv2_2 --channel 0-15",
    "conv3_2.png": "zorki see maximize --layer conv3_2 --channel 0-15",
    "conv4_2.png": "zorki see maximize --layer conv4_2 --channel 0-15",
    "conv5_2.png": "zorki see maximize --layer conv5_2 --channel 0-15",
    "maco.png": "zorki see maximize --layer conv5_1 --channel 0-7 --canvas maco --size 128",
    "different.png": "zorki see maximize --layer conv5_2 --channel 9 --different 8 --size 128",
    "caricature.png": "zorki see maximize --like chelsea.png --layer conv3_2 --size 256 --steps 160",
    "goldfish.png": "zorki see maximize --goal class:goldfish --size 224 --steps 160",
    "atlas.png": "zorki see atlas --layer conv5_1 --channel 0-23",
    "atlas-patches.png": "zorki see atlas --layer conv3_2 --channel 0-3 --photos photographs --index atlas.npz",
    "onto.png": "zorki see maximize --on chelsea.png --layer conv4_2 --channel 0-2 --size 256 --steps 40",
    "dream.jpg": "zorki see dream chelsea.png --layer conv5_1",
    "dream-calm.jpg": "zorki see dream coffee.png --preset calm",
    "dream-guide.jpg": "zorki see dream coffee.png --guide chelsea.png --layer conv5_1",
    "patches.png": "zorki see patches --photos photographs --layer conv2_2 --channel 5-8 --index a.npz",
    "patches-deep.png": "zorki see patches --photos photographs --layer conv3_2 --channel 0,2 --beside all --index b.npz",
    "attribution-all.png": "zorki see attribution chelsea.png --model lite0 --method all",
    "attribution.png": "zorki see attribution coffee.png",
    "reconstruct.png": "zorki style reconstruct chelsea.png --layer relu3_2",
    "texture.png": "zorki style reconstruct flow.png --layer relu3_1 --what style",
    "reconstruct-board.png": "zorki style reconstruct chelsea.png --board --size 192",
    "transfer-mix.jpg": "zorki style transfer coffee.png flow.png chelsea.png --mix 1,1",
    "transfer-grid.png": "zorki style transfer chelsea.png flow.png --grid --size 256",
    "photo.jpg": "zorki style photo coffee.png chelsea.png",
    "transfer.jpg": "zorki style transfer chelsea.png flow.png",
    "transfer-coffee.jpg": "zorki style transfer coffee.png flow.png",
}


SQUARE = 128
CUT = ("astronaut", "brick", "camera", "chelsea", "clock", "coffee", "coins", "grass", "gravel", "hubble_deep_field", "immunohistochemistry",
       "moon", "page", "retina", "rocket", "stereo_motorcycle", "text")  # fmt: skip


def squares(folder: Path) -> None:
    """Small photographs for `patches`: squares of the larger ones, at one size or half of it."""
    import numpy as np

    folder.mkdir()
    for name in CUT:
        made = getattr(data, name)()
        whole = io.open_photo(made[0] if isinstance(made, tuple) else made).pixels
        for scale in (1, 2):
            hw = (whole.shape[0] // scale, whole.shape[1] // scale)
            picture = io.resize(whole, hw).clip(0, 1)
            for top in range(0, hw[0] - SQUARE + 1, SQUARE):
                for left in range(0, hw[1] - SQUARE + 1, SQUARE):
                    square = np.ascontiguousarray(picture[top : top + SQUARE, left : left + SQUARE])
                    io.save_photo(folder / f"{name}-{scale}-{top}-{left}.png", square)


def photographs(folder: Path) -> None:
    from zorki.guided.own_style import painting

    for name in ("chelsea", "coffee", "astronaut", "rocket"):
        io.save_photo(folder / f"{name}.png", getattr(data, name)().astype("float32") / 255)
    io.save_photo(folder / "flow.png", painting())
    squares(folder / "photographs")


def pictures(only: Sequence[str] = ()) -> None:
    """Runs every command (or those of the pictures named) and keeps its picture, JPEG where the docs need no exact pixels."""
    import os

    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photographs(folder)
        os.chdir(folder)
        for target, command in MADE.items():
            if only and target not in only:
                continue
            if run([*shlex.split(command)[1:], "--quiet", "--out", target, "--force"]):
                raise SystemExit(f"{command} failed")
            made = io.open_photo(folder / target)
            k = min(1.0, LONGEST / max(made.hw))
            small = io.resize(made.pixels, (round(made.hw[0] * k), round(made.hw[1] * k))).clip(0, 1)
            io.save_photo(PICTURES / f"{Path(target).stem}.jpg", small, force=True, quality=88)
        io.save_photo(PICTURES / "flow.jpg", io.open_photo(folder / "flow.png").pixels, force=True, quality=88)


def hero() -> None:
    """The README's picture: a photo, a board of channels, a dream, a painting, all equally high."""
    import numpy as np

    high = 300
    parts = []
    for name in ("chelsea", "conv5_2", "dream", "transfer"):
        picture = data.chelsea().astype("float32") / 255 if name == "chelsea" else io.open_photo(PICTURES / f"{name}.jpg").pixels
        parts += [
            io.resize(picture, (high, round(picture.shape[1] * high / picture.shape[0]))).clip(0, 1),
            np.ones((high, 8, 3), np.float32),
        ]
    io.save_photo(PICTURES / "hero.jpg", np.concatenate(parts[:-1], 1), force=True, quality=88)


def table(wing: str, name: str) -> str:
    """The options of a method as a table."""
    rows = ["| option | default | what it does |", "|---|---|---|"]
    for o in options(shelves.method(wing, name).settings):
        default = "" if o.default in (None, ()) else f"`{o.default}`"
        rows.append(f"| `--{o.name.rstrip('_').replace('_', '-')}` | {default} | {o.help} |")
    return "\n".join(rows)


def filled(page: Path) -> str:
    """The page with its table of options as the code has it."""
    text = page.read_text(encoding="utf-8")
    made = f"<!-- options -->\n{table(page.parent.name, page.stem)}\n<!-- end -->"
    return re.sub(r"<!-- options -->.*?<!-- end -->", lambda _: made, text, flags=re.S)


def pages() -> list[Path]:
    return [HERE / w / f"{m}.md" for w in shelves.wings() for m in shelves.methods(w)]


def main() -> None:
    for page in pages():
        page.write_text(filled(page), encoding="utf-8")
    pictures(sys.argv[1:])
    if not sys.argv[1:]:
        hero()


if __name__ == "__main__":
    main()
