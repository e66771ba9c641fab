"""What styles that are fitted to a brush are worth beside its own: `python -m recipes.brush.fitted FILE --shared FOLDER`.

Each of the four known paintings is fitted to a brush from which its own style was taken out, with the judged photo to practise on and with
others; then paintings that the brush was never taught, beside the mean of its own styles.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from recipes.brush.figures import four, judged
from recipes.brush.sheet import load, tensor
from recipes.brush.styles import STYLES
from recipes.eye.style import judge as judge_of
from zorki import io
from zorki.nets.brush import Brush
from zorki.painting.fitted import with_rows
from zorki.painting.fitting import fit
from zorki.wings.style._taught import looked_at


def without(net: Brush, k: int) -> Brush:
    """The brush without its style k."""
    rows = [{n: v[s] for n, v in net.vectors().items()} for s in range(net.styles) if s != k]
    return with_rows(net, rows, alone=True)


def left(net: Brush, judge: Any, photo: Path, painting: Path, styles: Sequence[int]) -> float:
    """The mean style_left of that photo in those styles."""
    return float(np.mean([row["style_left"] for *_, row in judged(net, judge, [photo], [(k, painting) for k in styles])]))


def refitted(net: Brush, judge: Any, painting: Path, practice: Path, photo: Path) -> tuple[float, float]:
    """The style_left of a photo in a style that is fitted to a painting now, and the seconds that took."""
    began = time.monotonic()
    torch.set_num_threads(1)
    rows = fit(net, looked_at(io.open_photo(painting)), tensor(Image.open(practice)))
    seconds = time.monotonic() - began
    return left(with_rows(net, [rows], alone=True), judge, photo, painting, [0]), seconds


def known(net: Brush, judge: Any, pairs: Sequence[tuple[Path, Path]]) -> Iterator[str]:
    """Of each pair a line: its own style, then fitted with the judged photo, then with the next pair's."""
    files = [s.file for s in STYLES]
    for n, (photo, painting) in enumerate(pairs):
        k = files.index(painting.stem)
        own, other = left(net, judge, photo, painting, [k]), pairs[(n + 1) % len(pairs)][0]
        (a, took), (b, _) = (refitted(without(net, k), judge, painting, p, photo) for p in (photo, other))
        yield f"{painting.stem:28}{own:9.3f}{a:9.3f}{a / own:9.2f}{b:9.3f}{b / own:9.2f}{took:9.1f}"


def unknown(net: Brush, judge: Any, paintings: Sequence[Path], practice: Path, photo: Path) -> Iterator[str]:
    """Of each painting a line: the mean and the best of the brush's own styles, then the fitted one with another photo as practice."""
    for painting in paintings:
        each = [left(net, judge, photo, painting, [k]) for k in range(0, net.styles, 5)]
        value, took = refitted(net, judge, painting, practice, photo)
        yield f"{painting.stem:28}{np.mean(each):9.3f}{min(each):9.3f}{value:9.3f}{took:9.1f}"


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("file", type=Path, help="a .safetensors of the brush")
    p.add_argument("--shared", type=Path, required=True, help="the folder with tools/judge.py and data/paintings")
    p.add_argument("--count", type=int, default=99, help="of the paintings that the brush does not know")
    a = p.parse_args()
    net, judge = load(a.file), judge_of(a.shared)
    with tempfile.TemporaryDirectory() as folder:
        pairs = four(a.shared, Path(folder))
        print(f"{'known':28}" + "".join(f"{w:>9}" for w in ("own", "judged", "times", "other", "times", "seconds")))
        for line in known(net, judge, pairs):
            print(line, flush=True)
        files = {s.file for s in STYLES}
        strange = [x for x in sorted((a.shared / "data" / "paintings").glob("*.jpg")) if x.stem not in files][: a.count]
        print(f"{'unknown':28}" + "".join(f"{w:>9}" for w in ("mean", "best", "fitted", "seconds")) + "  (every fifth of its own)")
        for line in unknown(net, judge, strange, pairs[1][0], pairs[0][0]):
            print(line, flush=True)


if __name__ == "__main__":
    main()
