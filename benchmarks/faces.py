"""How many pictures of 640x480 a second `zorki faces` answers, and where the time goes, beside a peer: `python -m benchmarks.faces` prints three tables.

The peer is YuNet (76 k numbers), which OpenCV ships and runs on processors, here in onnxruntime: `--yunet yunet_n.onnx`; without that file, or without onnxruntime,
there are no ratios. It finds faces and five points as our detector does, names no expressions, and is timed without what makes boxes of its answer.

All ways are run by turns in one process, so that other work on the machine harms all alike: least and median, and the least time of the processor, which
others do not lengthen. ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 ZORKI_BFLOAT16=0 before it make a newer processor one of the ordinary kind (onnxruntime has no
such switch, so YuNet then runs on the newer one).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.locate import HIGH, WIDE, picture, printed, timed
from zorki import io, weights
from zorki.facing import reading
from zorki.facing.faces import Face
from zorki.jobs import memory
from zorki.locating import looking
from zorki.nets.folding import folded
from zorki.nets.quickened import quickened

MANY = (1, 4, 16, 64)  # faces in a picture


def peer(path: Path | None, threads: int) -> list[tuple[str, Callable[[], object]]]:
    """YuNet at the same size, if it is here."""
    if path is None or not path.is_file() or find_spec("onnxruntime") is None:
        print("YuNet is not here, so there is nothing to compare with: the ratios are to the first line.")
        return []
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 4
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    given = {session.get_inputs()[0].name: np.random.default_rng(0).random((1, 3, HIGH, WIDE), np.float32) * 255}
    return [("YuNet in onnxruntime", lambda: session.run(None, given))]


def alone(net: Any) -> list[tuple[str, Callable[[], object]]]:
    """The detector as it is stored, and as it is run."""
    plain = net.inner.eval().requires_grad_(False)
    x = torch.rand(1, 3, HIGH, WIDE, generator=torch.Generator().manual_seed(0))

    def call(module: torch.nn.Module) -> Callable[[], object]:
        def one() -> object:
            with torch.inference_mode():
                return module(x)

        return one

    return [("detector", call(plain)), ("detector, norms folded", call(folded(plain))), ("detector, as it is run", call(quickened(plain)))]


def whole(net: Any, emotions: Any, path: Path) -> list[tuple[str, Callable[[], object]]]:
    """What `zorki faces` does with a picture, and its parts."""
    photo = io.open_photo(path)
    faces = reading.found(net, photo)
    print(f"faces found in the picture: {len(faces)}")
    return [
        ("open, find, name", lambda: reading.read(net, emotions, io.open_photo(path))),
        ("open", lambda: io.open_photo(path)),
        ("find", lambda: reading.found(net, photo)),
        ("name", lambda: reading.named(emotions, photo, faces)),
        ("look once, at 640", lambda: looking.found(net, looking.shown(net, photo), looking.usual(net), size=WIDE)),
    ]


def naming(emotions: Any, path: Path) -> list[tuple[str, Callable[[], object]]]:
    photo = io.open_photo(path)
    dice = np.random.default_rng(0)
    out = []
    for count in MANY:
        faces = [Face((float(x) * 500, float(y) * 360, 90.0, 110.0)) for x, y in dice.random((count, 2))]
        out.append((f"{count} face{'s' * (count > 1)}", lambda faces=faces: reading.named(emotions, photo, faces)))
    return out


def table(title: str, calls: list[tuple[str, Callable[[], object]]], turns: int) -> None:
    printed(title, [name for name, _ in calls], timed([one for _, one in calls], turns), 0)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--turns", type=int, default=15)
    p.add_argument("--yunet", type=Path, help="yunet_n.onnx")
    p.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    a = p.parse_args()
    memory.thrifty()  # as the command does
    net, emotions = weights.load("faces"), weights.load("emotions")
    with tempfile.TemporaryDirectory() as folder:
        path = picture(Path(folder))
        for threads in a.threads:
            torch.set_num_threads(threads)
            how = f"{threads} thread{'s' * (threads > 1)}, least and median of {a.turns}, by turns"
            table(f"the detector at {WIDE}x{HIGH}; {how}", peer(a.yunet, threads) + alone(net), a.turns)
            table(f"a photo of {WIDE}x{HIGH}; {how}", peer(a.yunet, threads) + whole(net, emotions, path), a.turns)
            table(f"naming alone; {how}", naming(emotions, path), a.turns)


if __name__ == "__main__":
    main()
