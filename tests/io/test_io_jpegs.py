"""JPEGs without their end: opened where all rows are there, refused where some are missing."""

from __future__ import annotations

import io as std
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data

from zorki import io
from zorki.core.errors import InputError

pytestmark = pytest.mark.unit

OTHER = b"\0\0\0\x18ftypmp42" + np.random.default_rng(1).integers(0, 256, 60_000, dtype=np.uint8).tobytes()  # as a phone's video behind it
NOTE = ("a.jpg has no end marker, as if it were cut off; all its rows are there.",)
KINDS: dict[str, dict[str, Any]] = {
    "plain": {}, "subsampled": {"subsampling": 2}, "progressive": {"progressive": True}, "rows": {"restart_marker_rows": 1}, "blocks": {"restart_marker_blocks": 3},
    "grey": {"mode": "L"}, "cmyk": {"mode": "CMYK"},
}  # fmt: skip


def jpeg(mode: str = "RGB", **extra: Any) -> bytes:
    buffer = std.BytesIO()
    Image.fromarray(data.chelsea()).resize((163, 107)).convert(mode).save(buffer, "JPEG", quality=92, **extra)
    return buffer.getvalue()


@pytest.fixture(params=KINDS)
def whole(request: pytest.FixtureRequest) -> bytes:
    return jpeg(**KINDS[request.param])


def opened(tmp_path: Path, content: bytes) -> io.Photo:
    (tmp_path / "a.jpg").write_bytes(content)
    return io.open_photo(tmp_path / "a.jpg")


@pytest.mark.parametrize(
    "end", [b"", b"\xff", OTHER, b"\xff" + OTHER, b"\0" * 4000, b"\0"], ids=["none", "half", "other", "both", "zeros", "zero"]
)
def test_all_rows_are_there(tmp_path: Path, whole: bytes, end: bytes) -> None:
    plain, photo = opened(tmp_path, whole), opened(tmp_path, whole[:-2] + end)
    assert np.array_equal(photo.pixels, plain.pixels)
    assert set(photo.notes) - set(plain.notes) <= set(NOTE)  # some are read to their end all the same


def test_it_is_said(tmp_path: Path) -> None:
    for extra in KINDS["plain"], KINDS["progressive"]:
        assert opened(tmp_path, jpeg(**extra)[:-2]).notes == NOTE


@pytest.mark.parametrize("share", [0.3, 0.5, 0.66, 0.9, 0.97])
@pytest.mark.parametrize("rest", [b"", OTHER], ids=["nothing", "other"])
def test_rows_are_missing(tmp_path: Path, whole: bytes, share: float, rest: bytes) -> None:
    with pytest.raises(InputError, match="damaged or cut off"):
        opened(tmp_path, whole[: int(len(whole) * share)] + rest)


@pytest.mark.parametrize("share", [0.3, 0.66, 0.97])
def test_an_empty_rest_is_not_the_picture(tmp_path: Path, whole: bytes, share: float) -> None:
    with pytest.raises(InputError, match="damaged or cut off"):
        opened(tmp_path, whole[: int(len(whole) * share)] + b"\0" * 30_000)
    plain = opened(tmp_path, whole)
    padded = opened(tmp_path, whole + b"\0" * 30_000)
    assert np.array_equal(padded.pixels, plain.pixels)
    assert padded.notes == plain.notes


def test_each_scan_counts(tmp_path: Path) -> None:
    """A progressive file cut between two scans has all rows, but coarser than they were."""
    content = jpeg(progressive=True)
    scans = [at for at in range(len(content)) if content[at : at + 2] == b"\xff\xda"]
    assert len(scans) > 5
    for at in scans[1:]:
        with pytest.raises(InputError, match="damaged or cut off"):
            opened(tmp_path, content[:at])


@pytest.mark.parametrize("stray", [b"\n", b"\r\n\r\n", b"\xef\xbb\xbf"])
def test_something_before_it(tmp_path: Path, whole: bytes, stray: bytes) -> None:
    photo = opened(tmp_path, stray + whole)
    assert photo.format == "JPEG"
    assert np.array_equal(photo.pixels, opened(tmp_path, whole).pixels)
    assert np.array_equal(opened(tmp_path, stray + whole[:-2]).pixels, photo.pixels)
