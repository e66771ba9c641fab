"""Large TIFFs read in rows, beside the arrays that were written; index files that are written in rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from zorki import io
from zorki.core.errors import InputError

pytestmark = pytest.mark.tiny


@pytest.mark.parametrize("laid", [{"tile": (64, 48)}, {"rowsperstrip": 40}, {}])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
def test_rows_are_those_of_the_file(tmp_path: Path, laid: dict, planar: str, kind: type, channels: int, compression: str | None) -> None:
    stored = np.random.default_rng(0).integers(0, 255, (201, 157, channels)).astype(kind)
    data = stored if planar == "contig" else np.moveaxis(stored, -1, 0)
    more = {"planarconfig": planar} if channels > 1 else {}
    more |= {"extrasamples": ["unassalpha"]} if channels == 4 else {}
    photometric = "rgb" if channels > 1 else "minisblack"
    tifffile.imwrite(
        tmp_path / "a.tif",
        np.ascontiguousarray(data) if channels > 1 else stored[..., 0],
        photometric=photometric,
        compression=compression,
        **laid,
        **more,
    )
    found = io.Large(tmp_path / "a.tif")
    assert found.hw == (201, 157)
    truth = (stored[..., :3] / np.iinfo(kind).max).astype(np.float32)
    truth = np.broadcast_to(truth, (201, 157, 3)) if channels == 1 else truth
    for top, bottom in [(0, 10), (5, 100), (90, 250), (200, 201), (0, 201)]:
        np.testing.assert_allclose(found.rows(top, bottom), truth[top:bottom], atol=1e-6)
    assert max(found.small(50).shape) <= 51
    np.testing.assert_allclose(found.small(500), truth, atol=1e-6)


def test_a_palette_and_white_as_zero(tmp_path: Path) -> None:
    numbers = np.random.default_rng(0).integers(0, 4, (70, 50)).astype(np.uint8)
    colours = np.zeros((3, 256), np.uint16)
    colours[:, :4] = [[0, 65535, 0, 32896], [0, 0, 65535, 32896], [65535, 0, 0, 32896]]
    tifffile.imwrite(tmp_path / "p.tif", numbers, photometric="palette", colormap=colours, tile=(32, 32))
    np.testing.assert_allclose(io.Large(tmp_path / "p.tif").rows(0, 70), io.open_photo(tmp_path / "p.tif").pixels, atol=1e-6)
    tifffile.imwrite(tmp_path / "w.tif", numbers, photometric="miniswhite", rowsperstrip=16)
    np.testing.assert_allclose(io.Large(tmp_path / "w.tif").rows(3, 60), io.open_photo(tmp_path / "w.tif").pixels[3:60], atol=1e-6)


def test_only_large_tiffs_are_read_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = np.zeros((60, 70, 3), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="rgb")
    assert not io.is_large(tmp_path / "a.tif")
    monkeypatch.setattr("zorki.io.large.LARGE", 1000)
    assert io.is_large(str(tmp_path / "a.tif"))
    tifffile.imwrite(tmp_path / "turned.tif", data, photometric="rgb", extratags=[(274, 3, 1, 6, True)])
    tifffile.imwrite(tmp_path / "float.tif", data.astype(np.float32), photometric="rgb")
    Image.fromarray(data).save(tmp_path / "a.png")
    (tmp_path / "broken.tif").write_bytes(b"II*\0")
    for name in ("turned.tif", "float.tif", "a.png", "broken.tif", "missing.tif"):
        assert not io.is_large(tmp_path / name)
    assert not io.is_large(data)


def test_a_damaged_part_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, np.random.default_rng(0).integers(0, 255, (200, 200), np.uint8), tile=(64, 64), compression="zlib", photometric="minisblack"
    )
    with tifffile.TiffFile(path) as file:
        at = file.pages.first.dataoffsets[9]
    whole = bytearray(path.read_bytes())
    whole[at : at + 40] = bytes(40)
    path.write_bytes(whole)
    found = io.Large(path)
    found.rows(0, 64)
    with pytest.raises(InputError, match="damaged"):
        found.rows(0, 200)


@pytest.mark.parametrize("hw", [(1, 1), (37, 53), (600, 700)])
@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_an_index_file_holds_its_numbers(tmp_path: Path, hw: tuple[int, int], ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zorki.io.indexed._ROWS", 5000)
    g = np.random.default_rng(0)
    numbers, palette = g.integers(0, 256, hw).astype(np.uint8), g.integers(0, 256, (256, 3)).astype(np.uint8)
    path = tmp_path / f"a{ending}"
    io.write_index(path, numbers, palette, {"some": "é <&> settings"})
    with Image.open(path) as image:
        assert image.mode == "P"
        assert (np.array(image) == numbers).all()
        assert (np.array(image.convert("RGB")) == palette[numbers]).all()
    assert (io.open_mask(path).numbers == numbers).all()
    assert io.read_settings(path) == {"some": "é <&> settings"}


def test_more_than_255_classes(tmp_path: Path) -> None:
    numbers = np.arange(600, dtype=np.int32).reshape(20, 30)
    io.write_index(tmp_path / "a.tif", numbers.astype(np.uint16), np.zeros((256, 3), np.uint8))
    assert (tifffile.imread(tmp_path / "a.tif") == numbers).all()
    with pytest.raises(InputError, match="255 classes"):
        io.write_index(tmp_path / "a.png", numbers, np.zeros((256, 3), np.uint8))
