"""Decode JPEG XL images (ISO/IEC 18181) with imagecodecs."""

from typing import TYPE_CHECKING, Any, BinaryIO

from dam.core.errors import DecodeError
from dam.media.files.boxes import boxes
from dam.media.images.pixel_limit import check_pixels

if TYPE_CHECKING:
    from PIL.Image import Image

EXTRA = "jxl"
LIBRARIES = ("imagecodecs",)
MEDIA_TYPES = frozenset({"image/jxl"})

SIGNATURE = b"\xff\x0a"
_HEADER_BYTES = 16
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_SIZE_BITS = (9, 13, 18, 30)


def open_image(stream: BinaryIO) -> "Image":
    """Decode the first frame; the decoder applies the orientation.

    Raises:
        DecodeError: the file has no codestream, or too many pixels. (imagecodecs raises others for damaged content.)

    """
    import imagecodecs  # noqa: PLC0415  an optional library
    import numpy as np  # noqa: PLC0415  the same
    from PIL import Image  # noqa: PLC0415  the same

    check_pixels(*_size(stream))
    stream.seek(0)
    pixels: Any = imagecodecs.jpegxl_decode(stream.read())
    if pixels.ndim > 3:  # noqa: PLR2004  frames, rows, columns, channels
        pixels = pixels[0]
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    elif pixels.dtype != np.uint8:
        pixels = (np.clip(np.nan_to_num(pixels.astype(np.float32)), 0, 1) * 255 + 0.5).astype(np.uint8)
    if pixels.ndim == 3 and pixels.shape[2] == 1:  # noqa: PLR2004
        pixels = pixels[:, :, 0]
    return Image.fromarray(np.ascontiguousarray(pixels))


def _size(stream: BinaryIO) -> tuple[int, int]:
    """Return width and height before orientation, from the header of the codestream."""
    header = stream.read(_HEADER_BYTES)
    if not header.startswith(SIGNATURE):
        stream.seek(0)
        header = next((_codestream(stream, kind) for kind, _ in boxes(stream) if kind in (b"jxlc", b"jxlp")), b"")
    if not header.startswith(SIGNATURE):
        raise DecodeError("cannot be decoded as image/jxl: the file has no codestream")
    return _size_header(_Bits(header[len(SIGNATURE) :]))


def _codestream(stream: BinaryIO, kind: bytes) -> bytes:
    if kind == b"jxlp":
        stream.seek(4, 1)  # the index of the part
    return stream.read(_HEADER_BYTES)


def _size_header(bits: "_Bits") -> tuple[int, int]:
    """Read a SizeHeader (section D.2)."""
    small = bits.take(1)

    def side() -> int:
        return 8 * (1 + bits.take(5)) if small else 1 + bits.take(_SIZE_BITS[bits.take(2)])

    height = side()
    ratio = bits.take(3)
    if not ratio:
        return side(), height
    numerator, denominator = _RATIOS[ratio - 1]
    return height * numerator // denominator, height


class _Bits:
    """Reader of bits, least significant first."""

    def __init__(self, data: bytes) -> None:
        self._left = int.from_bytes(data, "little")

    def take(self, count: int) -> int:
        value = self._left & ((1 << count) - 1)
        self._left >>= count
        return value
