"""Pictures that Pillow decodes: a PIL image to colours, alpha, orientation, profile, EXIF."""

from __future__ import annotations

import warnings
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
from zorki.io.exif import read_exif
from zorki.io.photo import Raw

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
_SPACES = {"L": "gray", "LA": "gray", "I;16": "gray", "F": "gray", "RGB": "rgb", "RGBA": "rgb", "CMYK": "cmyk"}


def header(handle: IO[bytes], kind: str) -> Image.Image:
    """The picture with its size known and its pixels not yet decoded."""
    image: Image.Image = _READERS[kind](handle)
    return image


def labels(handle: IO[bytes], kind: str) -> tuple[dict[Any, Any], dict[int, Any]]:
    """What stands beside the pixels: Pillow's info, and a TIFF's tags."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = header(handle, kind)
        return dict(image.info), dict(getattr(image, "tag_v2", {}))


def _frames(image: Image.Image, name: str) -> tuple[str, ...]:
    count = getattr(image, "n_frames", 1)
    if count < 2:
        return ()
    return (f"{name} has {count} {'pages' if image.format == 'TIFF' else 'frames'}; the first is used.",)


def _simple(image: Image.Image) -> Image.Image:
    """The same picture in one of L, LA, I;16, F, RGB, RGBA, CMYK; palettes and bits resolved, transparency as alpha."""
    mode = image.mode
    if mode in ("I;16", "I;16B", "I;16L", "I;16N", "I"):
        return image
    if "transparency" in image.info and mode in ("1", "L", "P", "RGB"):
        return image.convert("RGBA") if mode in ("P", "RGB") else image.convert("L").convert("LA") if mode == "1" else image.convert("LA")
    if mode == "P":
        return image.convert("RGBA" if image.palette and image.palette.mode == "RGBA" else "RGB")
    if mode == "LAB":
        built = ImageCms.profileToProfile(image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB")
        return built if built is not None else image
    other = {"1": "L", "PA": "RGBA", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB", "YCbCr": "RGB", "HSV": "RGB"}.get(mode)
    return image.convert(other) if other else image


def decode(image: Image.Image, name: str) -> Raw:
    """Decodes a PIL image. Raises InputError for a mode that is no picture; what a broken file makes Pillow raise passes through."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow tells of odd tags and palettes; the pixels are what counts
        notes = _frames(image, name)
        image.load()
        orientation, exif = read_exif(image.getexif(), camera_only=image.format == "TIFF")
        profile = image.info.get("icc_profile")
        plain = _simple(image)
    mode, data = plain.mode, np.asarray(plain)
    if mode.startswith("I"):
        mode, data = "I;16", _sixteen(data, name)
    if mode == "F":
        data = unit(data, name)
    if mode not in _SPACES:
        raise InputError(
            f"{name} is a PIL image of mode {mode}.", "A picture of grey, RGB or CMYK is needed.", "Call .convert('RGB') on it first."
        )
    if mode == "CMYK":
        notes += (f"{name} is in CMYK; the result is in RGB.",)
    data = data.astype(np.uint16) if mode == "I;16" else data
    return Raw(
        data=data if data.ndim == 3 else data[..., None],
        space=_SPACES[mode],
        alpha=mode in ("LA", "RGBA"),
        orientation=orientation,
        profile=profile if isinstance(profile, bytes) and profile else None,
        exif=exif,
        notes=notes,
    )


def _sixteen(data: Any, name: str) -> Any:
    if data.min() < 0 or data.max() > 65535:
        raise InputError(
            f"{name} has values from {data.min()} to {data.max()}.",
            "Whole numbers from 0 to 65535 are a 16-bit picture.",
            "Scale it first.",
        )
    return data


def unit(data: Any, name: str) -> Any:
    """float of any shape to float32 0..1. Raises InputError when it is not finite, has another range, or was divided twice."""
    low, high = float(data.min()), float(data.max())
    values = "numbers that are not finite" if not (np.isfinite(low) and np.isfinite(high)) else f"values from {low:.4g} to {high:.4g}"
    expected = "Floating-point pictures go from 0 to 1."
    if not (np.isfinite(low) and np.isfinite(high)):
        raise InputError(f"{name} has {values}.", expected, "Find out where they come from.")
    if 1.001 < high <= 255.5 and low >= 0:
        raise InputError(f"{name} has {values}.", expected, "Divide by 255, or give it as uint8.")
    if low < -0.001:
        raise InputError(f"{name} has {values}.", expected, "Undo the normalisation: multiply by the deviation and add the mean.")
    if high > 1.001:
        raise InputError(f"{name} has {values}.", expected, "Divide by the largest value that it can have.")
    if 0 < high <= 1 / 255 + 1e-6:
        raise InputError(f"{name} has {values}.", expected, "It looks divided by 255 twice: divide once.")
    return np.clip(data, 0, 1).astype(np.float32)
