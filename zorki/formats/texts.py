"""Files of text as annotation tools write them, and what is said of one that is damaged."""

from __future__ import annotations

import codecs
import json
import mmap
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from zorki.core.errors import InputError, Stopped

KEYS = {
    "labelme": (b'"shapes"', (b'"imagePath"', b'"label"')),
    "coco": (b'"images"', (b'"annotations"', b'"categories"', b'"file_name"')),
    "geojson": (b'"geometry"', (b'"coordinates"', b'"properties"')),
}  # a key by which a JSON file is known, with one of those beside it, whether or not the file is whole


DECLARED = re.compile(r"^\ufeff?\s*<\?xml[^>]*\?>")


def json_of(path: Path) -> Any:
    """What it holds. Raises InputError for a file that is none, or is cut off; Stopped when memory runs out."""
    try:
        return json.loads(read(path))
    except json.JSONDecodeError as e:
        if e.pos >= len(e.doc.rstrip()) - 1 or e.msg.startswith("Unterminated"):
            got = f"{path.name} is cut off: it ends at character {len(e.doc):,}, in the middle."
        else:
            got = f"{path.name} is no whole JSON: line {e.lineno}, column {e.colno}: {e.msg}."
        raise InputError(got, "It must be there to its end.", "Copy, export or download it again.") from e
    except UnicodeDecodeError as e:
        raise InputError(f"{path.name} is not in UTF-8.", "JSON is.", "Save it anew in UTF-8.") from e
    except ValueError as e:  # Python reads no whole number of more than 4,300 digits
        raise InputError(f"{path.name} holds a number of thousands of digits.", "No annotations do.", "Mend it, or export it again.") from e
    except RecursionError as e:
        raise InputError(f"{path.name} is nested too deep.", "No annotations are.", "Take another file.") from e
    except MemoryError as e:
        raise Stopped(f"There is not enough memory to read {path.name}.", "All of it is needed at once.", "Close other programs.") from e


def xml_of(path: Path) -> ElementTree.Element:
    """What it holds, in whatever encoding it says. Raises InputError for a file that is none, or is cut off."""
    data = read(path)
    try:
        try:
            return ElementTree.fromstring(data)
        except (ValueError, LookupError):  # an encoding that the parser lacks
            return ElementTree.fromstring(DECLARED.sub("", data.decode(encoding_of(data)), count=1))
    except ElementTree.ParseError as e:
        if "amplification" in str(e):
            raise InputError(f"{path.name} grows without end as it is read.", "No annotations do.", "Take another file.") from e
        raise InputError(f"{path.name} is no whole XML: {e}.", "It must be there to its end.", "Copy or export it again.") from e
    except (ValueError, LookupError) as e:
        got = f"{path.name} is in an encoding that is not known, or not in the one that it says."
        raise InputError(got, "Its first line names it.", "Save it anew in UTF-8.") from e


def encoding_of(data: bytes) -> str:
    """What the first bytes of an XML file say; else UTF-8."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    said = re.match(rb"""<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)""", data[:200])
    return said[1].decode("ascii") if said else "utf-8-sig"


def begins(path: Path) -> str:
    """The first letters of a text file, as far as they can be read."""
    head = read(path)[:8192]
    try:
        return head.decode(encoding_of(head), "ignore")
    except LookupError:
        return head.decode("latin-1")


def read(path: Path) -> bytes:
    """Raises InputError for a file that cannot be read; a pipe is none, since nobody may ever write into it."""
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path.name} is no file.", "It is a pipe or a device.", "Name a file.")
        return path.read_bytes()
    except OSError as e:
        raise InputError(f"{path.name} cannot be read: {e.strerror or e}.", "It is there, but cannot be opened.", "Check it.") from e


def lines(path: Path) -> list[str]:
    """The lines that are not empty, without spaces around them. Raises InputError for what is no text."""
    try:
        return [line for one in read(path).decode("utf-8-sig").splitlines() if (line := one.strip())]
    except UnicodeDecodeError as e:
        raise InputError(f"{path.name} is no text in UTF-8.", "One line each is read.", "Save it anew in UTF-8.") from e


def kind_of(path: Path) -> str:
    """What a JSON file is, by the keys that stand in it: one of KEYS, or ""."""
    try:
        if not path.is_file():  # a pipe would wait for ever
            return ""
        with path.open("rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as data:
            for kind, (first, others) in KEYS.items():
                if data.find(first) >= 0 and any(data.find(other) >= 0 for other in others):
                    return kind
    except (OSError, ValueError):  # an empty file, say
        pass
    return ""
