"""Small pictures, made in memory, that several tests look at."""

import io
from typing import Any

import numpy as np
from PIL import Image

FORMATS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
}

MODES = {
    "BMP": ("1", "L", "P", "RGB"),
    "PNG": ("1", "L", "P", "RGB", "LA", "RGBA", "I;16"),
    "TIFF": ("1", "L", "P", "RGB", "CMYK", "YCbCr", "LA", "RGBA", "I;16", "I", "F"),
    "JPEG": ("L", "RGB", "CMYK"),
    "WEBP": ("RGB", "RGBA"),
    "AVIF": ("L", "RGB", "RGBA"),
    "GIF": ("L", "P", "RGB", "RGBA"),
}
"""Modes that a format is written in, by format."""

CASES = [(form, mode) for form, modes in MODES.items() for mode in modes]


def picture(mode: str = "RGB", size: tuple[int, int] = (96, 64), seed: int = 1) -> Image.Image:
    """A picture with enough in it for a perceptual hash."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 9, 4), dtype=np.uint8)
    rgba = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    if mode == "I;16":
        return Image.fromarray(np.asarray(rgba.convert("L")).astype(np.uint16) * 257)
    return rgba.convert(mode) if mode in ("LA", "RGBA") else rgba.convert("RGB").convert(mode)


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    """The picture as the bytes of a file."""
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()
