"""What is kept of an index: gone on with after kill -9 and Ctrl-C, used again, never taken from something else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.sets import net, pictures, saved
from tests.toys import toy
from zorki import io
from zorki.core import events
from zorki.core.errors import InputError
from zorki.exciting import index, index_files
from zorki.wings.see import patches

pytestmark = pytest.mark.tiny


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


SLOW = """
import sys, time
from zorki.exciting import index, index_files
from tests.exciting.test_index_files import kept
seen = index.Best.take
def slowly(*given, **more):
    time.sleep(0.15)
    return seen(*given, **more)
index.Best.take = slowly
index.BLOCK, index_files.EVERY = 4, 0.0
kept(*sys.argv[1:])
"""


def kept(photos: str, file: str, dtype: str) -> None:
    """Makes an index on the disk, or goes on with one."""
    n = net()
    n.drawing = getattr(torch, dtype)
    search = index.Search(n, io.PhotoSet(photos), ("0", "3"), batch=3)
    search.rough = lambda: dtype == "bfloat16"  # type: ignore[method-assign]
    index_files.found(search, file)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_killed_and_gone_on_with_it_is_the_same_index(dtype: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kill -9 in the middle; the second process begins where the first had written, and ends with the same numbers."""
    photos, broken, whole = saved(tmp_path / "photos"), tmp_path / "broken.npz", tmp_path / "whole.npz"
    monkeypatch.setattr(index, "BLOCK", 4)
    started = subprocess.Popen([sys.executable, "-c", SLOW, str(photos), str(broken), dtype])
    for _ in range(1200):
        found = io.read_arrays(broken) if broken.exists() else None
        if found is not None and int(found["done"]) >= 8:
            break
        time.sleep(0.05)
    started.send_signal(signal.SIGKILL)
    started.wait()
    found = io.read_arrays(broken)
    assert found is not None
    assert 8 <= int(found["done"]) < 30
    assert not found["finished"]
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".zorki")] == [] or os.name == "nt"
    kept(str(photos), str(broken), dtype)
    kept(str(photos), str(whole), dtype)
    one, two = io.read_arrays(broken), io.read_arrays(whole)
    assert one is not None
    assert two is not None
    assert bool(one["finished"])
    assert one.keys() == two.keys()
    for name in one:
        assert np.array_equal(one[name], two[name]), name


def opened(photos: io.PhotoSet, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of all that is opened from now on."""
    names: list[str] = []
    plain = io.PhotoSet.open
    monkeypatch.setattr(io.PhotoSet, "open", lambda self, entry: names.append(entry.name) or plain(self, entry))
    return names


def test_a_finished_index_is_used_again_and_only_for_what_it_is_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = io.PhotoSet(saved(tmp_path / "photos"))
    names = opened(photos, monkeypatch)
    s = patches.Settings(layer="3", channel="0", count=2, beside="none")
    first = patches.run(net(), photos, s)
    assert set(names) == {f"{i}.png" for i in range(30)}
    assert len(list((tmp_path / "cache" / "zorki" / "patches").iterdir())) == 1
    names.clear()
    again = patches.run(net(), photos, patches.Settings(layer="3", channel="0-5", count=4, beside="gradient"))
    assert len(names) <= 6 * 4, "only what is cut"
    assert np.array_equal(again.values[:1, :2], first.values)
    for other, more in (
        (toy(seed=1), {}), (toy(), {"layer": "0"}), (toy(), {"size": 8}), (toy(), {"count": 12}),
    ):  # fmt: skip
        names.clear()
        patches.run(net(other), photos, patches.Settings(**{"layer": "3", "channel": "0", "count": 2, "beside": "none", **more}))  # type: ignore[arg-type]
        assert set(names) == {f"{i}.png" for i in range(30)}, more
    os.utime(tmp_path / "photos" / "4.png", ns=(1, 1))
    names.clear()
    patches.run(net(), io.PhotoSet(tmp_path / "photos"), s)
    assert len(set(names)) == 30


def test_an_index_of_more_layers_serves_for_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = io.PhotoSet(saved(tmp_path / "photos"))
    all_ = patches.run(net(), photos, patches.Settings(layer="0,3", channel="0", count=2, beside="none", drawn=False))
    file = str(tmp_path / "mine.npz")
    patches.run(net(), photos, patches.Settings(layer="0,3", channel="0", count=2, beside="none", drawn=False, index=file))
    names = opened(photos, monkeypatch)
    for given in (None, file):
        one = patches.run(net(), photos, patches.Settings(layer="3", channel="0", count=2, beside="none", drawn=False, index=given))
        assert len(names) == 2, "only what is cut"
        names.clear()
        assert np.array_equal(one.values, all_.layers[1].values)
        assert np.array_equal(one.photos, all_.layers[1].photos)
    with pytest.raises(InputError, match="no index of these"):
        patches.run(net(), photos, patches.Settings(layer="4", index=file))


def test_the_cache_keeps_the_indexes_that_were_used_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_files, "KEPT", 3)
    photos, cache = io.PhotoSet(saved(tmp_path / "photos", 4)), tmp_path / "cache" / "zorki" / "patches"
    s = [patches.Settings(layer="3", channel="0", size=size, beside="none", drawn=False) for size in (8, 12, 16, 20)]
    for age, one in enumerate(s[:3]):
        patches.run(net(), photos, one)
        for file in cache.iterdir():
            if file.stat().st_mtime_ns > 10**15:
                os.utime(file, ns=(age, age))
    first = min(cache.iterdir(), key=lambda f: f.stat().st_mtime_ns)
    patches.run(net(), photos, s[0])  # used: no longer the oldest
    patches.run(net(), photos, s[3])
    assert len(list(cache.iterdir())) == 3
    assert first.exists()
    assert not any(f.stat().st_mtime_ns == 1 for f in cache.iterdir()), "the second was"


def test_a_file_for_the_index_is_never_taken_from_something_else(tmp_path: Path) -> None:
    photos = io.PhotoSet(saved(tmp_path / "photos", 5))
    file = tmp_path / "mine.npz"
    s = {"layer": "3", "channel": "0", "count": 2, "index": str(file)}
    patches.run(net(), photos, patches.Settings(**s))  # type: ignore[arg-type]
    before = file.read_bytes()
    patches.run(net(), photos, patches.Settings(**s))  # type: ignore[arg-type]
    assert file.read_bytes() == before
    assert not (tmp_path / "cache").exists()
    with pytest.raises(InputError, match=r"mine\.npz is no index of these"):
        patches.run(net(toy(seed=1)), photos, patches.Settings(**s))  # type: ignore[arg-type]
    file.write_bytes(b"something of the user's")
    with pytest.raises(InputError, match="or a damaged one"):
        patches.run(net(), photos, patches.Settings(**s))  # type: ignore[arg-type]
    assert file.read_bytes() == b"something of the user's"
    with pytest.raises(InputError, match="folder"):
        patches.run(net(), photos, patches.Settings(**(s | {"index": str(tmp_path / "none" / "x.npz")})))  # type: ignore[arg-type]
    assert patches.run(net(), io.PhotoSet(pictures(3)), patches.Settings(layer="3")).count == 3
    assert not (tmp_path / "cache").exists(), "what is at hand is not kept on the disk"


def test_an_index_of_pictures_at_hand_stays_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    photos, looked = io.PhotoSet(pictures(6)), []
    finish = index.Search.finish
    monkeypatch.setattr(index.Search, "finish", lambda search, begun: looked.append(search.layers) or finish(search, begun))
    searches = [index.Search(net(), photos, [layer], 2) for layer in ("3", "3", "0")]
    found = [index_files.found(search, None) for search in searches]
    assert looked == [["3"], ["0"]]
    assert found[0] is found[1]
    index_files.found(index.Search(net(toy(seed=1)), photos, ["3"], 2), None)
    index_files.found(index.Search(net(), photos, ["3"], 3), None)
    assert looked[2:] == [["3"], ["3"]], "other weights, another number: another index"


def test_a_damaged_cache_is_made_anew(tmp_path: Path) -> None:
    photos = io.PhotoSet(saved(tmp_path / "photos", 5))
    s = patches.Settings(layer="3", channel="0", count=2)
    first = patches.run(net(), photos, s)
    (kept,) = (tmp_path / "cache" / "zorki" / "patches").iterdir()
    kept.write_bytes(kept.read_bytes()[:100])
    assert np.array_equal(patches.run(net(), photos, s).values, first.values)


def test_ctrl_c_keeps_the_index_so_far_and_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = io.PhotoSet(saved(tmp_path / "photos"))
    monkeypatch.setattr(index, "BLOCK", 4)
    monkeypatch.setattr(index_files, "EVERY", 0.0)

    def stop(e: events.Event) -> None:
        if e.stage == "photographs" and e.step >= 16:
            raise KeyboardInterrupt

    s = patches.Settings(layer="3", channel="0", count=2)
    with events.listen(stop), pytest.raises(KeyboardInterrupt, match=r"index of 12 of 30 photographs is kept.*same command"):
        patches.run(net(), photos, s)
    heard: list[str] = []
    with events.listen(lambda e: heard.append(e.note)):
        found = patches.run(net(), photos, s)
    assert any("12 of 30" in note for note in heard)
    (kept,) = (tmp_path / "cache" / "zorki" / "patches").iterdir()
    kept.unlink()
    assert np.array_equal(found.values, patches.run(net(), photos, s).values)
