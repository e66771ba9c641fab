"""Labels photographs by the teachers: `python -m recipes.people.labels --photos FOLDER --weights FOLDER --out FOLDER`.

OUT/images/NAME.jpg is the photograph as it was, OUT/masks/NAME.png what the teachers think, 0 for surely nobody to 255 for surely a person.
What is labelled already is left, so that it goes on where it was broken off.
"""

from __future__ import annotations

import argparse
import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from recipes.people.teachers import PERSON, SIDES, DeepLab, Selfie, deeplab, said

NOBODY = 0.05  # where no place is likelier than that at the smallest size, the rest is not asked


def tensor(picture: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1)[None].float() / 255


@torch.inference_mode()
def somebody(net: DeepLab, picture: torch.Tensor) -> bool:
    """Whether a person is likely anywhere, by one look."""
    x = F.interpolate(picture, (SIDES[0], SIDES[0]), mode="bilinear", align_corners=False, antialias=True)
    return float(net(x).softmax(1)[:, PERSON].max()) > NOBODY


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--photos", type=Path, required=True, help="the folder of the zips of photographs")
    p.add_argument("--weights", type=Path, required=True, help="the folder of the teachers")
    p.add_argument("--out", type=Path, required=True, help="where pictures and masks go, outside the checkout")
    a = p.parse_args()
    both = deeplab(a.weights), Selfie(a.weights)
    archives: dict[str, zipfile.ZipFile] = {}
    for name in ("images", "masks"):
        (a.out / name).mkdir(parents=True, exist_ok=True)
    with (a.photos / "photos.csv").open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    for k, row in enumerate(rows):
        picture, mask = a.out / "images" / row["file"], a.out / "masks" / f"{Path(row['file']).stem}.png"
        if mask.exists():
            continue
        data = archives.setdefault(row["zip"], zipfile.ZipFile(a.photos / row["zip"])).read(row["file"])
        x = tensor(Image.open(io.BytesIO(data)))
        share = said(both, x) if somebody(both[0], x) else torch.zeros_like(x[:, :1])
        picture.write_bytes(data)
        part = mask.with_suffix(".part")
        Image.fromarray((share[0, 0].clamp(0, 1) * 255).round().byte().numpy()).save(part, "PNG")
        part.rename(mask)
        if k % 50 == 49 or k + 1 == len(rows):
            print(f"{k + 1} of {len(rows)}", flush=True)


if __name__ == "__main__":
    main()
