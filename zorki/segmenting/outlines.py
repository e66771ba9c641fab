"""The regions of each class as other programs read them: COCO's JSON and GeoJSON.

Source: Lin et al. 2014 (COCO: annotations, uncompressed RLE); RFC 7946 (GeoJSON: rings).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from zorki.segmenting import polygons

Labels = npt.NDArray[np.integer]


def found(labels: Labels, classes: Sequence[int]) -> Iterator[tuple[int, polygons.Region]]:
    """(class number, region) for each region of these classes in labels (h, w)."""
    for number in classes:
        mask = labels == number
        rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
        if not len(rows):
            continue
        top, left = int(rows[0]), int(columns[0])
        for one in polygons.regions(mask[top : rows[-1] + 1, left : columns[-1] + 1]):
            yield number, polygons.Region(one.outer + (left, top), tuple(hole + (left, top) for hole in one.holes), one.pixels)


def coco(labels: Labels, classes: Sequence[int], names: Sequence[str], photo: str, rle: bool, record: Mapping[str, Any]) -> dict[str, Any]:
    """A data set of one picture. Categories have the class's number as `id`. rle: an annotation a class, as run lengths; else one a region, as a polygon:
    a hole is joined to the outline by a line of no width."""
    h, w = labels.shape
    annotations = []
    if rle:
        for number in classes:
            mask = labels == number
            if mask.any():
                rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
                box = [int(v) for v in (columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1)]
                counts = {"size": [h, w], "counts": polygons.run_lengths(mask)}
                annotations.append((number, counts, int(mask.sum()), box))
    else:
        for number, region in found(labels, classes):
            annotations.append((number, [polygons.bridged(region).ravel().tolist()], region.pixels, list(region.box)))
    return {
        "info": {"description": "Made by Zorki", "zorki": dict(record)},
        "images": [{"id": 1, "file_name": photo, "width": w, "height": h}],
        "categories": [{"id": n, "name": names[n], "supercategory": ""} for n in classes],
        "annotations": [
            {"id": k, "image_id": 1, "category_id": number, "segmentation": segmentation, "area": pixels, "bbox": box, "iscrowd": int(rle)}
            for k, (number, segmentation, pixels, box) in enumerate(annotations, 1)
        ],
    }


def geojson(labels: Labels, classes: Sequence[int], names: Sequence[str], colours: Sequence[str], record: Mapping[str, Any]) -> dict[str, Any]:
    """A feature for each region: a polygon with its holes, in pixels from the upper left corner, y downwards. `classification` is what QuPath reads."""
    features = []
    for number, region in found(labels, classes):
        rgb = [int(colours[number][i : i + 2], 16) for i in (1, 3, 5)]
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
