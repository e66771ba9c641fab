"""The regions of each class as other programs read them: COCO's JSON and GeoJSON.

Source: Lin et al. 2014 (COCO: annotations, uncompressed RLE); RFC 7946 (GeoJSON: rings).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from zorki.pixels import palette
from zorki.segmenting import polygons

Labels = npt.NDArray[np.integer]
Named = Sequence[str] | Mapping[int, str]  # by the class's number


def found(labels: Labels, classes: Sequence[int]) -> Iterator[tuple[int, polygons.Region]]:
    """(class number, region) for each region of these classes in labels (h, w)."""
    for number in classes:
        mask = labels == number
        rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
        if not len(rows):
            continue
        top, left = int(rows[0]), int(columns[0])
        corner = np.array([left, top])
        for one in polygons.regions(mask[top : rows[-1] + 1, left : columns[-1] + 1]):
            yield number, polygons.Region(one.outer + corner, tuple(hole + corner for hole in one.holes), one.pixels)


def coco(labels: Labels, classes: Sequence[int], names: Named, photo: str, rle: bool, record: Mapping[str, Any]) -> dict[str, Any]:
    """A data set of one picture. Categories have the class's number as `id`. rle: an annotation a class, as run lengths; else one a region, as a polygon:
    a hole is joined to the outline by a line of no width."""
    h, w = labels.shape
    return {
        "info": {"description": "Made by Zorki", "zorki": dict(record)},
        "images": [{"id": 1, "file_name": photo, "width": w, "height": h}],
        "categories": [{"id": n, "name": names[n], "supercategory": ""} for n in classes],
        "annotations": [{"id": k, "image_id": 1} | one for k, one in enumerate(coco_rows(labels, classes, rle), 1)],
    }


def coco_rows(labels: Labels, classes: Sequence[int], rle: bool) -> Iterator[dict[str, Any]]:
    """The annotations of one picture, as COCO has them, without their own number and the picture's. rle: as `coco`."""
    if not rle:
        for number, region in found(labels, classes):
            yield annotation(number, [polygons.bridged(region).ravel().tolist()], region.pixels, list(region.box), 0)
        return
    h, w = labels.shape
    for number in classes:
        mask = labels == number
        if mask.any():
            rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
            box = [int(v) for v in (columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1)]
            yield annotation(number, {"size": [h, w], "counts": polygons.run_lengths(mask)}, int(mask.sum()), box, 1)


def annotation(number: int, segmentation: Any, pixels: int, box: list[int], crowd: int) -> dict[str, Any]:
    return {"category_id": number, "segmentation": segmentation, "area": pixels, "bbox": box, "iscrowd": crowd}


def geojson(labels: Labels, classes: Sequence[int], names: Named, colours: Named, record: Mapping[str, Any]) -> dict[str, Any]:
    """A feature for each region: a polygon with its holes, in pixels from the upper left corner, y downwards. `classification` is what QuPath reads."""
    features = []
    for number, region in found(labels, classes):
        rgb = palette.rgb(colours[number]).tolist()
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Polygon", "coordinates": [closed(ring) for ring in (region.outer, *region.holes)]},
                "properties": {
                    "class": number, "name": names[number], "pixels": region.pixels, "objectType": "annotation",
                    "classification": {"name": names[number], "color": rgb},
                },
            }
        )  # fmt: skip
    return {"type": "FeatureCollection", "features": features, "zorki": dict(record)}


def closed(ring: polygons.Ring) -> list[list[int]]:
    out: list[list[int]] = ring.tolist()
    return [*out, out[0]]
