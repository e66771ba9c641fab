"""Annotations as their tools write them, small."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

HW = (20, 30)
SQUARE = [[2.0, 3.0], [12.0, 3.0], [12.0, 9.0], [2.0, 9.0]]  # 10 × 6 pixels
TALL = [[15.0, 1.0], [20.0, 1.0], [20.0, 19.0], [15.0, 19.0]]


def photo(path: Path, hw: tuple[int, int] = HW, turn: int = 1) -> Path:
    """A picture on the disk; turn: what EXIF says of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(sum(map(ord, path.name))).integers(0, 256, (*hw, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = turn
    Image.fromarray(pixels).save(path, **({"exif": exif} if turn != 1 else {}))
    return path


def index(path: Path, numbers: np.ndarray, palette: Sequence[int] | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(numbers.astype(np.uint8))
    if palette is not None:
        image.putpalette([*palette, *([0] * (768 - len(palette)))])
    image.save(path)
    return path


def written(path: Path, doc: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(doc if isinstance(doc, str) else json.dumps(doc), encoding="utf-8")
    return path


def flat(points: Sequence[Sequence[float]]) -> list[float]:
    return [v for point in points for v in point]


def coco(
    things: Sequence[Mapping[str, Any]], names: Mapping[int, str] = {1: "cat", 2: "dog"}, files: Sequence[str] = ("0.jpg",), hw: Any = HW
) -> Any:
    """things: annotations, each with what differs from a polygon of category 1 on image 1."""
    usual = {"image_id": 1, "category_id": 1, "iscrowd": 0, "segmentation": [flat(SQUARE)], "bbox": [2, 3, 10, 6], "area": 60}
    return {
        "images": [{"id": k, "file_name": name, "height": hw[0], "width": hw[1]} for k, name in enumerate(files, 1)],
        "categories": [{"id": n, "name": name, "supercategory": ""} for n, name in names.items()],
        "annotations": [{"id": k} | usual | dict(one) for k, one in enumerate(things, 1)],
    }


def shape(label: str = "cat", kind: str = "polygon", points: Any = SQUARE, **more: Any) -> dict[str, Any]:
    return {"label": label, "points": points, "group_id": None, "shape_type": kind, "flags": {}} | more


def labelme(shapes: Sequence[Mapping[str, Any]], picture: str = "0.jpg", hw: Any = HW, data: str | None = None) -> dict[str, Any]:
    return {
        "version": "5.5.0", "flags": {}, "shapes": list(shapes), "imagePath": picture, "imageData": data, "imageHeight": hw[0], "imageWidth": hw[1],
    }  # fmt: skip


def packed(pixels: np.ndarray) -> str:
    """A PNG in base64."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()
