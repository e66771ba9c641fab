"""Pictures that Pillow decodes: a PIL image to colours, alpha, orientation, profile, EXIF."""

from __future__ import annotations

from typing import IO, Any

import numpy as np
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from zorki.core.errors import InputError
from zorki.io import signals
from zorki.io.exif import read_exif
from zorki.io.photo import Array, Raw

# The readers by name and not Image.open: that one compares sizes with a limit of its own, which is global and warns.
_READERS: dict[str, Any] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
}
_SPACES = {"L": "gray", "LA": "gray", "I": "gray", "F": "gray", "RGB": "rgb", "RGBA": "rgb", "CMYK": "cmyk"}


def header(handle: IO[bytes], kind: str) -> Image.Image:
    """The picture with its size known and its pixels not yet decoded."""
    image: Image.Image = _READERS[kind](handle)
    return image


def _simple(image: Image.Image) -> Image.Image:
    """The same picture with palettes and bits resolved, and what is called transparent as alpha."""
    if image.mode == "LAB":
        moved = ImageCms.profileToProfile(image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB")
        return moved or image
    if image.mode == "1":
        image = image.convert("L")
    clear = "transparency" in image.info or (image.mode == "P" and image.palette is not None and image.palette.mode == "RGBA")
    wanted = {"L": "LA", "P": "RGBA", "RGB": "RGBA"} if clear else {"P": "RGB"}
    wanted |= {"PA": "RGBA", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB", "YCbCr": "RGB", "HSV": "RGB"}
    return image.convert(wanted[image.mode]) if image.mode in wanted else image


def decode(image: Image.Image, name: str) -> Raw:
    """Decodes a PIL image. Raises InputError for a mode that is no picture; what Pillow raises on a broken file passes through."""
    frames, word = getattr(image, "n_frames", 1), "pages" if image.format == "TIFF" else "frames"
    notes: tuple[str, ...] = (f"{name} has {frames} {word}; the first is used.",) if frames > 1 else ()
    image.load()
    orientation, exif, small = read_exif(image.getexif(), camera_only=image.format == "TIFF")
    profile = image.info.get("icc_profile")
    plain = _simple(image)
    data: Array = np.asarray(plain)
    mode = "I" if plain.mode.startswith("I;16") else plain.mode
    if mode not in _SPACES:
        raise InputError(f"{name} is a PIL image of mode {mode}.", "Grey, RGB or CMYK is needed.", "Call .convert('RGB') on it first.")
    if mode == "CMYK":
        notes += (f"{name} is in CMYK; the result is in RGB.",)
    raw = Raw(
        data=data if data.ndim == 3 else data[..., None],
        space=_SPACES[mode],
        alpha=mode in ("LA", "RGBA"),
        orientation=orientation,
        profile=profile if isinstance(profile, bytes) and profile else None,
        exif=exif,
        small=small,
        notes=notes,
        top=65535 if mode == "I" else None,
    )
    if raw.profile is None and "srgb" not in image.info and ("gamma" in image.info or "chromaticity" in image.info):
        signals.measured(raw, image.info.get("gamma"), image.info.get("chromaticity"), name)
    return raw
