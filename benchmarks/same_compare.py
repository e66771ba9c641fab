"""Whether two runs of the same commands came to the same: text without times, pictures pixel for pixel, films, pages, arrays, events."""

from __future__ import annotations

import base64
import difflib
import html
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".tiff", ".tif", ".avif")
FILMS, PAGES = (".mp4",), (".html", ".htm")
TIMED = re.compile(r"\b\d+(\.\d+)? (s|min|h)\b( \d+ min\b)?")
PROGRESS = re.compile(r"^[^:]+: (\d+ of \d+|\d+ %|[\d.]+ of [\d.]+ MB)(, \d+ s left)?$")  # a line every five seconds
DATA = re.compile(r"data:(image|video)/[\w+.-]+;base64,([A-Za-z0-9+/=]+)")
DIGEST = re.compile(r"\b[zpif]?-?[0-9a-f]{10}\b")
WITHIN = re.compile(r"(--within(?:</span> <span>| ))\d+")  # the seconds that a tour would need: by this machine, as it is now
ADDRESS = re.compile(r" at 0x[0-9a-f]+")


@dataclass
class Found:
    """Where two folders differ: lines for a person, and the worst of the pictures."""

    lines: list[str] = field(default_factory=list)
    pictures: int = 0
    pages: int = 0
    differing: int = 0
    largest: float = 0.0
    pictures_same: bool = True
    pages_same: bool = True
    rest_same: bool = True
    bytes_differ: list[str] = field(default_factory=list)


def timeless(text: str) -> str:
    """Without times, addresses in memory and lines that come by the clock."""
    lines = [line for line in text.splitlines() if not PROGRESS.match(line)]
    return ADDRESS.sub("", TIMED.sub("T s", "\n".join(lines)))


def without(value: Any, *names: str) -> Any:
    """JSON without the fields of these names, however deep."""
    if isinstance(value, dict):
        kept = {k: without(v, *names) for k, v in value.items() if k not in names}
        times = kept.get("sections") if "seconds" in names else None
        return kept | ({"sections": list(times)} if isinstance(times, dict) else {})  # a tour's seconds, by section
    return [without(v, *names) for v in value] if isinstance(value, list) else value


def spoken(stdout: bytes) -> str:
    """Stdout as it is compared: JSON without `seconds`; a picture as its size and its file in hexadecimal; else text."""
    if stdout.startswith(b"\x89PNG"):
        return "a picture: " + base64.b64encode(stdout).decode()
    text = stdout.decode("utf-8", "backslashreplace")
    try:
        return json.dumps(without(json.loads(text), "seconds"), indent=1)
    except ValueError:
        return timeless(text)


def unlike(what: str, before: str, after: str, most: int = 12) -> list[str]:
    """The first lines of a difference."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm="", n=0))[2:]
    return [
        f"{what}:",
        *(f"    {line[:220]}" for line in lines[:most]),
        *([f"    … {len(lines) - most} more"] if len(lines) > most else []),
    ]


def frames(data: bytes, ending: str) -> Iterator[npt.NDArray[Any]]:
    """A picture's or film's frames, decoded."""
    if ending in FILMS:
        import av

        with av.open(io.BytesIO(data)) as film:
            for frame in film.decode(video=0):
                yield frame.to_ndarray(format="rgb24")
        return
    with Image.open(io.BytesIO(data)) as image:
        for k in range(getattr(image, "n_frames", 1)):
            image.seek(k)
            yield np.asarray(image.convert("RGBA") if image.mode in ("P", "PA") else image)


def told(data: bytes, ending: str) -> dict[str, Any]:
    """What a picture says beside its pixels: its record without the version, profile, EXIF, mode, times of frames."""
    if ending in FILMS:
        import av

        with av.open(io.BytesIO(data)) as film:
            text, more = (
                film.metadata.get("comment"),
                {"rate": str(film.streams.video[0].average_rate), "length": film.streams.video[0].frames},
            )
    else:
        with Image.open(io.BytesIO(data)) as image:
            comment = image.info.get("comment", b"")
            packet = re.search(rb"<zorki:settings>([^<]*)</zorki:settings>", data)
            text = image.info.get("zorki") or (html.unescape(packet[1].decode()) if packet else comment.decode() or None)
            more = {"mode": image.mode, "size": image.size, "duration": image.info.get("duration"), "exif": image.getexif().tobytes()}
            more |= {"profile": image.info.get("icc_profile"), "format": image.format}
    try:
        record = json.loads(text) if text else None
    except ValueError:
        record = text
    return {"record": without(record, "zorki")} | more


def pixels(name: str, before: bytes, after: bytes, found: Found, ending: str, only_told: bool = False) -> bool:
    """Compares two pictures or films; whether they are the same."""
    if before == after:
        return True
    was, now = told(before, ending), told(after, ending)
    if was != now:
        found.lines += unlike(f"{name}, what it says", json.dumps(was, indent=1, default=repr), json.dumps(now, indent=1, default=repr))
    same, differing, largest = was == now, 0, 0.0
    one, other = ([], []) if only_told else (list(frames(before, ending)), list(frames(after, ending)))
    if [x.shape for x in one] != [x.shape for x in other]:
        found.lines.append(f"{name}: {len(one)} × {one[0].shape} before, {len(other)} × {other[0].shape} after")
        return False
    for x, y in zip(one, other, strict=True):
        off = np.abs(x.astype(np.float64) - y.astype(np.float64))
        differing += int((off.reshape(*off.shape[:2], -1).max(-1) > 0).sum())
        largest = max(largest, float(off.max()))
    if differing:
        found.lines.append(f"{name}: {differing} of {sum(x.shape[0] * x.shape[1] for x in one)} pixels differ, by {largest:g} at most")
        found.differing, found.largest = found.differing + differing, max(found.largest, largest)
    elif same and not only_told:
        found.bytes_differ.append(name)
    return same and not differing


def page(name: str, before: str, after: str, found: Found) -> bool:
    """Compares two pages: embedded pictures decoded, then the rest without times and without the names of pictures."""
    same = True
    one, other = ([(m[1], base64.b64decode(m[2])) for m in DATA.finditer(text)] for text in (before, after))
    if len(one) != len(other):
        found.lines.append(f"{name}: {len(one)} pictures before, {len(other)} after")
        same = False
    for k, ((kind, x), (_, y)) in enumerate(zip(one, other, strict=False), 1):
        ending = ".mp4" if kind == "video" else ".webp"
        same = pixels(f"{name}, picture {k}", x, y, found, ending) and same
    was, now = (WITHIN.sub(r"\1N", DIGEST.sub("ID", timeless(DATA.sub("DATA", text)))) for text in (before, after))
    if was != now:
        found.lines += unlike(name, was, now)
    return same and was == now


def arrays(name: str, before: Path, after: Path, found: Found) -> bool:
    """Compares .npy and .npz files, number for number."""
    if before.read_bytes() == after.read_bytes():
        return True
    opened = [np.load(path, allow_pickle=False) for path in (before, after)]
    one, other = ({"": x} if isinstance(x, np.ndarray) else dict(x) for x in opened)
    same = one.keys() == other.keys()
    for key in one.keys() & other.keys():
        x, y = one[key], other[key]
        if x.shape != y.shape or x.dtype != y.dtype:
            found.lines.append(f"{name} {key}: {x.dtype} {x.shape} before, {y.dtype} {y.shape} after")
            same = False
        elif x.tobytes() != y.tobytes():
            off = f", by {np.abs(x.astype(np.float64) - y.astype(np.float64)).max():g} at most" if x.dtype.kind in "fiu" else ""
            found.lines.append(f"{name} {key}: {int((x != y).sum())} of {x.size} numbers differ{off}")
            same = False
    return same


def events(text: str) -> str:
    """Events as they are compared: without times, and without previews, which come by the clock."""
    lines = [json.loads(line) for line in text.splitlines()]
    kept = [without(line, "seconds_left") for line in lines if "preview" not in line]
    kept = [{k: TIMED.sub("T s", v) if k == "note" else v for k, v in line.items()} for line in kept]
    return "\n".join(map(json.dumps, kept))


def folders(before: Path, after: Path, inputs: Path, stopped: bool = False) -> Found:
    """Compares all files of two folders but untouched inputs. stopped: the last command was broken off, nobody knows at which step."""
    found = Found()
    names = [{str(p.relative_to(f)): p for p in sorted(f.rglob("*")) if p.is_file() and not skipped(p.name)} for f in (before, after)]
    for k, side in enumerate(("before", "after")):
        for name in sorted(names[k].keys() - names[1 - k].keys()):
            found.lines.append(f"{name}: {side} alone")
            found.rest_same = False
    for name in sorted(names[0].keys() & names[1].keys()):
        was, now, given = names[0][name], names[1][name], inputs / name
        if given.is_file() and given.read_bytes() == was.read_bytes() == now.read_bytes():
            continue
        try:
            one(name, was, now, found, stopped)
        except Exception as e:  # a damaged result is a difference, not the end of the table
            found.lines.append(f"{name}: cannot be compared, {type(e).__name__}: {e}")
            found.rest_same = False
    return found


def one(name: str, was: Path, now: Path, found: Found, stopped: bool) -> None:
    """Compares two files of one name, by its ending."""
    ending = was.suffix.lower()
    if ending in PICTURES + FILMS:
        found.pictures += 1
        found.pictures_same = pixels(name, was.read_bytes(), now.read_bytes(), found, ending, stopped) and found.pictures_same
    elif ending in PAGES:
        found.pages += 1
        found.pages_same = page(name, was.read_text(encoding="utf-8"), now.read_text(encoding="utf-8"), found) and found.pages_same
    elif ending in (".npy", ".npz"):
        found.rest_same = arrays(name, was, now, found) and found.rest_same
    elif ending == ".jsonl":
        texts = [events(path.read_text(encoding="utf-8")) for path in (was, now)]
        found.lines += unlike(name, *texts) if texts[0] != texts[1] else []
        found.rest_same = texts[0] == texts[1] and found.rest_same
    elif was.read_bytes() != now.read_bytes():
        found.lines.append(f"{name}: other bytes")
        found.rest_same = False


def skipped(name: str) -> bool:
    """Files that come by the clock, and those of Python."""
    return name.endswith((".preview.jpg", ".pyc")) or name == "stop.jsonl"
