"""Official weight files, fetched when somebody asks for one and never otherwise: the only place that goes to the network."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import responses
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote
from urllib.request import getproxies, proxy_bypass

import urllib3
from filelock import FileLock, Timeout
from urllib3 import exceptions as broken

from zorki.core import events, folders
from zorki.core.errors import InputError, Stopped, WeightsError, ZorkiError
from zorki.io.disk import atomic, trouble
from zorki.weights import cards
from zorki.weights.cards import Card, megabytes

OFFLINE = "ZORKI_OFFLINE"  # 1: no connection is ever opened
CONNECT, READ = 10.0, 30.0  # seconds that a server may take to answer, and between two pieces
PIECE = 1 << 16  # bytes
TELL_EVERY = 0.2  # seconds
STALE = 3600.0  # seconds after which nobody writes to a temporary file any more


class Wanted(Protocol):
    """A file that can be fetched: where it is to lie, where it comes from, how large it is, and its SHA-256, or how that begins."""

    @property
    def file(self) -> Path: ...
    @property
    def url(self) -> str: ...
    @property
    def bytes(self) -> int: ...
    @property
    def sha256(self) -> str: ...


def get(name: str) -> Path:
    """Fetches the weight file of a card that has a `url`; where it lies. What is here already is kept, unless it is damaged.

    Raises UnknownName, WeightsError when it cannot be had, Stopped for a full disk; the last two say how to put it there by hand.
    """
    known = cards.card(name)
    return brought(known) if known.url else nothing_to_get(known)


def brought(known: Wanted) -> Path:
    """The file, fetched if it is not here; where it lies. Raises as `get`."""
    try:
        if complete(known):
            events.note(f"{known.file.name} is here already{', and whole' if known.sha256 else ''}.")
            return known.file
        if os.environ.get(OFFLINE, "0") not in ("", "0"):
            raise failed(known, f"{OFFLINE} is set")
        if folders.cache() is None:
            raise WeightsError(
                f"There is no home folder to keep {known.file.name} in.",
                "It would be kept in a cache there.",
                "Set HOME, or XDG_CACHE_HOME to a folder.",
            )
        known.file.parent.mkdir(parents=True, exist_ok=True)
        with alone(known):
            if not complete(known):  # another process may have been quicker
                if known.file.is_file():
                    events.note(f"{known.file.name} is here, but damaged (its SHA-256 differs): it is fetched anew.")
                tidy(known.file.parent)
                fetch(known)
    except broken.HTTPError as e:
        raise failed(known, why(e)) from e
    except OSError as e:
        raise by_hand(known, trouble(e, known.file)) from e
    except (InputError, Stopped) as e:  # atomic's
        raise by_hand(known, e) from e
    return known.file


def nothing_to_get(known: Card) -> Path:
    """What is told of a network whose numbers come in another way. Raises WeightsError when they are missing."""
    if known.package:
        command = "pip install " + (f"'zorki[{known.extra}]'" if known.extra else known.package.replace("_", "-"))
        if not known.installed:
            raise WeightsError(f"The weights of {known.name} are missing.", "They come by pip.", f"Install them: {command}.")
        events.note(f"{known.name} is here already: it comes with {command}.")
        return known.file
    ships = known.folder == cards.FILES
    if not known.installed:
        do = "Install Zorki again." if ships else "Put them there."
        raise WeightsError(f"The weights of {known.name} are missing.", f"They belong at {known.file}.", do)
    events.note(f"{known.name} {'ships with Zorki' if ships else 'is in your own folder'}: there is nothing to get.")
    return known.file


def complete(known: Wanted) -> bool:
    """Whether the file is here and the one that the card describes."""
    if not known.file.is_file():
        return False
    with known.file.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest().startswith(known.sha256)


def tidy(folder: Path) -> None:
    """Takes away what processes that were killed have left half-written."""
    for left in folder.glob(".zorki-*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE:
                left.unlink()


def fetch(known: Wanted) -> None:
    """Streams the file to a temporary name and renames it once length and hash are right."""
    with asked(known.url) as response:
        if response.status != 200:
            said = responses.get(response.status, "")
            raise failed(known, f"the server answered {response.status}{f' ({said})' if said else ''}")
        length = response.headers.get("Content-Length", "")
        total = int(length) if length.isdecimal() else known.bytes
        if shutil.disk_usage(known.file.parent).free < total:
            raise Stopped(f"The disk is full: {known.file.name} takes {megabytes(total)}.", *where(known, "Free some space"))
        with atomic(known.file) as temporary:
            digest = streamed(response, temporary, total, f"fetching {known.file.name}")
            if not digest.startswith(known.sha256):
                raise failed(known, f"its SHA-256 ({digest[:8]}…) is not the card's ({known.sha256[:8]}…), so it was not kept")


def streamed(response: urllib3.BaseHTTPResponse, to: Path, total: int, stage: str) -> str:
    """Writes what comes, telling how far it is; its SHA-256."""
    digest, done, told = hashlib.sha256(), 0, time.monotonic()
    events.tell(stage, 0, total, unit="bytes")
    with to.open("wb") as out:
        for piece in response.stream(PIECE, decode_content=False):
            out.write(piece)
            digest.update(piece)
            done += len(piece)
            if done < total and time.monotonic() - told >= TELL_EVERY:
                told = time.monotonic()
                events.tell(stage, done, total, unit="bytes")
    events.tell(stage, done, done, unit="bytes")
    return digest.hexdigest()


@contextmanager
def asked(url: str) -> Iterator[urllib3.BaseHTTPResponse]:
    """The server's answer, after redirects; nothing is tried twice, since urllib3 would tell it on stderr."""
    retries = urllib3.Retry(10, connect=0, read=0, status=0, other=0, redirect=10, respect_retry_after_header=False)
    wait = urllib3.Timeout(connect=CONNECT, read=READ)
    headers = {"Accept-Encoding": "identity", "User-Agent": "zorki"}
    with (
        manager(url) as pool,
        closing(pool.request("GET", url, headers=headers, retries=retries, timeout=wait, preload_content=False)) as response,
    ):
        hops = response.retries.history if response.retries else ()
        if url.startswith("https:") and any((h.redirect_location or "").lower().startswith("http:") for h in hops):
            raise broken.HTTPError("it was sent on to an address without encryption")  # the hash's few digits alone are no guard
        yield response


def manager(url: str) -> urllib3.PoolManager:
    """Connections, by way of the proxy that the user's environment names, if any."""
    parts, proxies = urllib3.util.parse_url(url), getproxies()
    proxy = proxies.get(parts.scheme or "") or proxies.get("all")
    if not proxy or proxy_bypass(parts.host or ""):
        return urllib3.PoolManager()
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    auth = urllib3.util.parse_url(proxy).auth
    return urllib3.ProxyManager(proxy, proxy_headers=urllib3.make_headers(proxy_basic_auth=unquote(auth)) if auth else None)


@contextmanager
def alone(known: Wanted) -> Iterator[None]:
    """No other process fetches the same file inside; waits for one that does."""
    lock = FileLock(known.file.with_name(f".{known.file.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        events.note(f"Another process is fetching {known.file.name}; waiting for it.")
        lock.acquire()
    except NotImplementedError:  # a disk without locks: two at once fetch it twice, and each renames a whole file
        pass
    try:
        yield
    finally:
        lock.release()


def failed(known: Wanted, reason: str) -> WeightsError:
    return WeightsError(f"{known.file.name} could not be fetched: {reason}.", *where(known))


def by_hand(known: Wanted, e: ZorkiError) -> ZorkiError:
    """A trouble with the disk, with what can be done about it here."""
    got = e.got if known.file.name in e.got else f"{known.file.name} could not be fetched. {e.got}"
    return Stopped(got, *where(known, "Free some space")) if isinstance(e, Stopped) else WeightsError(got, *where(known))


def where(known: Wanted, do: str = "Try again") -> tuple[str, str]:
    """Where the file comes from and where it belongs; the address stands last in its line, so that it can be copied."""
    return f"It comes from {known.url}", f"{do}, or put it by hand into {known.file.parent}"


def why(e: Exception) -> str:
    """What went wrong on the way, in a few words."""
    if isinstance(e, broken.MaxRetryError) and e.reason is not None:
        return why(e.reason)
    if isinstance(e, broken.ProxyError):
        return f"the proxy failed: {why(e.original_error)}"
    short = next((a for a in e.args if isinstance(a, broken.IncompleteRead)), None)
    if short is not None:
        came = short.partial or 0
        return f"it broke off after {megabytes(came)} of {megabytes(came + (short.expected or 0))}"
    if isinstance(e, broken.NameResolutionError):
        return "its server is not found (is there a connection?)"
    if isinstance(e, broken.NewConnectionError):
        return f"there is no connection ({str(e).rpartition(': ')[2]})"
    if isinstance(e, broken.TimeoutError):
        return "the server does not answer"
    if isinstance(e, broken.ProtocolError):
        return f"it broke off ({' '.join(str(e.args[-1] if e.args else e).split())[:120]})"
    return " ".join(str(e).split()).rstrip(".")[:160]
