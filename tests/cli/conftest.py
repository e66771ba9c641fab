"""Pictures of every kind that people bring, made here."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def cat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real photograph, 225 x 150."""
    path = tmp_path_factory.mktemp("cat") / "cat.jpg"
    Image.fromarray(data.chelsea()).resize((225, 150), Image.Resampling.LANCZOS).save(path, quality=95)
    return path


@pytest.fixture
def zorki(tmp_path: Path) -> Run:
    """Runs the command in an empty folder."""

    def run(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "zorki", *words], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False, **more
        )  # type: ignore[call-overload, no-any-return]

    return run


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 300, 3)).astype(np.uint8)).save(buffer, "JPEG")
    return buffer.getvalue()


HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty.jpg": lambda: b"",
    "cut.jpg": lambda: jpeg()[:900],
    "half.jpg": lambda: jpeg()[: len(jpeg()) // 2],
    "text.jpg": lambda: b"this is no picture\n" * 20,
    "huge.png": lambda: png_header(100_000, 100_000) + b"\0" * 64,
    "nothing.png": lambda: png_header(0, 0) + b"\0" * 64,
    "broken.webp": lambda: b"RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0" + b"\xff" * 24,
    "broken.gif": lambda: b"GIF89a" + b"\xff" * 20,
    "broken.tif": lambda: b"II*\0" + b"\xff" * 40,
    "elf.jpg": lambda: b"\x7fELF\x02\x01\x01" + b"\0" * 200,
}
