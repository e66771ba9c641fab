"""What a file is, by its first bytes, and which ending stands for which format."""

from __future__ import annotations

from pathlib import Path

ENDINGS = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".png": "PNG", ".webp": "WEBP", ".avif": "AVIF",
    ".heic": "HEIF", ".heif": "HEIF", ".hif": "HEIF", ".tif": "TIFF", ".tiff": "TIFF", ".bmp": "BMP", ".gif": "GIF",
}  # fmt: skip
"""Ending to format: all that is read, and all that is written."""

HEAD = 4096
"""Bytes that `sniff` wants to see."""

_STRAY = b"\xef\xbb\xbf \t\r\n"  # what servers and editors leave in front
_MAGIC = [
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
]
_OTHER = [
    (b"II*\0\x10\0\0\0CR", "a camera's raw picture"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"PK\x03\x04", "a zip archive or office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"FLV", "a video"),
    (b"\0\0\x01\xba", "a video"),
    (b"\0\0\x01\xb3", "a video"),
    (b"8BPS", "a Photoshop document"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"\0\0\x01\0", "a Windows icon"),
    (b"v/1\x01", "an OpenEXR picture"),
    (b"\x93NUMPY", "a numpy array"),
]


def sniff(head: bytes) -> tuple[str | None, str]:
    """The format by the first bytes, or None; and in words what the file is ("a JPEG picture", "a PDF document")."""
    if head[4:8] == b"ftyp":
        return _boxes(head)
    for magic, words in _OTHER:
        if head.startswith(magic):
            return None, words
    begun = head.lstrip(_STRAY)
    for magic, name in _MAGIC:
        if head.startswith(magic) or (name == "JPEG" and begun.startswith(magic)):
            return name, f"a {name} picture"
    if head[:4] == b"RIFF":
        return ("WEBP", "a WEBP picture") if head[8:12] == b"WEBP" else (None, "a video" if head[8:12] == b"AVI " else "a sound")
    return None, _text(head)


def _boxes(head: bytes) -> tuple[str | None, str]:
    """AVIF, HEIF and MP4 share one container; the brands in its first box tell them apart."""
    length = min(int.from_bytes(head[:4], "big"), 256)
    brands = {head[8:12], *(head[i : i + 4] for i in range(16, length, 4))}
    if brands & {b"avif", b"avis"}:
        return "AVIF", "an AVIF picture"
    if brands & {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}:
        return "HEIF", "a HEIF picture"
    return None, "a video"


def _text(head: bytes) -> str:
    start = head.lstrip(_STRAY)[:2000].lower()
    if start.startswith((b"<svg", b"<?xml")) and b"<svg" in start:
        return "an SVG drawing"
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if start and not any(byte < 9 for byte in head):
        return "a text file"
    return "not a known kind of file"


def format_of(path: Path) -> str | None:
    """The format that the ending stands for, or None."""
    return ENDINGS.get(path.suffix.lower())
