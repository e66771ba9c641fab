"""How far an exported segmenter is from torch: `python -m benchmarks.export` prints a row for each way back to full size.

Networks with random numbers whose logits are as large as a trained one's, on pictures that are not square; in onnxruntime, on the processor.
`--encoder lite0` takes another encoder, `--nets unet,fcn` some of the ways back.
"""

from __future__ import annotations

import argparse

import torch

from zorki import lens
from zorki.nets import decoders
from zorki.nets.segmenter import Segmenter
from zorki.weights import exporting
from zorki.wings.segment._whole import Whole

SIZES = ((1, 61, 83), (2, 17, 130), (1, 240, 320), (1, 333, 500))  # pictures, height, width
CLASSES, SPREAD = 11, 3.0  # of the logits
FREE = {0: "batch", 2: "height", 3: "width"}


def alive(net: str, encoder: str, classes: int = CLASSES, seed: int = 0, **more: object) -> Segmenter:
    """A segmenter as after a training: norms that know what passes them, logits of the spread of a trained net's."""
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        made = Segmenter(net, encoder, classes, **more).train()  # type: ignore[arg-type]
        for norm in (m for m in made.modules() if isinstance(m, torch.nn.BatchNorm2d)):
            norm.momentum = None  # the mean of all that passes
        for part in (m for m in made.modules() if isinstance(m, torch.nn.Conv2d)):
            if not bool(part.weight.any()):
                torch.nn.init.normal_(part.weight, std=0.1)  # skips that begin with zeros
        for _ in range(3):
            made(pictures(4, 96, 128))
        made.eval()
        last = made.decoder.deepest if net == "fcn" else made.decoder.score
        for _ in range(3):
            last.weight.mul_(SPREAD / made(pictures(1, 96, 128)).std())  # type: ignore[union-attr, operator]
        return made


def pictures(count: int, h: int, w: int, seed: int = 0) -> torch.Tensor:
    """(count, 3, h, w) in 0..1: smooth, with some noise."""
    dice = torch.Generator().manual_seed(seed)
    coarse, fine = torch.rand(count, 3, 5, 7, generator=dice), torch.rand(count, 3, h, w, generator=dice)
    return (torch.nn.functional.interpolate(coarse, (h, w), mode="bicubic") + 0.2 * (fine - 0.5)).clamp(0, 1)


def row(net: str, encoder: str) -> str:
    segmenter = alive(net, encoder)
    whole = Whole(lens.Net(segmenter, name=net, side=64, step=1)).eval()
    data = exporting.converted(whole, {"picture": pictures(2, 64, 40)}, "logits", {"picture": FREE, "logits": FREE})
    found = list(exporting.distances(data, exporting.beside(whole), [{"picture": pictures(*size)} for size in SIZES]))
    parameters = sum(p.numel() for p in segmenter.parameters())
    apart = " | ".join(f"{one.most:.1g}" for one in found)
    beyond = max(one.beyond for one in found)
    return f"| {net} | {parameters / 1e6:.1f} M | {len(data) / 1e6:.1f} MB | {apart} | {f'{beyond:.2%}' if beyond else 'none'} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="plain")
    parser.add_argument("--nets", default=",".join(decoders.names()))
    asked = parser.parse_args()
    sizes = " | ".join(f"{count} × {h} × {w}" for count, h, w in SIZES)
    print(f"Largest difference of a logit, torch to onnxruntime, {CLASSES} classes, encoder {asked.encoder}:\n")
    print(f"| net | parameters | file | {sizes} | logits off by more than {exporting.NEAR:g} |")
    print("|---|---|---|" + "---|" * (len(SIZES) + 1))
    for net in asked.nets.split(","):
        print(row(net, asked.encoder), flush=True)


if __name__ == "__main__":
    main()
