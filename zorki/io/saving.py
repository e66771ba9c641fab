"""A picture out: back into its own colours, depth, alpha and EXIF, in one step onto the disk."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from zorki.core import events
from zorki.core.errors import InputError, UnknownName
from zorki.io import colour, heif, pngs, tiffs
from zorki.io.disk import atomic, check_target
from zorki.io.exif import SMALL, with_small
from zorki.io.kinds import ENDINGS, format_of
from zorki.io.photo import Array, Photo, Stored
from zorki.io.scale import resize
from zorki.io.settings import KEY, to_text, to_xmp

_DEEP = ("PNG", "TIFF")  # 16 bit
_GREY = ("PNG", "TIFF", "JPEG")  # one channel
_ALPHA = ("PNG", "TIFF", "WEBP", "AVIF", "HEIF")
_LONGEST = {"JPEG": 65535, "GIF": 65535, "WEBP": 16383, "AVIF": 65535, "HEIF": 16384}
_JPEG_SEGMENT = 65_000  # bytes of EXIF, or of settings, that a JPEG can hold; longer ones are left out
_COMES_BACK_AS = {"GIF": ".png", "BMP": ".png", "JPEG": ".jpg", "TIFF": ".tif", "HEIF": ".heic"}


def check_picture_target(path: Path, force: bool) -> str:
    """Before work is spent on it: may a picture be written as `path`? Its format. Raises InputError."""
    kind = format_of(path)
    if kind is None:
        raise InputError(f"{path.name} has no ending of a picture.", f"Known are {', '.join(ENDINGS)}.", "Add one to the name.")
    if kind == "HEIF" and not heif.writable():
        raise InputError(f"{path.name}: HEIC cannot be written on this machine.", "Its libheif has no encoder.", "Choose .jpg or .avif.")
    check_target(path, force)
    return kind


def save_photo(
    path: str | Path,
    pixels: Array,
    like: Photo | None = None,
    settings: dict[str, Any] | None = None,
    force: bool = False,
    quality: int = 95,
) -> Path:
    """Writes (h, w, 3) sRGB, float 0..1 or uint8, as what the ending says; values outside are clipped. Returns the path.

    like: the photo it was made from. Its profile is converted back to and embedded, its alpha (resized if need be) and EXIF are kept (a small copy
    in it is made anew of what is written); pixels that are as they were opened are written as they were stored;
    16 bit and one grey channel (when R = G = B exactly) stay, where the format has them. Without one, what is grey is saved so. JPEG, GIF and BMP have no alpha: white is
    put behind.
    settings: kept in the file for `read_settings`, in BMP not, in JPEG up to 65 kB. The file appears whole or not at all.
    Raises InputError (unknown ending, exists without `force`, no such folder, too long a side, not finite), Stopped (disk full).
    """
    path = Path(path)
    kind = check_picture_target(path, force)
    colours = _checked(pixels, path.name, _LONGEST.get(kind))
    data = _file(kind, colours, like or Photo(pixels=np.empty((0, 0, 3), np.float32), grey=True), settings, quality)
    with atomic(path, force) as temporary:
        temporary.write_bytes(data)
    if like is not None:
        _tell_lost(path.name, kind, like)
    return path


def _tell_lost(name: str, kind: str, like: Photo) -> None:
    """A note of what the photo had and this format has not."""
    lost = ["is not transparent: white is behind"] if like.alpha is not None and kind not in _ALPHA and like.alpha.min() < 1 else []
    lost += [f"has 8 of the photo's {like.depth} bit"] if like.depth > 8 and kind not in _DEEP else []
    if lost:
        events.note(f"{name} {' and '.join(lost)}. PNG and TIFF keep all.")


def _checked(pixels: Array, name: str, longest: int | None) -> Array:
    if pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape or not (pixels.dtype.kind == "f" or pixels.dtype == np.uint8):
        raise InputError(
            f"{name}: an array {pixels.shape} of {pixels.dtype} came.",
            "(h, w, 3) floats from 0 to 1, or uint8, are saved.",
            "Convert it first.",
        )
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        raise InputError(
            f"{name}: the picture holds numbers that are not finite.", "Nothing was written.", "Lower the rate or the weights."
        )
    if longest and max(pixels.shape) > longest:
        raise InputError(
            f"{name}: {pixels.shape[1]} x {pixels.shape[0]} is too large.", f"This format ends at {longest} a side.", "Save it as .png."
        )
    return pixels if pixels.dtype == np.uint8 else pixels.astype(np.float32, copy=False)


def _file(kind: str, pixels: Array, like: Photo, settings: dict[str, Any] | None, quality: int) -> bytes:
    alpha = like.alpha
    if pixels.dtype == np.uint8 and (alpha is not None or like.profile is not None or like.depth == 16):
        pixels = pixels / np.float32(255)
    if alpha is not None and alpha.shape != pixels.shape[:2]:
        alpha = np.clip(resize(alpha[..., None], pixels.shape[:2])[..., 0], 0, 1)
    if alpha is not None and kind not in _ALPHA:
        pixels, alpha = pixels * alpha[..., None] + (1 - alpha[..., None]), None
    depth: Literal[8, 16] = 16 if like.depth == 16 and kind in _DEEP else 8
    grey = like.grey and kind in _GREY and bool((pixels == pixels[..., :1]).all())
    data, profile = None, like.profile if kind not in ("BMP", "GIF") else None
    if profile is not None:
        data = colour.from_srgb(pixels, profile, depth, grey)
    if data is not None and like.stored is not None:
        _as_stored(data, pixels, like.stored)
    if data is None:
        plain = pixels[..., :1] if grey else pixels
        data, profile = plain if plain.dtype == np.uint8 else colour.levels(plain, depth), None
    if alpha is not None:
        data = np.concatenate([data, colour.levels(alpha[..., None], depth)], axis=2)
    exif = with_small(like.exif, _small(data)) if like.small and kind not in ("TIFF", "BMP", "GIF") else like.exif
    if kind == "JPEG" and like.small and exif is not None and len(exif) >= _JPEG_SEGMENT:
        exif = like.exif
    if kind == "PNG":
        return pngs.write(data, profile, exif, {KEY: to_text(settings)} if settings is not None else {})
    xmp = to_xmp(settings) if settings is not None else None
    if kind == "TIFF":
        return tiffs.write(data, alpha is not None, profile, xmp, like.exif)
    comment = to_text(settings).encode() if settings is not None else None
    image = pil(data)
    del data  # of a large picture there is no room for both
    return _by_pillow(kind, image, quality, {"icc_profile": profile, "exif": exif, "xmp": xmp, "comment": comment})


def _as_stored(data: Array, pixels: Array, stored: Stored) -> None:
    """What is as it was opened becomes the very numbers that it was: a way into sRGB and back moves some by a level, and what sRGB cannot show by more."""
    if stored.data.shape != data.shape or stored.data.dtype != data.dtype:
        return
    for some in colour.strips(pixels):
        same = (pixels[some] == stored.pixels[some]).all(-1)
        data[some][same] = stored.data[some][same]


def _small(data: Array) -> bytes:
    """A JPEG of `SMALL` pixels a side of what is written, in its own colours; white is behind what is transparent."""
    image = pil(data if data.dtype == np.uint8 else (data >> 8).astype(np.uint8))
    k = SMALL / max(image.size)
    if k < 1:
        w, h = (max(1, round(k * side)) for side in image.size)
        image = image.resize((w, h), Image.Resampling.LANCZOS, reducing_gap=3.0)
    if image.mode in ("LA", "RGBA"):
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _by_pillow(kind: str, image: Image.Image, quality: int, extra: dict[str, Any]) -> bytes:
    comment = extra.pop("comment")
    extra = {key: value for key, value in extra.items() if value}
    if kind == "HEIF":
        return heif.write(image, quality, **extra)
    if kind == "JPEG":
        extra = {key: value for key, value in extra.items() if key == "icc_profile" or len(value) < _JPEG_SEGMENT}
        extra |= {"quality": quality, "subsampling": 0 if quality >= 90 else 2}
    elif kind in ("WEBP", "AVIF"):
        extra |= {"quality": quality}
        extra |= {"exact": True} if kind == "WEBP" else {"subsampling": "4:4:4", "speed": 9}
    else:
        extra = {"comment": comment} if comment and kind == "GIF" else {}
    buffer = io.BytesIO()
    image.save(buffer, kind, **extra)
    return buffer.getvalue()


def pil(pixels: Array) -> Image.Image:
    """A PIL image, 8 bit, of (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), uint8 or float sRGB 0..1."""
    data = pixels if pixels.dtype == np.uint8 else colour.levels(pixels, 8)
    return Image.fromarray(data[..., 0] if data.ndim == 3 and data.shape[2] == 1 else data)


def encode(pixels: Array, format: Literal["JPEG", "PNG", "WEBP"], quality: int = 90) -> bytes:
    """The bytes of a small plain file for a web page. pixels: (h, w), (h, w, 1) or (h, w, 3), uint8 or float 0..1.

    Raises UnknownName for another format.
    """
    if format not in ("JPEG", "PNG", "WEBP"):
        raise UnknownName.among("format for a page", format, ["JPEG", "PNG", "WEBP"])
    buffer = io.BytesIO()
    pil(pixels).save(buffer, format, **({"optimize": True} if format == "PNG" else {"quality": quality}))
    return buffer.getvalue()


def output_name(photo: Photo, command: str) -> str:
    """What a result is called that got no --out: "cat.jpg" and "dream" make "cat.dream.jpg".

    The ending stays when the format is written; GIF and BMP become PNG, HEIC becomes JPEG where it cannot be written.
    """
    stem, ending = Path(photo.name).stem, Path(photo.name).suffix
    kind = photo.format
    if kind == "HEIF" and not heif.writable():
        kind = "JPEG"
    if ENDINGS.get(ending.lower()) != kind or kind in ("GIF", "BMP"):
        stem = stem if ending.lower() in ENDINGS else photo.name
        ending = _COMES_BACK_AS.get(kind, f".{kind.lower()}")
    return f"{stem}.{command}{ending}"
