"""Official files are fetched whole, once, and only when asked for; whatever goes wrong says how to go on. Against a server of our own."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import urllib3

from zorki import weights
from zorki.cli.terminal import Lines
from zorki.core import events
from zorki.core.errors import Stopped, UnknownName, WeightsError, ZorkiError
from zorki.weights import cards, getting

pytestmark = pytest.mark.unit
DATA = bytes(range(256)) * 4000  # a megabyte
SHA = hashlib.sha256(DATA).hexdigest()[:8]
FILE = f"net-{SHA}.pth"


class Answers(BaseHTTPRequestHandler):
    """The folder that a file is asked from says what happens to it."""

    server: Server

    def do_GET(self) -> None:
        kind = self.path.rpartition("/")[0].rpartition("/")[2]
        self.server.asked.append(self.path)
        if kind in ("moved", "bared"):
            self.send_response(302)
            self.send_header("Location", f"{self.server.address if kind == 'bared' else ''}/good/{FILE}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif kind == "missing":
            self.send_error(404)
        elif kind == "busy":
            self.send_response(503)
            self.send_header("Retry-After", "3600")
            self.end_headers()
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(DATA)))
            self.end_headers()
            data = DATA[: len(DATA) // 2] if kind == "short" else DATA[::-1] if kind == "wrong" else DATA
            for at in range(0, len(data), 20000):
                self.wfile.write(data[at : at + 20000])
                if kind.startswith("slow"):
                    self.wfile.flush()
                    time.sleep(float(kind.removeprefix("slow")))

    def log_message(self, *_: object) -> None:
        """Silent."""


class Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked: list[str] = []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        """Whoever asked went away: that is what is tested."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folders with nothing in them, and a network without a proxy."""
    for name in [n for n in os.environ if n.lower().endswith("_proxy") or n == "ZORKI_OFFLINE"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


def known(url: str = "", **more: object) -> None:
    """Puts a card named `net` into the user's folder."""
    fields: dict[str, object] = {
        "title": "A net", "licence": "none", "build": "zorki.nets.vgg:Vgg", "parameters": 1, "side": 32, "data": "none", "not_fit_for": "use",
    }  # fmt: skip
    fields |= {"url": url, "sha256": SHA, "bytes": len(DATA)} if url else {}
    cards.own().mkdir(parents=True, exist_ok=True)
    lines = [f"{name} = {json.dumps(value)}" for name, value in (fields | more).items()]
    (cards.own() / "net.toml").write_text("\n".join(lines), encoding="utf-8")


def left() -> list[str]:
    """What lies where files are put, but for the lock."""
    return sorted(p.name for p in cards.downloads().glob("*") if p.suffix != ".lock") if cards.downloads().exists() else []


def heard(call: Callable[[], object]) -> list[events.Event]:
    told: list[events.Event] = []
    with events.listen(told.append):
        call()
    return told


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "zorki", "models", "get", *words]


def says_how_to_go_on(e: ZorkiError, url: str) -> None:
    said = e.lines()
    assert len(said) == 3
    assert FILE in said[0]
    assert said[1].endswith(url)
    assert said[2].endswith(f"by hand into {cards.downloads()}")


@pytest.mark.parametrize("kind", ["good", "moved"])
def test_a_good_file_is_kept(kind: str, server: Server) -> None:
    known(f"{server.address}/{kind}/{FILE}")
    assert not weights.card("net").installed
    path = weights.get("net")
    assert path == cards.downloads() / FILE == weights.card("net").file
    assert path.read_bytes() == DATA
    assert left() == [FILE]


@pytest.mark.parametrize(
    ("kind", "said"),
    [("short", r"broke off after 0\.5 MB of 1\.0 MB"), ("missing", r"404 \(Not Found\)"), ("busy", "503"), ("wrong", "SHA-256.*not kept")],
)
def test_what_is_not_whole_is_not_kept(kind: str, said: str, server: Server) -> None:
    url = f"{server.address}/{kind}/{FILE}"
    known(url)
    with pytest.raises(WeightsError, match=said) as e:
        weights.get("net")
    says_how_to_go_on(e.value, url)
    assert left() == []
    assert len(server.asked) == 1


def test_no_server_at_all() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/{FILE}"
    known(url)
    with pytest.raises(WeightsError, match="no connection") as e:
        weights.get("net")
    says_how_to_go_on(e.value, url)


@pytest.mark.parametrize("place", ["gopher://127.0.0.1", "http://[127.0.0.1", "http://127.0.0.1:99999"])
def test_an_address_that_is_none(place: str) -> None:
    url = f"{place}/{FILE}"
    known(url)
    with pytest.raises(WeightsError) as e:
        weights.get("net")
    says_how_to_go_on(e.value, url)


def test_nobody_is_sent_on_to_an_address_without_encryption(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(_: str) -> urllib3.PoolManager:
        pool = urllib3.PoolManager()
        pool.pool_classes_by_scheme = dict.fromkeys(("http", "https"), urllib3.HTTPConnectionPool)
        return pool

    monkeypatch.setattr(getting, "manager", blind)
    for kind in ("moved", "good"):
        known(f"https{server.address.removeprefix('http')}/{kind}/{FILE}")
        weights.get("net").unlink()
    url = f"https{server.address.removeprefix('http')}/bared/{FILE}"
    known(url)
    with pytest.raises(WeightsError, match="without encryption") as e:
        weights.get("net")
    says_how_to_go_on(e.value, url)
    assert left() == []


def test_offline_no_connection_is_opened(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"{server.address}/good/{FILE}"
    known(url)
    monkeypatch.setenv("ZORKI_OFFLINE", "1")
    with pytest.raises(WeightsError, match="ZORKI_OFFLINE") as e:
        weights.get("net")
    says_how_to_go_on(e.value, url)
    assert server.asked == []


def test_the_proxy_of_the_environment_is_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    known(f"http://weights.invalid/good/{FILE}")
    monkeypatch.setenv("http_proxy", server.address.removeprefix("http://"))
    assert weights.get("net").read_bytes() == DATA
    assert server.asked == [f"http://weights.invalid/good/{FILE}"]


def test_what_is_here_is_kept(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    known(f"{server.address}/good/{FILE}")
    cards.downloads().mkdir(parents=True)
    (cards.downloads() / FILE).write_bytes(DATA)
    monkeypatch.setenv("ZORKI_OFFLINE", "1")  # nothing is needed from anywhere
    assert "here already, and whole" in heard(lambda: weights.get("net"))[0].note
    assert server.asked == []


def test_what_is_damaged_is_replaced_once_there_is_better(server: Server) -> None:
    known(f"{server.address}/short/{FILE}")
    cards.downloads().mkdir(parents=True)
    (cards.downloads() / FILE).write_bytes(DATA[:-1])
    with pytest.raises(WeightsError):
        weights.get("net")
    assert (cards.downloads() / FILE).read_bytes() == DATA[:-1]
    known(f"{server.address}/good/{FILE}")
    assert "damaged" in heard(lambda: weights.get("net"))[0].note
    assert (cards.downloads() / FILE).read_bytes() == DATA


def test_progress_is_told_with_the_seconds_left(server: Server) -> None:
    known(f"{server.address}/slow0.015/{FILE}")
    kept = io.StringIO()
    with events.listen(Lines(kept)):
        weights.get("net")
    told: list[dict[str, Any]] = [json.loads(line) for line in kept.getvalue().splitlines()]
    assert {(t["stage"], t["unit"], t["of"]) for t in told} == {(f"fetching {FILE}", "bytes", len(DATA))}
    steps = [t["step"] for t in told]
    assert steps == sorted(steps)
    assert (steps[0], steps[-1]) == (0, len(DATA))
    assert len(told) >= 3
    assert all(0 < t["seconds_left"] < 60 for t in told[1:-1])
    assert told[-1]["seconds_left"] == 0


def test_a_folder_that_may_not_be_made_is_one_sentence(server: Server, home: Path) -> None:
    url = f"{server.address}/good/{FILE}"
    known(url)
    (home / "cache").write_bytes(b"")
    with pytest.raises(WeightsError) as e:
        weights.get("net")
    says_how_to_go_on(e.value, url)
    assert server.asked == []


def test_too_little_room_is_told_before_anything_is_written(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"{server.address}/good/{FILE}"
    known(url)
    usage = shutil.disk_usage(Path())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=len(DATA) - 1))
    with pytest.raises(Stopped, match="disk is full") as e:
        weights.get("net")
    says_how_to_go_on(e.value, url)
    assert left() == []


def test_a_full_disk_keeps_nothing(server: Server) -> None:
    resource = pytest.importorskip("resource")
    url = f"{server.address}/good/{FILE}"
    known(url)
    most = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(DATA) // 2}, resource.getrlimit({resource.RLIMIT_FSIZE})[1]))"
    code = f"import resource, sys\n{most}\nfrom zorki.cli.main import main\nmain(['models', 'get', 'net'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 4
    assert done.stdout == ""
    said = done.stderr.splitlines()
    assert "disk is full" in said[0]
    assert said[1].endswith(url)
    assert said[2].endswith(str(cards.downloads()))
    assert len(said) == 3
    assert left() == []


def test_two_processes_at_once_fetch_it_once(server: Server) -> None:
    known(f"{server.address}/slow0.02/{FILE}")
    both = [subprocess.Popen(command("net", "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for one in both:
        out, err = one.communicate(timeout=60)
        assert one.returncode == 0, err
        answer = json.loads(out)
        assert list(answer) == ["command", "out", "seconds"]
        assert (answer["command"], answer["out"]) == (["models", "get"], [str(cards.downloads() / FILE)])
    assert len(server.asked) == 1
    assert (cards.downloads() / FILE).read_bytes() == DATA
    assert left() == [FILE]


def test_what_a_killed_process_left_is_taken_away(server: Server) -> None:
    known(f"{server.address}/good/{FILE}")
    cards.downloads().mkdir(parents=True)
    for name, age in (("old", 7200), ("new", 60)):
        (cards.downloads() / f".zorki-{name}.pth").write_bytes(b"half")
        os.utime(cards.downloads() / f".zorki-{name}.pth", (time.time() - age,) * 2)
    weights.get("net")
    assert left() == [".zorki-new.pth", FILE]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("times", [1, 8], ids=["once", "impatient"])
def test_ctrl_c_leaves_nothing(times: int, server: Server) -> None:
    known(f"{server.address}/slow0.5/{FILE}")
    going = subprocess.Popen(command("net"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 30
    while not left() and time.monotonic() < until:
        time.sleep(0.02)
    assert len(left()) == 1
    for _ in range(times):
        going.send_signal(signal.SIGINT)
        time.sleep(0.0005)
    out, err = going.communicate(timeout=60)
    assert (going.returncode, out) == (130, "")
    assert err.startswith("zorki: Stopped by Ctrl-C. Nothing")
    assert times > 1 or err.strip() == "zorki: Stopped by Ctrl-C. Nothing of the file was kept."
    assert left() == []


def test_what_ships_or_comes_by_pip_is_not_fetched(server: Server) -> None:
    assert "nothing to get" in heard(lambda: weights.get("eye"))[0].note
    known(package="no_such_package", file_in_package="net.pth", extra="imagenet")
    with pytest.raises(WeightsError) as e:
        weights.get("net")
    assert e.value.lines() == ["The weights of net are missing.", "They come by pip.", "Install them: pip install 'zorki[imagenet]'."]
    known()
    with pytest.raises(WeightsError, match="Put them there"):
        weights.get("net")
    with pytest.raises(UnknownName, match="eye"):
        weights.get("eey")
