"""The waveform of a sound, as a picture: time across, the loudest and the mean of each moment up and down."""

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
"""Samples a second that are looked at."""
PEAK, MEAN, GROUND = (122, 162, 214), (38, 84, 148), (255, 255, 255)
FULL = 32768


def waveform(sample: "Sample", size: int) -> "Image":
    """Return the first ten minutes of a sound, `size` pixels wide and half as high; DecodeError when it is damaged."""
    import numpy as np  # noqa: PLC0415  needs the audio extra
    from PIL import Image, ImageDraw  # noqa: PLC0415  needs the image extra

    with sample.open_content() as content:
        samples = np.frombuffer(b"".join(audio.pcm(content, RATE)), np.int16)
    if not samples.size:
        raise DecodeError("it has no sound")
    peaks, means = _columns(samples, size)
    middle = size // 4
    picture = Image.new("RGB", (size, 2 * middle + 1), GROUND)
    draw = ImageDraw.Draw(picture)
    for colour, heights in ((PEAK, peaks), (MEAN, means)):
        for place, height in enumerate((heights * middle).round().astype(int).tolist()):
            draw.line([(place, middle - height), (place, middle + height)], fill=colour)
    return picture


def _columns(samples: "NDArray[np.int16]", count: int) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Return the peak and the root mean square of each of `count` parts, from 0 to 1."""
    import numpy as np  # noqa: PLC0415

    edges = np.linspace(0, samples.size, count + 1).astype(int)
    parts = [samples[start : max(end, start + 1)].astype(np.float64) / FULL for start, end in pairwise(edges)]
    parts = [part if part.size else np.zeros(1) for part in parts]
    return np.array([np.abs(part).max() for part in parts]), np.array([np.sqrt((part**2).mean()) for part in parts])
