"""HEIC pictures, and what HEIC and AVIF say of their colours, through pillow-heif, without registering it anywhere."""

from __future__ import annotations

from typing import IO, Any

import numpy as np
from PIL import Image

from zorki.io import signals
from zorki.io.photo import Array, Raw
from zorki.io.pillow import decode


def header(handle: IO[bytes]) -> Any:
    """The opened container; `.size` is known, the pixels are not yet decoded."""
    import pillow_heif

    return pillow_heif.open_heif(handle)


def read(handle: IO[bytes], container: Any, name: str) -> Raw:
    """The main picture, 8 bit, HDR in 16. The turn stands in the container and libheif has applied it, so that EXIF's is not."""
    raw = decode(container.to_pillow(), name)
    raw.orientation = 1
    if len(container) > 1:
        raw.notes += (f"{name} has {len(container)} pictures; the main one is used.",)
    if depth := _colours(raw, container, name):
        import pillow_heif

        handle.seek(0)
        _deepen(raw, np.asarray(pillow_heif.open_heif(handle, convert_hdr_to_8bit=False)) >> (16 - depth), depth)
    return raw


def coloured(handle: IO[bytes], raw: Raw, name: str) -> None:
    """What an AVIF's container says of its colours, which Pillow does not tell, put into what Pillow read of it."""
    import imagecodecs

    try:
        container = header(handle)
    except Exception:  # a sequence, or parts that libheif does not know; Pillow has read it
        return
    if depth := _colours(raw, container, name):
        handle.seek(0)
        _deepen(raw, imagecodecs.avif_decode(handle.read(), index=0), depth)


def _colours(raw: Raw, container: Any, name: str) -> int:
    """Heeds the nclx box, unless there is an ICC profile; bits of what has to be read again because eight are too few, else 0."""
    said = container.info.get("nclx_profile")
    if raw.profile is None and said:
        signals.coded(raw, said["color_primaries"], said["transfer_characteristics"], name)
    bits = int(container.info.get("bit_depth", 8))
    return bits if raw.hdr and bits > 8 else 0


def _deepen(raw: Raw, data: Array, depth: int) -> None:
    """The same picture with more bits, in place of eight; only where it is laid out alike."""
    if data.shape == raw.data.shape and data.dtype == np.uint16:
        raw.data = np.rint(data * (65535 / (2**depth - 1))).astype(np.uint16)


def writable() -> bool:
    """Whether this machine's libheif can write HEIC."""
    import pillow_heif

    return "x265" in pillow_heif.libheif_info()["encoders"]


def write(image: Image.Image, quality: int, **extra: Any) -> bytes:
    """A HEIC file of an RGB, RGBA or L image; extra: exif, xmp, icc_profile."""
    import io

    import pillow_heif

    buffer = io.BytesIO()
    # of x265's presets the fastest writes as good a picture, a third larger, seven times as fast (measured)
    pillow_heif.from_pillow(image).save(buffer, quality=quality, chroma=444, enc_params={"preset": "ultrafast"}, **extra)
    return buffer.getvalue()
