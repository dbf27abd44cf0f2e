"""Draw the waveform of audio: time horizontally, peak and root mean square amplitude vertically."""

from itertools import pairwise
from typing import TYPE_CHECKING

from dam.core.errors import DecodeError
from dam.media.audio import decoding as audio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from dam.media.sample import Sample

RATE = 8000
"""Sample rate of the decoded audio, in hertz."""
PEAK, RMS, BACKGROUND = (122, 162, 214), (38, 84, 148), (255, 255, 255)
FULL_SCALE = 32768
"""Magnitude of the largest 16-bit sample."""


def waveform(sample: "Sample", size: int) -> "Image":
    """Return the waveform of the first ten minutes, `size` pixels wide and half as high.

    Raises:
        DecodeError: the content is damaged, or has no audio.

    """
    import numpy as np  # noqa: PLC0415  needs the audio extra
    from PIL import Image, ImageDraw  # noqa: PLC0415  needs the image extra

    with sample.open_content() as content:
        samples = np.frombuffer(b"".join(audio.pcm(content, RATE)), np.int16)
    if not samples.size:
        raise DecodeError("the audio stream is empty")
    peaks, rms = _columns(samples, size)
    middle = size // 4
    picture = Image.new("RGB", (size, 2 * middle + 1), BACKGROUND)
    draw = ImageDraw.Draw(picture)
    for colour, heights in ((PEAK, peaks), (RMS, rms)):
        for x, height in enumerate((heights * middle).round().astype(int).tolist()):
            draw.line([(x, middle - height), (x, middle + height)], fill=colour)
    return picture


def _columns(samples: "NDArray[np.int16]", count: int) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Return the peak and the root mean square of each of `count` equal parts, 0 to 1, both of shape (count,)."""
    import numpy as np  # noqa: PLC0415

    edges = np.linspace(0, samples.size, count + 1).astype(int)
    parts = [samples[start : max(end, start + 1)].astype(np.float64) / FULL_SCALE for start, end in pairwise(edges)]
    parts = [part if part.size else np.zeros(1) for part in parts]
    return np.array([np.abs(part).max() for part in parts]), np.array([np.sqrt((part**2).mean()) for part in parts])
