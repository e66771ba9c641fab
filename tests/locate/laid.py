"""A photo of two things, a net beside it that finds them, and what is read of what `locate predict` wrote."""

from __future__ import annotations

import csv
import io as streams
from pathlib import Path

from PIL import Image

from tests.locating.painted import painted

ROOT = Path(__file__).resolve().parents[2]
CODE = f"""
import sys

sys.path.insert(0, {str(ROOT)!r})
from tests.locating.painted import Painted, Single


def many():
    return Painted().eval()


def one():
    return Single().eval()
"""
TWO = [(10, 8, 40, 30), (100, 50, 30, 60)]  # a red and a blue thing
HEAD = ["file", "class", "x", "y", "w", "h", "score"]


def lay() -> None:
    """net.py and photo.png, here."""
    Path("net.py").write_text(CODE, encoding="utf-8")
    Image.fromarray(painted((120, 200), TWO, blue=(1,))).save("photo.png")


def opened(path: str) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return image.copy()


def table(text: str) -> list[list[str]]:
    return list(csv.reader(streams.StringIO(text)))


def hidden() -> list[str]:
    return [p.name for p in Path().iterdir() if p.name.startswith(".")]
