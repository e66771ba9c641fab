"""The command's settings kept inside the picture: PNG text, GIF comment, a film's comment, else XMP."""

from __future__ import annotations

import html
import json
import re
import struct
import zipfile
from pathlib import Path
from typing import Any

from zorki.io import heif, pillow, pngs
from zorki.io.files import existing_file
from zorki.io.kinds import HEAD, sniff
from zorki.io.quiet import quiet

KEY = "zorki"
_XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:zorki="urn:zorki:1">'
    '<zorki:settings>{}</zorki:settings></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


def to_text(settings: dict[str, Any]) -> str:
    """JSON in plain ASCII. Raises TypeError for what JSON cannot hold."""
    return json.dumps(settings)


def to_xmp(settings: dict[str, Any]) -> bytes:
    """An XMP packet that holds the settings."""
    return _XMP.format(html.escape(to_text(settings), quote=False)).encode()


def add_to_webp(path: Path, settings: dict[str, Any]) -> None:
    """Appends the settings to an animated WebP as its last chunk; one of a single frame has no place for them and stays as it is."""
    packet = to_xmp(settings)
    with path.open("rb+") as handle:
        head = bytearray(handle.read(21))
        if head[12:16] != b"VP8X":
            return
        handle.seek(0, 2)
        handle.write(b"XMP " + struct.pack("<I", len(packet)) + packet + b"\0" * (len(packet) % 2))
        head[4:8] = struct.pack("<I", handle.tell() - 8)
        head[20] |= 4  # the flag that says: XMP follows
        handle.seek(0)
        handle.write(head)


def _from_xmp(packet: object) -> str | None:
    """By pattern and not by an XML reader: the packet may be a stranger's, and those can be made to eat all memory."""
    words = packet.decode("utf-8", "replace") if isinstance(packet, bytes) else str(packet or "")
    found = re.search(r"<zorki:settings>([^<]*)</zorki:settings>", words)
    return html.unescape(found[1]) if found else None


def read_settings(path: str | Path) -> dict[str, Any] | None:
    """The settings that `save_photo` or `Film` left in a file, or None. Raises InputError when the file is missing or unreadable."""
    path = existing_file(path)
    try:
        with quiet():
            text = _text(path)
        settings = json.loads(text) if text else None
    except Exception:  # damaged, or another program's: then it holds none of ours
        return None
    return settings if isinstance(settings, dict) else None


def _text(path: Path) -> str | None:
    with path.open("rb") as handle:
        kind, words = sniff(handle.read(HEAD))
        handle.seek(0)
        if kind == "PNG":
            return pngs.text(handle.read(), KEY)
        if kind == "HEIF":
            return _from_xmp(heif.header(handle).info.get("xmp"))
        if kind is not None:
            image = pillow.header(handle, kind)
            if kind == "GIF":
                return str(image.info["comment"], "ascii")
            return _from_xmp(image.info.get("xmp") or getattr(image, "tag_v2", {}).get(700))
    if words == "a text file" and path.suffix.lower() in (".json", ".geojson"):
        found = json.loads(path.read_text(encoding="utf-8"))
        return to_text(found.get(KEY) or found["info"][KEY])
    if words.startswith("a zip archive"):
        with zipfile.ZipFile(path) as archive:
            return archive.comment.decode() or None
    if words == "a video":
        import av

        with av.open(str(path)) as container:
            return next((text for name, text in container.metadata.items() if name.lower() == "comment"), None)  # Matroska writes it large
    return None
