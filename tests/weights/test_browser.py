"""onnxruntime-web's files: from a folder, an archive, or fetched when asked and never otherwise. Against a server of our own."""

from __future__ import annotations

import hashlib
import os
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from zorki.core.errors import InputError, WeightsError
from zorki.weights import browser

pytestmark = pytest.mark.tiny
FILES = {browser.SCRIPT: b"/*!\n * ONNX Runtime Web v1.99.0-dev\n */\nexport {};", browser.BINARY: b"\0asm\1\0\0\0"}


def laid(folder: Path, leave: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in FILES.items():
        if name != leave:
            (folder / name).write_bytes(data)
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [n for n in os.environ if n.lower().endswith("_proxy") or n == "ZORKI_OFFLINE"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


class Quiet(SimpleHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The files at an address of ours; what is asked for there."""
    Quiet.asked.clear()
    handler = partial(Quiet, directory=str(laid(tmp_path / "server")))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setattr(browser, "ADDRESS", f"http://127.0.0.1:{serving.server_address[1]}/")
        monkeypatch.setattr(browser, "SHA256", {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()})
        yield Quiet.asked
        serving.shutdown()
        thread.join()


@pytest.mark.parametrize("place", ["", "dist", "package/dist", "node_modules/onnxruntime-web/dist"])
@pytest.mark.parametrize("packed", [False, True])
def test_from_a_folder_or_an_archive_however_it_was_laid(tmp_path: Path, place: str, packed: bool) -> None:
    laid(tmp_path / "given" / place)
    given = tmp_path / "given"
    if packed:
        with tarfile.open(tmp_path / "given.tgz", "w:gz") as archive:
            for name in FILES:
                archive.add(given / place / name, f"{place}/{name}".lstrip("/"))
        given = tmp_path / "given.tgz"
    found = browser.runtime(str(given))
    assert (found.version, found.script, found.binary) == ("1.99.0-dev", *FILES.values())


@pytest.mark.parametrize(
    ("leave", "said"),
    [(browser.SCRIPT, f"holds no {browser.SCRIPT}\\."), (browser.BINARY, f"holds no {browser.BINARY}\\."), ("", "cannot be read")],
)
def test_what_is_not_there_is_named(tmp_path: Path, leave: str, said: str) -> None:
    given = laid(tmp_path / "given", leave)
    if not leave:
        given = tmp_path / "broken.tgz"
        given.write_bytes(b"\x1f\x8b half an archive")
    with pytest.raises(InputError, match=said):
        browser.runtime(str(given))


@pytest.mark.parametrize("name", FILES)
def test_other_files_of_these_names_are_refused(tmp_path: Path, name: str) -> None:
    (laid(tmp_path / "given") / name).write_bytes(b"<html>Not found</html>")
    with pytest.raises(InputError, match="is not onnxruntime-web"):
        browser.runtime(str(tmp_path / "given"))


def test_nothing_is_fetched_unasked(served: list[str]) -> None:
    with pytest.raises(InputError, match=r"Nothing is fetched unasked.*runtime=fetch"):
        browser.runtime(None)
    assert not served


def test_fetched_once_and_kept(served: list[str]) -> None:
    first = browser.runtime("fetch")
    assert (first.version, first.script, first.binary) == (browser.VERSION, *FILES.values())
    assert sorted(served) == sorted(f"/{name}" for name in FILES)
    served.clear()
    assert browser.runtime(None) == browser.runtime("fetch") == first
    assert not served


def test_what_is_another_file_is_not_kept(served: list[str], tmp_path: Path) -> None:
    (tmp_path / "server" / browser.BINARY).write_bytes(b"\0asm and more")
    with pytest.raises(WeightsError, match="SHA-256"):
        browser.runtime("fetch")
    assert not browser.pieces()[1].file.exists()
    with pytest.raises(InputError, match="which is not here"):
        browser.runtime(None)


def test_offline_means_offline(served: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZORKI_OFFLINE", "1")
    with pytest.raises(WeightsError, match="ZORKI_OFFLINE is set"):
        browser.runtime("fetch")
    assert not served
