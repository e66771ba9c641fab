"""How good a detector of faces is, beside YuNet in onnxruntime: `python -m recipes.faces.judge --data FOLDER [--weights FILE] [--look SHEET.png]`.

Faces counted on `group-photos`, of which none teaches; how many of the boxes there are found at an IoU of 0.5; false alarms on 300 photographs without a face;
milliseconds a picture of 640×480, one thread each, by turns, of this process alone. Both see the pictures as they are stored, and again with a longer side of `--size`; ours also
as `zorki faces` looks. FILE:
what a training left (run/last.safetensors); not given: the network that ships.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file

from recipes.faces import pictures, stock
from recipes.faces.teacher import YuNet
from zorki import lens, weights
from zorki.facing import finding
from zorki.locating import decoding
from zorki.locating.detections import Detections
from zorki.nets.quickened import quickened
from zorki.scores.average_precision import iou, matched

SURE, TEACHER = 0.5, 0.6  # how sure of a face each is to be, where nobody says
GROUPS = "group-photos"
RIGHT = 0.5  # IoU
LONGEST = 640  # pixels of the pictures that ours is trained for
Finder = Callable[[np.ndarray], np.ndarray]
"""(h, w, 3) uint8 → boxes (n, 4) in its pixels."""


@dataclass(frozen=True)
class Group:
    """A photograph with so many faces, and so many more that may be counted or not. boxes: (n, 4) where they are known, else None."""

    name: str
    faces: int
    unclear: int
    boxes: np.ndarray | None


@dataclass(frozen=True)
class Verdict:
    """counts: of each group photo. found, boxes: boxes found of so many. alarms: photographs without a face → boxes found in them."""

    counts: Mapping[str, int]
    right: int
    found: int
    boxes: int
    alarms: Mapping[str, int]

    def line(self, groups: int, photos: int) -> str:
        return (
            f"right count on {self.right} of {groups} photos; {self.found} of {self.boxes} boxes found; "
            f"{sum(self.alarms.values())} false alarms on {len(self.alarms)} of {photos} photos without a face"
        )


def groups(data: Path) -> list[Group]:
    known: dict[str, list[list[float]]] = {}
    with (data / GROUPS / "face_boxes.csv").open(newline="") as f:
        for row in csv.DictReader(f):
            known.setdefault(row["file"], []).append([float(row[k]) for k in "xywh"])
    with (data / GROUPS / "faces.csv").open(newline="") as f:
        rows = list(csv.DictReader(f))
    return [Group(r["file"], int(r["faces"]), int(r["unclear"]), np.array(known[r["file"]]) if r["file"] in known else None) for r in rows]


def judged(finder: Finder, data: Path, some: Sequence[Group], faceless: Sequence[str]) -> Verdict:
    counts, right, found, boxes, alarms = dict[str, int](), 0, 0, 0, dict[str, int]()
    for group in some:
        got = finder(np.asarray(Image.open(data / GROUPS / "images" / group.name).convert("RGB")))
        counts[group.name] = len(got)
        right += group.faces <= len(got) <= group.faces + group.unclear
        if group.boxes is not None:
            found += int((matched(iou(got, group.boxes), [RIGHT]) >= 0).sum())
            boxes += len(group.boxes)
    for name in faceless:
        n = len(finder(np.asarray(pictures.opened(pictures.data_of(data, name)))))
        if n:
            alarms[name] = n
    return Verdict(counts, right, found, boxes, alarms)


def ours(net: torch.nn.Module, least: float) -> Finder:
    @torch.inference_mode()
    def finder(picture: np.ndarray) -> np.ndarray:
        logits, boxes, *_ = net(tensor(picture))
        return decoding.many(logits[0], boxes[0], picture.shape[:2], least).boxes.double().numpy()  # type: ignore[arg-type]

    return finder


def everywhere(net: torch.nn.Module, least: float) -> Finder:
    """As `zorki faces` looks: at several sizes, where a picture is large, and again at what it doubts."""
    known = as_known(net)
    return lambda picture: seen(known, picture, least).boxes.double().numpy()


def as_known(net: torch.nn.Module) -> lens.Net:
    return lens.Net(net, name="faces", classes=("face",), side=LONGEST, step=1)


@torch.inference_mode()
def seen(net: lens.Net, picture: np.ndarray, least: float) -> Detections:
    """picture: (h, w, 3) uint8."""
    return finding.found(net, tensor(picture)[0], least, trained=LONGEST)


def theirs(teacher: YuNet, least: float) -> Finder:
    return lambda picture: teacher.found(picture, least).boxes


def sized(finder: Finder, longest: int | None) -> Finder:
    """The same, which sees every picture with that longer side."""

    def smaller(picture: np.ndarray) -> np.ndarray:
        times = longest / max(picture.shape[:2]) if longest else 1.0
        size = [max(1, round(side * times)) for side in picture.shape[1::-1]]
        return finder(np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))) / times  # type: ignore[arg-type]

    return smaller if longest else finder


def tensor(picture: np.ndarray) -> torch.Tensor:
    x = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255
    return x.contiguous(memory_format=torch.channels_last)


def timed(runs: Mapping[str, Callable[[], object]], rounds: int = 15) -> dict[str, float]:
    """Median milliseconds of this process, by turns, so that what else the machine does weighs on all alike."""
    took: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            run()
            begun = time.process_time()
            run()
            took[name].append(1000 * (time.process_time() - begun))
    return {name: float(np.median(some)) for name, some in took.items()}


def opened(file: Path | None) -> tuple[torch.nn.Module, float]:
    """The net in eval mode, in the form that Zorki runs, and how sure it is to be."""
    if file is None:
        net = weights.load("faces")
        known = weights.card_of(net)
        return quickened(net.inner.float()), SURE if known is None or known.least is None else known.least
    from recipes.faces.__main__ import begun

    made = begun()
    made.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in load_file(file).items()})
    return quickened(made), SURE


def sheet(found: Sequence[tuple[np.ndarray, np.ndarray, str]], side: int = 320, across: int = 6) -> Image.Image:
    """Pictures with boxes and a line of words, side by side."""
    out = Image.new("RGB", (across * side, max(1, -(-len(found) // across)) * (side + 14)))
    for k, (picture, boxes, words) in enumerate(found):
        drawn = Image.fromarray(picture)
        pen, wide = ImageDraw.Draw(drawn), max(1, round(max(drawn.size) / side))
        for left, top, width, height in boxes:
            pen.rectangle([left, top, left + width, top + height], outline=(0, 255, 0), width=wide)
        drawn.thumbnail((side, side))
        at = (k % across * side, k // across * (side + 14))
        out.paste(drawn, at)
        ImageDraw.Draw(out).text((at[0] + 2, at[1] + side), words, fill=(255, 255, 255))
    return out


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--weights", type=Path, help="what a training left; not given: what ships")
    p.add_argument("--least", type=float, help="how sure of a face it is to be; not given: as its card says")
    p.add_argument("--size", type=int, default=640)
    p.add_argument("--photos", type=int, help="so many of those without a face, not all")
    p.add_argument("--look", type=Path, help="a PNG with every group photo, and every false alarm")
    a = p.parse_args()
    torch.set_num_threads(1)
    net, usual = opened(a.weights)
    teacher = YuNet(a.data / "weights")
    least = usual if a.least is None else a.least
    some, faceless = groups(a.data), stock.faceless()[: a.photos]
    both = {"ours": ours(net, least), "YuNet": theirs(teacher, TEACHER)}
    smaller = {name: sized(finder, a.size) for name, finder in both.items()}
    looks = (
        ("as they are stored", both),
        (f"with a longer side of {a.size}", smaller),
        ("as zorki faces looks", {"ours": everywhere(net, least)}),
    )
    for how, finders in looks:
        each = {name: judged(finder, a.data, some, faceless) for name, finder in finders.items()}
        print(f"\nPhotos {how}")
        for name, verdict in each.items():
            print(f"  {name:6s} {verdict.line(len(some), len(faceless))}")
            wrong = [g for g in some if not g.faces <= verdict.counts[g.name] <= g.faces + g.unclear]
            for g in wrong:
                print(f"         {g.name}: {verdict.counts[g.name]} in place of {g.faces}")
            for photo, n in verdict.alarms.items():
                print(f"         {photo}: {n} in place of 0")
        if a.look is not None and finders is both:
            look(a.look, both["ours"], each["ours"], a.data, some)
    speed(net, teacher)


def look(file: Path, finder: Finder, verdict: Verdict, data: Path, some: Sequence[Group]) -> None:
    """Writes the sheet."""
    seen = [(np.asarray(Image.open(data / GROUPS / "images" / g.name).convert("RGB")), f"{g.name}: {g.faces}") for g in some]
    seen += [(np.asarray(pictures.opened(pictures.data_of(data, name))), f"{name}: 0") for name in verdict.alarms]
    rows = [(picture, finder(picture), words) for picture, words in seen]
    sheet([(picture, boxes, f"{words}, found {len(boxes)}") for picture, boxes, words in rows]).save(file)


def speed(net: torch.nn.Module, teacher: YuNet) -> None:
    """Prints how long each takes."""
    picture = np.random.default_rng(0).integers(0, 256, (480, 640, 3)).astype(np.uint8)
    x = tensor(picture)

    @torch.inference_mode()
    def mine() -> object:
        return net(x)

    took = timed({"ours": mine, "YuNet": lambda: teacher.said(picture)})
    print("\n640×480, one thread each, milliseconds of this process, by turns")
    print(f"  ours in torch {took['ours']:.1f}, YuNet in onnxruntime {took['YuNet']:.1f}: {took['ours'] / took['YuNet']:.2f} times as long")


if __name__ == "__main__":
    main()
