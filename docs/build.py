"""`make docs`: makes the docs' pictures with the tool itself, and each page's list of options from its Settings.

Pages are written by hand; what stands between the marks `<!-- options -->` and `<!-- end -->` is made here, and a test holds it to
the code. Pictures come from scikit-image's photographs, or are drawn here. `python docs/build.py goldfish.png` makes that picture alone,
`python docs/build.py --brush` those that the brush paints, which another brush paints otherwise.
"""

from __future__ import annotations

import re
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from skimage import data

from zorki import io
from zorki.cli.main import run
from zorki.core.settings import options
from zorki.jobs import methods as shelves
from zorki.weights import card

HERE = Path(__file__).resolve().parent
PICTURES = HERE / "pictures"
Pixels = npt.NDArray[np.float32]
LONGEST, WIDE = 900, 1650  # a page shows no more; of pictures side by side, which one enlarges
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
    "checked.png": "zorki locate check shapes --shown 8",
    "worst.png": "zorki locate evaluate shapes --model found --worst 4",
}
ROWS = {  # picture -> what stands side by side in it: a photograph, or what such a command makes
    "apply.jpg": (
        "chelsea.png",
        *(f"zorki style apply chelsea.png --style {name}" for name in ("wave", "starry-night", "mosaic", "woodcut")),
    ),
    "strength.jpg": tuple(f"zorki style apply chelsea.png --style wave --strength {n}" for n in (0, 25, 50, 75, 100)),
    "mixture.jpg": tuple(f"zorki style apply coffee.png --style {mix}" for mix in ("wave", "wave:1,scream:1", "scream")),
    "people.jpg": (
        "astronaut.png",
        "zorki segment predict astronaut.png --model people --as overlay",
        "zorki segment predict astronaut.png --model people --as cutout --only people",
        "zorki style apply astronaut.png --style wave --only background",
    ),
    "hidden.jpg": (
        "astronaut.png",
        "zorki faces astronaut.png --blur",
        "zorki faces astronaut.png --pixelate",
        "zorki faces astronaut.png --style wave",
    ),
    "located.jpg": tuple(f"zorki locate predict {name}.png" for name in ("coffee", "chelsea", "astronaut")),
    "taught.jpg": tuple(f"zorki locate predict new/images/{k:02}.png --model found" for k in range(60, 64)),
}
TAUGHT = "zorki locate train shapes --out found --steps 1000 --side 128 --batch 4"  # before the first that asks `found`
STYLES = "styles.jpg"  # every style of the brush, each by a command of its own
BRUSH = (STYLES, *(name for name, parts in ROWS.items() if all("--style" in part or part == "chelsea.png" for part in parts)))


SQUARE = 128
CUT = ("astronaut", "brick", "camera", "chelsea", "clock", "coffee", "coins", "grass", "gravel", "hubble_deep_field", "immunohistochemistry",
       "moon", "page", "retina", "rocket", "stereo_motorcycle", "text")  # fmt: skip


def squares(folder: Path) -> None:
    """Small photographs for `patches`: squares of the larger ones, at one size or half of it."""
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


def shapes(folder: Path, numbers: range, hw: tuple[int, int] = (120, 160)) -> None:
    """Pictures with discs, rings and squares for `locate`: images/ and boxes.csv."""
    (folder / "images").mkdir(parents=True)
    rows = ["file,class,x,y,w,h"]
    y, x = np.mgrid[: hw[0], : hw[1]] + 0.5
    for i in numbers:
        g = np.random.default_rng(i)
        one, other = g.uniform(0.25, 0.6, (2, 3))
        picture = one + (other - one) * (x[..., None] / hw[1]) + 0.02 * g.standard_normal((*hw, 3))
        for _ in range(int(g.integers(1, 5))):
            kind, r = ("disc", "ring", "square")[int(g.integers(3))], int(g.integers(8, 26))
            column, row = int(g.integers(r, hw[1] - r)), int(g.integers(r, hw[0] - r))
            far = np.hypot(x - column, y - row) if kind != "square" else np.maximum(abs(x - column), abs(y - row))
            picture[(far < r) & (far > (0.6 * r if kind == "ring" else -1))] = g.uniform(0, 1, 3) ** 2
            rows.append(f"{i:02}.png,{kind},{column - r},{row - r},{2 * r},{2 * r}")
        io.save_photo(folder / "images" / f"{i:02}.png", picture.clip(0, 1).astype(np.float32))
    (folder / "boxes.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def photographs(folder: Path) -> None:
    from zorki.guided.own_style import painting

    for name in ("chelsea", "coffee", "astronaut", "rocket"):
        io.save_photo(folder / f"{name}.png", getattr(data, name)().astype("float32") / 255)
    io.save_photo(folder / "flow.png", painting())
    squares(folder / "photographs")
    shapes(folder / "shapes", range(60))
    shapes(folder / "new", range(60, 64))


def pictures(only: Sequence[str] = ()) -> None:
    """Makes every picture (or those named) by its commands and keeps it, JPEG where the docs need no exact pixels."""
    import os

    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        photographs(Path(name))
        os.chdir(name)
        for target, command in MADE.items():
            if not only or target in only:
                keep(target, by_command(command, target))
        for target, parts in ROWS.items():
            if not only or target in only:
                keep(target, side_by_side([part(one) for one in parts]), quality=80, longest=WIDE)
        if not only or STYLES in only:
            keep(STYLES, every_style("chelsea.png"), quality=72)
        keep("flow.png", read("flow.png"))


def part(said: str) -> Pixels:
    """A photograph, or what a command makes."""
    return by_command(said, "part.png") if said.startswith("zorki ") else read(said)


def by_command(command: str, target: str) -> Pixels:
    """What a command makes, in the current folder."""
    if "--model found" in command and not Path("found").exists() and run([*shlex.split(TAUGHT)[1:], "--quiet"]):
        raise SystemExit(f"{TAUGHT} failed")
    if run([*shlex.split(command)[1:], "--quiet", "--out", target, "--force"]):
        raise SystemExit(f"{command} failed")
    return read(target)


def read(path: str | Path) -> Pixels:
    """(h, w, 3) in 0..1."""
    return io.open_photo(path).seen


def keep(name: str, picture: Pixels, quality: int = 88, longest: int = LONGEST) -> None:
    """Writes it among the docs' pictures, no larger than a page shows it."""
    k = min(1.0, longest / max(picture.shape[:2]))
    small = io.resize(picture, (round(picture.shape[0] * k), round(picture.shape[1] * k))).clip(0, 1)
    io.save_photo(PICTURES / f"{Path(name).stem}.jpg", small, force=True, quality=quality)


def every_style(photo: str, columns: int = 6) -> Pixels:
    """A sheet of the photo and of what each style of the brush makes of it, small enough that the names can be read."""
    names = [style.name for style in card("brush").styles]
    made = [read(photo), *(by_command(f"zorki style apply {photo} --style {name}", "part.png") for name in names)]
    wide = LONGEST // columns - 10
    small = [io.resize(one, (round(one.shape[0] * wide / one.shape[1]), wide)).clip(0, 1) for one in made]
    return io.sheet(small, ["the photo", *names], columns).astype(np.float32) / 255


def side_by_side(parts: Sequence[Pixels], high: int = 300) -> Pixels:
    """Pictures in a row, equally high."""
    row = []
    for picture in parts:
        small = io.resize(picture, (high, round(picture.shape[1] * high / picture.shape[0]))).clip(0, 1)
        row += [small, np.ones((high, 8, 3), np.float32)]
    return np.concatenate(row[:-1], 1)


def hero() -> None:
    """The README's picture: a photo, a board of channels, a dream, a painting."""
    cat = data.chelsea().astype("float32") / 255
    keep("hero.jpg", side_by_side([cat, *(read(PICTURES / f"{name}.jpg") for name in ("conv5_2", "dream", "transfer"))]), longest=WIDE)


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
    only = BRUSH if sys.argv[1:] == ["--brush"] else sys.argv[1:]
    pictures(only)
    if not only:
        hero()


if __name__ == "__main__":
    main()
