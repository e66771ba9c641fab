"""What a style is worth that `--from` fits: `python -m recipes.brush.refit FILE --shared FOLDER`.

Of the four known pairs the painting is left out of the brush and fitted anew, with another pair's photo to practise on; then the pair is
painted in the style that was taught and in the one that was fitted. Last come paintings of which the brush was taught nothing.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from recipes.brush.figures import four, judged
from recipes.brush.sheet import load, tensor
from recipes.brush.styles import STYLES, opened
from recipes.eye.style import judge as judge_of
from zorki.nets.brush import Brush
from zorki.painting.fitted import with_rows
from zorki.painting.fitting import fit

Pair = tuple[Path, Path]  # the photo that is judged, the painting
COLUMNS = ("taught", "fitted", "ratio", "content", "fitted", "seconds")


def without(net: Brush, k: int) -> Brush:
    """The brush as if its style k had never been taught to it by name; the strokes are those that it was taught with it."""
    return with_rows(net, [{n: v[s] for n, v in net.vectors().items()} for s in range(net.styles) if s != k], alone=True)


def left(net: Brush, judge: Any, pair: Pair, k: int) -> tuple[float, float]:
    """style_left and content_error of the pair, painted in style k."""
    [(*_, said)] = judged(net, judge, [pair[0]], [(k, pair[1])])
    return said["style_left"], said["content_error"]


def refitted(net: Brush, painting: Path, practice: Path, second: bool | None) -> tuple[Brush, float]:
    """A brush of nothing but a style that is fitted to that painting; the seconds that it took."""
    began = time.monotonic()
    rows = fit(net, opened(painting), tensor(Image.open(practice)), second=second)
    return with_rows(net, [rows], alone=True), time.monotonic() - began


def known(net: Brush, judge: Any, pairs: Sequence[Pair], second: bool | None) -> Iterator[tuple[str, list[float]]]:
    """Of each pair the figures of COLUMNS."""
    files = [s.file for s in STYLES]
    for n, pair in enumerate(pairs):
        k = files.index(pair[1].stem)
        one, seconds = refitted(without(net, k), pair[1], pairs[n - 1][0], second)
        (taught, held), (anew, kept) = left(net, judge, pair, k), left(one, judge, pair, 0)
        yield pair[1].stem, [taught, anew, anew / taught, held, kept, seconds]


def strange(
    net: Brush, judge: Any, paintings: Sequence[Path], pairs: Sequence[Pair], second: bool | None
) -> Iterator[tuple[str, list[float]]]:
    """Of each painting style_left and content_error of the first pair's photo, and the seconds; the second pair's was practised on."""
    for painting in paintings:
        one, seconds = refitted(net, painting, pairs[1][0], second)
        yield painting.stem, [*left(one, judge, (pairs[0][0], painting), 0), seconds]


def printed(columns: Sequence[str], rows: Iterator[tuple[str, list[float]]]) -> None:
    """Each line as soon as it is known; then the mean."""
    print(f"{'':32}" + "".join(f"{c:>9}" for c in columns))
    found = []
    for name, values in rows:
        found.append(values)
        print(f"{name:32}" + "".join(f"{v:9.3f}" for v in values), flush=True)
    if found:
        print(f"{'mean':32}" + "".join(f"{v:9.3f}" for v in np.mean(found, 0)), flush=True)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("file", type=Path, help="a .safetensors of the brush")
    p.add_argument("--shared", type=Path, required=True, help="the folder with tools/judge.py and data/paintings")
    p.add_argument("--second", action=argparse.BooleanOptionalAction, help="whether lite0 looks too; not given: where it is installed")
    p.add_argument("--strange", type=int, default=0, help="of the paintings that the brush was taught nothing of")
    a = p.parse_args()
    net, judge = load(a.file), judge_of(a.shared)
    with tempfile.TemporaryDirectory() as folder:
        pairs = four(a.shared, Path(folder))
        print("style_left and content_error of the four known pairs, taught and fitted")
        printed(COLUMNS, known(net, judge, pairs, a.second))
        taught = {s.file for s in STYLES}
        others = [path for path in sorted((a.shared / "data" / "paintings").glob("*.jpg")) if path.stem not in taught][: a.strange]
        if others:
            print("\npaintings that the brush was taught nothing of")
            printed(("fitted", "content", "seconds"), strange(net, judge, others, pairs, a.second))


if __name__ == "__main__":
    main()
