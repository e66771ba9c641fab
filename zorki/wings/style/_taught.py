"""What a training of a brush is asked and what it says of itself: the styles by name, the card of the run."""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from zorki import io
from zorki.core.errors import InputError
from zorki.weights.cards import RUN_CARD, Style

if TYPE_CHECKING:
    from zorki.nets.brush import Brush
    from zorki.train import Folder
    from zorki.wings.style.train import Settings

SIDE, LEAST = 512, 32  # longest side at which a style is looked at; the short side that it has at least
LISTED, COLUMNS = "styles.csv", ("name", "title", "source", "licence")


def asked(styles: io.PhotoSet) -> tuple[tuple[Style, ...], list[torch.Tensor]]:
    """Of each picture its style, and the picture (1, 3, h, w). Raises InputError for one that cannot be read, is too small, or has another's name."""
    rows, files = listed(styles), dict[str, str]()
    named, pictures = list[Style](), list[torch.Tensor]()
    for entry, (_, photo) in zip(styles.entries, styles.read(lambda photo: photo), strict=True):
        if isinstance(photo, InputError):
            raise photo
        pictures.append(looked_at(photo))
        style = rows.get(Path(entry.name).stem) or Style(name_of(entry.name), title_of(entry.name), Path(entry.name).name, "not stated")
        if style.name in files:
            raise InputError(
                f"{files[style.name]} and {entry.name} are both the style {style.name}.",
                "Each style has a name of its own.",
                "Rename one of them.",
            )
        files[style.name] = entry.name
        named.append(style)
    return tuple(named), pictures


def looked_at(photo: io.Photo) -> torch.Tensor:
    """A style's picture (1, 3, h, w) in 0..1, its longest side at most SIDE. Raises InputError for one in which no stroke can be seen."""
    h, w = photo.hw
    if min(h, w) < LEAST:
        raise InputError(f"{photo.name} is {w} × {h} pixels.", f"A style is seen in {LEAST} a side at least.", "Give a larger picture.")
    k = min(1.0, SIDE / max(h, w))
    seen = photo.seen if k == 1 else io.resize(photo.seen, (max(1, round(h * k)), max(1, round(w * k))))
    return torch.from_numpy(np.ascontiguousarray(seen.transpose(2, 0, 1)))[None]


def listed(styles: io.PhotoSet) -> dict[str, Style]:
    """What a styles.csv beside the first picture says, by the file's stem (`file`, or else the name). Raises InputError for a row without a name."""
    where = styles.entries[0].where
    path = where.parent / LISTED if isinstance(where, Path) else None
    if path is None or not path.is_file():
        return {}
    out = {}
    with path.open(encoding="utf-8-sig", newline="") as f:
        for row in csv.DictReader(f):
            name = (row.get("name") or "").strip()
            if not name or name != name_of(name):
                raise InputError(f"{path} has {name!r} as a style's name.", "It is of small letters, digits and -.", "Mend that row.")
            said = {k: (row.get(k) or "").strip() for k in COLUMNS}
            out[Path(row.get("file") or name).stem] = Style(**said | {"title": said["title"] or title_of(name)})
    return out


LONGEST = 60  # letters of a style's name, which is a file's too


def name_of(file: str) -> str:
    """ "The Scream.jpg" → "the-scream". Letters of any script stay."""
    stem = unicodedata.normalize("NFC", Path(file).stem).lower()
    return re.sub(r"[\W_]+", "-", stem)[:LONGEST].strip("-") or "style"


def title_of(file: str) -> str:
    words = re.sub(r"[-_\s]+", " ", Path(file).stem).strip()
    return words[:1].upper() + words[1:] or "Style"


def card(net: Brush, styles: Sequence[Style], s: Settings, photos: int) -> dict[str, Any]:
    """The run's card, as a mapping."""
    return {
        "title": f"A brush of {len(styles)} style{'s' if len(styles) > 1 else ''}: {', '.join(one.name for one in styles[:4])}",
        "licence": "yours; see data for the pictures' terms",
        "task": "style",
        "build": "zorki.nets.brush:Brush",
        "side": s.side,
        "parameters": sum(p.numel() for p in net.parameters()),
        "data": f"{photos:,} photos of yours; styles as listed",
        "teachers": "eye, whose Gram matrices of relu1_1 to relu5_1 and maps of relu4_2 are the loss",
        "recipe": f"zorki style train: up to {s.steps:,} steps of {s.batch} photos of {s.side} px, seed {s.seed}",
        "not_fit_for": "passing what it paints off as the work of the painters named; photographs that must stay true",
        "arguments": net.sizes(),
        "styles": [{k: getattr(one, k) for k in COLUMNS} for one in styles],
    }


def write_card(folder: Folder, said: Mapping[str, Any]) -> None:
    """card.toml, whole or not at all."""
    plain = [f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in said.items() if not isinstance(v, dict | list)]
    lines = [*plain, "", "[arguments]", *(f"{k} = {v}" for k, v in said["arguments"].items())]
    for one in said["styles"]:
        lines += ["", "[[styles]]", *(f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in one.items())]
    io.atomic_write(folder.path / RUN_CARD, "\n".join(lines) + "\n")
