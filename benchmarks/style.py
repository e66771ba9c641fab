"""Style transfer beside its peers, on this machine: `python -m benchmarks.style [step] [reach] [pairs] [photo] [carry] [large] --shared FOLDER`.

step: seconds of one update at 512 x 512 with VGG-19 (random numbers; time does not care). reach: the peers' 500 updates with the best of
three weights, and when ours is as far. pairs: the default preset on four pairs at 512 px. photo: twelve pairs, region by region, beside a
colour match and a plain transfer. carry: what is lost when half the size is worked at. large: twelve megapixels. Timings are single readings; ratios are what may be compared.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from skimage.metrics import structural_similarity

import zorki
from benchmarks import neural_style
from recipes.eye import style as judged
from zorki import io, lens
from zorki.cli.main import considerate
from zorki.jobs.memory import thrifty
from zorki.painting import features, optimiser
from zorki.painting.losses import gram
from zorki.painting.painter import Painter
from zorki.painting.terms import Content, OfPicture, Style
from zorki.pixels import objectives, sizes

SIDE = 512
WEIGHTS = (
    1e4,
    1e5,
    1e6,
)  # of the peers' style, beside a content weight of 5; their 100 is for VGG-19, whose Gram matrices are far larger than ours
PHOTO_PAIRS = range(5, 61, 5)


def picture(path: Path | Any, side: int = SIDE) -> torch.Tensor:
    """(1, 3, h, w), its longest side brought to `side`, both sides multiples of 16."""
    whole = torch.from_numpy(io.open_photo(path).pixels.transpose(2, 0, 1).copy())[None]
    return sizes.resize(whole, sizes.fit((whole.shape[-2], whole.shape[-1]), side, 16))


def step() -> None:
    """One update by the peers' way and by ours, the same net, the same layers."""
    from zorki.nets.deep_vgg import DeepVgg

    torch.manual_seed(0)
    module = DeepVgg(depth=19).eval().requires_grad_(False)
    x, y = torch.rand(1, 3, SIDE, SIDE), torch.rand(1, 3, SIDE, SIDE)
    names, holds = [f"relu{b}_1" for b in range(1, 6)], "relu4_2"
    plain = lens.Net(module, name="vgg19", side=224)
    losses = neural_style.Losses(module, [plain.layer(n).name for n in names], plain.layer(holds).name, x, y, 100, 5)
    theirs = neural_style.optimised(losses, x, 4)[1] / 4
    net = lens.Net(module.to(memory_format=torch.channels_last), name="vgg19", side=224)
    net.drawing = zorki.load("eye").drawing
    here, maps = features.measured(net, x, names, keep=[holds])
    there, _ = features.measured(net, y, names)
    styles = [Style.at_start(n, here[n], there[n], 0.2, gram) for n in names]
    painter = Painter(net, (SIDE, SIDE), [*styles, Content(holds, maps[holds], 0.02), OfPicture("variation", 0.5, objectives.variation)])
    stand = optimiser.PictureOptimiser(x)
    stand.update(painter.judge(stand.picture.detach()))
    began = time.perf_counter()
    for _ in range(4):
        stand.update(painter.judge(stand.picture.detach()))
    ours = (time.perf_counter() - began) / 4
    print(f"one update, VGG-19 to relu5_1, {SIDE} x {SIDE}: the peers' way {theirs:.2f} s, ours {ours:.2f} s: {theirs / ours:.1f} times")


def reach(shared: Path, out: Path, pairs: int = 1) -> None:
    """On our own net: what 500 of the peers' updates reach, and the time in which ours has less style left at no more content error."""
    from skimage import data

    net = zorki.load("eye", dtype="float32")
    names, holds = features.style_layers(net)
    for content, style in judged.PAIRS[:pairs]:
        photo = out / f"{content}.png"
        io.save_photo(photo, picture(getattr(data, content)())[0].permute(1, 2, 0).numpy(), force=True)
        painting = shared / "data" / "paintings" / f"{style}.jpg"
        judge = judged.judge(shared)
        x, best = picture(photo), None
        y = picture(painting, max(x.shape[-2:]))
        for weight in WEIGHTS:
            losses = neural_style.Losses(net.module, names, holds, x, y, weight, 5)
            made, seconds = neural_style.optimised(losses, x, 500)
            target = out / f"{content}-peers-{weight:g}.png"
            io.save_photo(target, made[0].permute(1, 2, 0).numpy(), force=True)
            told = next(iter(judge.judge(photo, painting, [target])))
            print(
                f"{content}: the peers' way, style weight {weight:g}: style left {told['style_left']:.3f}, content error {told['content_error']:.2f}, {seconds:.0f} s",
                flush=True,
            )
            if best is None or told["style_left"] < best[0]:
                best = (told["style_left"], told["content_error"], seconds)
        assert best is not None
        for weight in (2e5, 5e5, 1e6):
            target = out / f"{content}-ours-{weight:g}.png"
            began = time.perf_counter()
            zorki.style.transfer(zorki.load("eye"), photo, painting, preset="faithful", style_weight=weight).save(target, force=True)
            seconds = time.perf_counter() - began
            told = next(iter(judge.judge(photo, painting, [target])))
            good = told["style_left"] <= best[0] and told["content_error"] <= best[1]
            print(
                f"{content}: ours (faithful), style weight {weight:g}: style left {told['style_left']:.3f}, content error {told['content_error']:.2f}, {seconds:.0f} s, {best[2] / seconds:.1f} times as fast{', as far' if good else ''}",
                flush=True,
            )


def pairs(shared: Path, out: Path) -> None:
    """The default preset on four pairs."""
    net = zorki.load("eye")
    rows = judged.sweep(net, shared, out, [zorki.style.transfer.Settings().content_weight], size=SIDE)
    print(f"four pairs, longest side {SIDE}: " + ", ".join(f"{k} {v:.3f}" for k, v in rows[0].items()))


def finest(x: torch.Tensor) -> float:
    """Energy of the finest octave: what is lost when a picture is halved and doubled again."""
    hw = (x.shape[-2], x.shape[-1])
    low = sizes.resize(sizes.resize(x, (hw[0] // 2, hw[1] // 2)), hw)
    return float((x - low).pow(2).mean())


def carry(shared: Path) -> None:
    """Worked at half the size and carried up, beside every pixel painted: likeness when brought down again, and the finest octave's energy."""
    names = ("group-18", "group-23", "group-10")
    for name, (_, style) in zip(names, judged.PAIRS, strict=False):
        photo, painting = shared / "data/group-photos/images" / f"{name}.jpg", shared / "data/paintings" / f"{style}.jpg"
        whole = zorki.style.transfer(zorki.load("eye"), photo, painting, full=True).tensor()[None]
        half = max(whole.shape[-2:]) // 2
        *_, last = zorki.style.transfer.steps(photo, painting, size=half)
        up = last.image()
        print(
            f"{name} after {style}, {half} px carried to {2 * half}: finest octave {finest(up) / finest(whole):.2f} of --full's", flush=True
        )


def large(out: Path) -> None:
    """Twelve megapixels, every one painted, in a process of its own."""
    from PIL import Image
    from skimage import data

    from benchmarks.run import measured
    from zorki.guided.own_style import painting

    photo = io.save_photo(
        out / "large.jpg", np.asarray(Image.fromarray(data.coffee()).resize((4032, 3024), Image.Resampling.LANCZOS)), force=True
    )
    style = io.save_photo(out / "flow.png", painting(), force=True)
    for more in ([], ["--full"]):
        seconds, peak = measured(["style", "transfer", str(photo), str(style), *more], str(out / "painted.jpg"))
        print(f"transfer of 4032 x 3024 {' '.join(more)}: {seconds:.0f} s, peak {peak:.2f} GiB", flush=True)


def edges(x: np.ndarray) -> np.ndarray:
    """Strength of the edges of the luma, by Sobel."""
    from skimage.filters import sobel

    found: np.ndarray = sobel(x @ np.array([0.299, 0.587, 0.114]))
    return found


def alike(a: Path, b: Path) -> float:
    """SSIM of the edges of two pictures' luma."""
    x, y = (edges(io.open_photo(p).pixels.astype(np.float64)) for p in (a, b))
    top = max(float(x.max()), float(y.max()))
    return float(structural_similarity(x, y, data_range=top))


def photo(shared: Path, out: Path, numbers: list[int]) -> None:
    """Twelve pairs: ours, a colour match inside each region, and a plain transfer."""
    from zorki.wings.style import photo as method

    judge, net, rows = judged.judge(shared), zorki.load("eye"), []
    for number in numbers:
        folder = shared / "data" / "photo-pairs" / f"{number:02d}"
        files = [folder / f for f in ("content.jpg", "style.jpg", "content_mask.png", "style_mask.png")]
        made = {k: out / f"{number:02d}-{k}.png" for k in ("match", "plain", "ours")}
        content, style, *masks = (torch.from_numpy(io.open_photo(f).pixels.transpose(2, 0, 1).copy())[None] for f in files)
        own, other = method.paired(content, style, *masks)
        match = method.recoloured(content, style, own, other)
        io.save_photo(made["match"], match[0].permute(1, 2, 0).numpy(), force=True)
        zorki.style.transfer(net, files[0], files[1], size=SIDE).save(made["plain"], force=True)
        began = time.perf_counter()
        zorki.style.photo(net, files[0], files[1], content_mask=files[2], style_mask=files[3]).save(made["ours"], force=True)
        row: dict[str, Any] = {"pair": number, "seconds": time.perf_counter() - began}
        told = dict(zip(made, judge.judge(files[0], files[1], list(made.values()), files[2], files[3]), strict=True))
        for k, path in made.items():
            shares = [v for f, v in told[k]["levels"].items() if f.endswith(("fire3", "fire5", "fire8"))]
            known = [s for s in shares if s is not None]
            row |= {f"ssim {k}": alike(files[0], path), f"left {k}": float(np.mean(known)) if known else float("nan")}
        rows.append(row)
        print("  ".join(f"{k} {v:.2f}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()), flush=True)
    print("mean  " + "  ".join(f"{k} {np.nanmean([r[k] for r in rows]):.3f}" for k in rows[0] if k != "pair"))


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("parts", nargs="*", default=["step", "pairs"], help="step, reach, pairs, photo, carry, large")
    p.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[2] / "shared")
    p.add_argument("--out", type=Path)
    p.add_argument("--numbers", type=int, nargs="*", default=list(PHOTO_PAIRS), help="of photo pairs")
    a = p.parse_args()
    considerate()
    thrifty()
    out = a.out or Path(tempfile.mkdtemp())
    out.mkdir(parents=True, exist_ok=True)
    if "step" in a.parts:
        step()
    if "large" in a.parts:
        large(out)
    if not a.shared.exists():
        raise SystemExit(f"There is no {a.shared}: pictures and the judge are needed for the rest. Give --shared.")
    if "pairs" in a.parts:
        pairs(a.shared, out)
    if "carry" in a.parts:
        carry(a.shared)
    if "reach" in a.parts:
        reach(a.shared, out)
    if "photo" in a.parts:
        photo(a.shared, out, a.numbers)


if __name__ == "__main__":
    main()
