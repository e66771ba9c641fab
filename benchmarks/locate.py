"""How many pictures of 640x480 a second `locate predict` looks at, beside a peer: `python -m benchmarks.locate` prints two tables.

The detector is what `locate train` makes of many things where nobody says otherwise, shown pictures as it is trained on a processor. The peer is SSDLite on
MobileNetV3 (`benchmarks/ssdlite.py`), which people take on a processor; torchvision's has an mAP of 21.3 on COCO. They are equal in size: 3 M numbers, 0.6 G
multiply-adds. Equal accuracy is not measured here, as the detector has not learnt COCO. The peer's batch norms are folded, and what it says goes the same way. Both find as many
boxes. Their numbers are random, which does not change how long it takes.

All ways are run by turns in one process, so that other work on the machine harms all alike: least and median, and the least time of the processor, which
others do not lengthen. ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 ZORKI_BFLOAT16=0 before it make a newer processor one of the ordinary kind.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from skimage import data
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.segment import call
from benchmarks.ssdlite import SIDE as PEER_SIDE
from benchmarks.ssdlite import SSDLite
from zorki import io, lens
from zorki.core import processor
from zorki.jobs import memory
from zorki.locating import looking
from zorki.nets.detector import Detector
from zorki.nets.folding import folded
from zorki.wings.locate import predict
from zorki.wings.locate._choice import SIDES

HIGH, WIDE = 480, 640
SIDE = SIDES["many"]["cpu"]  # pixels of the longer side, as it is trained
FOUND = 30  # boxes above the threshold before what lies on one another is left out
PEER = "SSDLite 320 on MobileNetV3"


class Timed(NamedTuple):
    """Seconds of each turn, and the processor's."""

    wall: list[float]
    processor: list[float]


def timed(calls: Sequence[Callable[[], object]], turns: int) -> list[Timed]:
    """By turns; the first, in which much is made ready, does not count."""
    out = [Timed([], []) for _ in calls]
    for turn in range(turns + 1):
        for one, found in zip(calls, out, strict=True):
            wall, busy = time.perf_counter(), time.process_time()
            one()
            if turn:
                found.wall.append(time.perf_counter() - wall)
                found.processor.append(time.process_time() - busy)
    return out


def printed(title: str, names: Sequence[str], found: Sequence[Timed], rival: int) -> None:
    print(title)
    than = min(found[rival].processor)
    for name, one in zip(names, found, strict=True):
        least, busy = min(one.wall), min(one.processor)
        print(
            f"  {name:38}  {1000 * least:6.1f} ms  {1000 * statistics.median(one.wall):6.1f} ms  {1 / least:5.1f} a second;"
            f"  processor {1000 * busy:6.1f} ms, {busy / than:4.2f} of {names[rival]}",
            flush=True,
        )


def picture(folder: Path) -> Path:
    """A photograph of that size as a camera leaves it."""
    seen = data.astronaut().astype(np.float32) / 255
    return io.save_photo(folder / "photo.jpg", io.resize(np.concatenate([seen, seen[:, ::-1]], 1)[:, :683], (HIGH, WIDE)).clip(0, 1))


def enough(net: lens.Net, photo: io.Photo, longest: int) -> float:
    """The threshold that so many boxes pass."""
    said = looking.looked(net, looking.sized(net, looking.shown(net, photo)[None], longest))  # type: ignore[index]
    return float(said.logits.sigmoid().flatten().topk(FOUND).values[-1])


def whole(net: lens.Net, path: Path, out: Path, longest: int) -> list[tuple[str, Callable[[], object]]]:
    """What a picture of a folder costs: it is read, looked at (brought to size, net, what it says as boxes, each thing once), drawn on and written."""
    photo = io.open_photo(path)
    s = predict.Settings(least=enough(net, photo, longest), size=longest)
    seen = predict.run(net, photo, s)
    assert len(seen)
    return [
        ("read", lambda: io.open_photo(path)),
        ("looked at", lambda: predict.run(net, photo, s)),
        ("drawn and written", lambda: seen.save(out, "boxes", {}, True)),
    ]


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--turns", type=int, default=15)
    a = p.parse_args()
    memory.thrifty()  # as the command does
    torch.manual_seed(0)
    ours, peer = Detector(classes=20).eval().requires_grad_(False), SSDLite().eval().requires_grad_(False)
    nets: list[tuple[str, torch.nn.Module, tuple[int, int]]] = [
        (PEER, folded(peer), (PEER_SIDE, PEER_SIDE)),
        (f"Detector on lite0, {SIDE}", ours, (SIDE * HIGH // WIDE, SIDE)),
        (f"Detector on lite0, {WIDE}", ours, (HIGH, WIDE)),
    ]
    names, calls = list[str](), list[Callable[[], object]]()
    for name, net, hw in nets:
        last = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        with torch.inference_mode(), FlopCounterMode(display=False) as count:
            last(torch.rand(1, 3, *hw))
        numbers = sum(p.numel() for p in net.parameters())
        print(f"{name}: {numbers / 1e6:.2f} M parameters, {count.get_total_flops() / 2e9:.2f} G multiply-adds at {hw[0]}x{hw[1]}")
        for rough in (False, True) if processor.bfloat16() else (False,):
            names.append(f"{name}, {'bfloat16' if rough else 'float32'}")
            calls.append(call(last, torch.rand(1, 3, *hw).contiguous(memory_format=torch.channels_last), rough))
    how = f"{torch.get_num_threads()} threads, least and median of {a.turns}, by turns"
    printed(f"the networks alone; {how}", names, timed(calls, a.turns), 0)
    with tempfile.TemporaryDirectory() as folder:
        path = picture(Path(folder))
        classes = [f"thing {k}" for k in range(20)]
        own = lens.Net(ours, name="detector", step=1, side=SIDE, channels=3, classes=classes)
        other = lens.Net(nets[0][1], name="peer", step=0, side=PEER_SIDE, channels=3, classes=[f"thing {k}" for k in range(91)])
        parts = whole(own, path, Path(folder) / "out.jpg", SIDE)
        parts.append((f"looked at by {PEER}", whole(other, path, Path(folder) / "out.jpg", PEER_SIDE)[1][1]))
        printed(
            f"a picture of {WIDE}x{HIGH}; {how}", [name for name, _ in parts], timed([one for _, one in parts], a.turns), len(parts) - 1
        )


if __name__ == "__main__":
    main()
