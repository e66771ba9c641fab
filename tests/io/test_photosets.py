"""Many photographs as one sequence: which there are, in what order, how they are known again, and what a broken one does."""

from __future__ import annotations

import io as bytes_io
import os
import pickle
import threading
import time
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zorki.core.errors import InputError
from zorki.io import PhotoSet, photosets
from zorki.io.quiet import quiet


def png(level: int = 0, hw: tuple[int, int] = (4, 6)) -> bytes:
    out = bytes_io.BytesIO()
    Image.fromarray(np.full((*hw, 3), level, np.uint8)).save(out, "PNG")
    return out.getvalue()


def put(folder: Path, *names: str) -> Path:
    """A picture under each name, the first of level 0, the next of level 1 …"""
    for level, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(png(level % 256))
    return folder


def packed(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as z:
        for level, name in enumerate(names):
            z.writestr(name, png(level))
    return path


def levels(photos: PhotoSet) -> list[int]:
    return [round(float(p.pixels[0, 0, 0]) * 255) for p in photos]


def test_a_folder_in_natural_order_without_what_is_no_picture(tmp_path: Path) -> None:
    put(tmp_path, "10.png", "2.PNG", "1.jpg", ".hidden.png", "sub/3.png")
    (tmp_path / "notes.txt").write_text("x")
    found = PhotoSet(tmp_path)
    assert [e.name for e in found.entries] == ["1.jpg", "2.PNG", "10.png"]
    assert levels(found) == [2, 1, 0]
    assert [p.name for p in found[1:]] == ["2.PNG", "10.png"]
    assert found[-1].name == "10.png"
    assert found.name == tmp_path.name


def test_a_zip_with_all_that_is_in_it_folder_by_folder(tmp_path: Path) -> None:
    z = packed(tmp_path / "a.zip", "b/10.png", "b/9.png", "a10/1.png", "a9/1.png", "top.png", "__MACOSX/b/9.png", "b/.x.png", "b/x.txt")
    found = PhotoSet(z)
    assert [e.name for e in found.entries] == ["a9/1.png", "a10/1.png", "b/9.png", "b/10.png", "top.png"]
    assert levels(found) == [3, 2, 1, 0, 4]


def test_several_sources_in_their_order_each_photograph_once(tmp_path: Path) -> None:
    put(tmp_path / "one", "a.png", "b.png")
    z = packed(tmp_path / "two.zip", "c.png")
    found = PhotoSet([z, tmp_path / "one" / "b.png", str(tmp_path / "one"), z])
    assert [e.name for e in found.entries] == ["c.png", "b.png", "a.png"]
    assert found.names == ["two.zip", "b.png", "one", "two.zip"]
    assert found.on_disk


def test_patterns_go_deeper_and_find_zips(tmp_path: Path) -> None:
    put(tmp_path, "a/1.png", "b/c/2.png")
    packed(tmp_path / "b" / "z.zip", "3.png")
    assert sorted(e.name for e in PhotoSet(f"{tmp_path}/**").entries) == ["1.png", "2.png", "3.png"]
    with pytest.raises(InputError, match=r"No picture and no zip matches.*\.webp"):
        PhotoSet(f"{tmp_path}/*.gif")


def test_pictures_at_hand(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(7))
    a, b = np.zeros((3, 4, 3), np.uint8), np.full((3, 4, 3), 9, np.uint8)
    found = PhotoSet([a, b, tmp_path / "a.png"])
    assert levels(found) == [0, 9, 7]
    assert not found.on_disk
    assert PhotoSet([a]).signature != PhotoSet([b]).signature
    assert len(PhotoSet(a)) == 1


def test_a_folder_of_zips_alone_is_these_zips(tmp_path: Path) -> None:
    (tmp_path / "z").mkdir()
    packed(tmp_path / "z" / "2.zip", "a.png")
    (tmp_path / "z" / "folder.zip").mkdir()
    packed(tmp_path / "z" / "10.zip", "b.png", "c/d.png")
    assert [e.name for e in PhotoSet(tmp_path / "z").entries] == ["a.png", "b.png", "c/d.png"]
    put(tmp_path / "z", "own.png")
    assert [e.name for e in PhotoSet(tmp_path / "z").entries] == ["own.png"]


def test_nothing_is_refused_with_what_was_looked_for_and_how_many_lie_deeper(tmp_path: Path) -> None:
    put(tmp_path / "deep", "a/1.png", "a/b/2.jpg", "a/b/3.webp")
    with pytest.raises(InputError, match=r"holds no pictures.*\.jpg.*\.webp.*; 3 lie in its sub-folders.*\*\*"):
        PhotoSet(tmp_path / "deep")
    assert len(PhotoSet(f"{tmp_path / 'deep'}/**")) == 3, "the advice helps"
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.txt").write_text("x")
    with pytest.raises(InputError, match="0 lie in its sub-folders"):
        PhotoSet(tmp_path / "text")
    packed(tmp_path / "text" / "z.zip", "a.txt")
    for given in (tmp_path / "text" / "z.zip", tmp_path / "text"):
        with pytest.raises(InputError, match=r"z\.zip holds no pictures"):
            PhotoSet(given)
    with pytest.raises(InputError, match="no whole zip"):
        (tmp_path / "bad.zip").write_bytes(b"PK\3\4 and no more")
        PhotoSet(tmp_path / "bad.zip")
    with pytest.raises(InputError, match="missing"):
        PhotoSet(tmp_path / "missing.zip")
    with pytest.raises(InputError, match="No photographs"):
        PhotoSet([])


def test_the_signature_is_that_of_names_sizes_and_times(tmp_path: Path) -> None:
    put(tmp_path / "a", "1.png", "2.png")
    first = PhotoSet(tmp_path / "a").signature
    (tmp_path / "a").rename(tmp_path / "b")
    assert PhotoSet(tmp_path / "b").signature == first, "wherever the folder lies"
    os.utime(tmp_path / "b" / "1.png", ns=(1, 1))
    later = PhotoSet(tmp_path / "b").signature
    (tmp_path / "b" / "1.png").rename(tmp_path / "b" / "0.png")
    renamed = PhotoSet(tmp_path / "b").signature
    put(tmp_path / "b", "3.png")
    assert len({first, later, renamed, PhotoSet(tmp_path / "b").signature}) == 4
    z = packed(tmp_path / "z.zip", "1.png")
    one = PhotoSet(z).signature
    with zipfile.ZipFile(z, "w") as other:
        other.writestr("1.png", png(5))
    assert PhotoSet(z).signature != one


def test_reading_gives_all_in_order_and_a_reason_in_place_of_a_broken_one(tmp_path: Path) -> None:
    put(tmp_path / "a", *(f"{i}.png" for i in range(40)))
    (tmp_path / "a" / "7.png").write_bytes(png()[:40])
    (tmp_path / "a" / "9.png").write_bytes(b"")
    found = list(PhotoSet(tmp_path / "a").read(lambda p: round(float(p.pixels[0, 0, 0]) * 255)))
    assert [n for n, _ in found] == list(range(40))
    assert [x for _, x in found if not isinstance(x, InputError)] == [i for i in range(40) if i not in (7, 9)]
    assert "damaged" in str(found[7][1])
    assert "empty" in str(found[9][1])
    assert [n for n, _ in PhotoSet(tmp_path / "a").read(lambda p: 0, [3, 30, 5])] == [3, 30, 5]


def test_a_damaged_entry_of_a_zip_is_one_broken_photograph(tmp_path: Path) -> None:
    z = packed(tmp_path / "a.zip", "1.png", "2.png", "3.png")
    data = bytearray(z.read_bytes())
    data[data.index(b"IDAT") + 6] ^= 0xFF  # of the first
    z.write_bytes(bytes(data))
    found = [x for _, x in PhotoSet(z).read(lambda p: p.name)]
    assert isinstance(found[0], InputError)
    assert found[1:] == ["2.png", "3.png"]


def test_no_more_are_open_than_a_bound_and_threads_end_with_the_reader(tmp_path: Path) -> None:
    put(tmp_path, *(f"{i}.png" for i in range(300)))
    opened, before = [0], threading.active_count()

    def change(_photo: object) -> int:
        opened[0] += 1
        return 0

    reader = PhotoSet(tmp_path).read(change)
    next(reader)
    time.sleep(0.5)  # threads would go on, were they not held
    assert opened[0] <= 4 * photosets.AHEAD * photosets.AT_ONCE
    assert opened[0] < 300
    reader.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_who_stops_reading_leaves_no_thread_at_work(tmp_path: Path) -> None:
    put(tmp_path, *(f"{i}.png" for i in range(100)))
    before, opened = threading.active_count(), [0]

    def slowly(_photo: object) -> int:
        time.sleep(0.02)
        opened[0] += 1
        return 0

    reader = PhotoSet(tmp_path).read(slowly)
    next(reader)
    reader.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
    count = opened[0]
    time.sleep(0.3)
    assert opened[0] == count < 100


def test_warnings_are_as_before_however_threads_overlap(tmp_path: Path) -> None:
    put(tmp_path, *(f"{i}.png" for i in range(64)))
    before = list(warnings.filters)
    for _ in range(5):
        assert len(list(PhotoSet(tmp_path).read(lambda p: 0))) == 64
    assert warnings.filters == before


def test_it_stays_quiet_until_the_last_one_has_left() -> None:
    before = list(warnings.filters)
    with quiet():
        with quiet():
            pass
        warnings.warn("would be an error here", stacklevel=1)
    assert warnings.filters == before


def test_a_set_travels_to_other_processes(tmp_path: Path) -> None:
    found = PhotoSet(packed(tmp_path / "a.zip", "1.png", "2.png"))
    assert levels(found) == [0, 1]
    assert levels(pickle.loads(pickle.dumps(found))) == [0, 1]


def test_a_picture_larger_than_the_limit_is_broken_not_fatal(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(1, (20, 20)))
    (tmp_path / "b.png").write_bytes(png(2))
    a, b = (x for _, x in PhotoSet(tmp_path, limit=100).read(lambda p: p.name))
    assert "20 x 20" in str(a)
    assert b == "b.png"


def test_a_set_without_a_folder_is_another_set(tmp_path: Path) -> None:
    put(tmp_path / "all", "a.png", "made/b.png", "made/deeper/c.png")
    photos = PhotoSet([str(tmp_path / "all" / "**"), np.full((4, 4, 3), 255, np.uint8)])
    photos.failed[1] = "broken"
    fewer = photos.without(tmp_path / "all" / "made")
    assert [e.name for e in fewer.entries] == ["a.png", "picture 2"]
    assert len(photos) == 4
    assert photos.failed == {1: "broken"}
    assert (fewer.failed, fewer.names) == ({}, photos.names)
    assert fewer[1].pixels.shape[:2] == (4, 4)
    assert fewer.signature != photos.signature
    with pytest.raises(AttributeError):
        photos.entries = ()  # type: ignore[misc]
