"""Small recordings, made with real encoders: tunes that are computed, another for each seed.

`tests/test_data/audio/tune.ogg` is `tune(1)` in Vorbis, which PyAV cannot encode.
"""

import io
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.conftest import TEST_DATA
from tests.shared import encoded_once

RATE = 44_100
TUNE_IN_VORBIS = TEST_DATA / "audio" / "tune.ogg"
CODECS = {
    "mp3": ("mp3", "libmp3lame"),
    "aac": ("ipod", "aac"),
    "opus": ("ogg", "libopus"),
    "flac": ("flac", "flac"),
    "wav": ("wav", "pcm_s16le"),
}


@cache
def tune(seed: int, seconds: float = 12) -> NDArray[np.float64]:
    """A melody over chords, -1 to 1, shape (n,), not to be written to."""
    random = np.random.default_rng(seed)
    signal = np.zeros(int(seconds * RATE))
    length = random.uniform(0.2, 0.5)
    times = np.arange(int(2 * length * RATE)) / RATE
    fading = np.exp(-2 * times / length)
    for start in np.arange(0, seconds, length):
        place = int(start * RATE)
        for pitch in random.integers(45, 85, 3):
            wave = 2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * times
            note = (np.sin(wave) + 0.5 * np.sin(2 * wave) + 0.3 * np.sin(3 * wave)) * fading
            signal[place : place + len(note)] += note[: len(signal) - place]
    signal /= np.abs(signal).max()
    signal.setflags(write=False)
    return signal


def recording(
    signal: NDArray[np.float64],
    codec: str = "flac",
    bit_rate: int = 96_000,
    metadata: dict[str, str] | None = None,
    *,
    layout: str = "stereo",
    rate: int = RATE,
) -> bytes:
    """Encode a signal with one of `CODECS`."""

    def encode() -> bytes:
        return _encoded(signal, codec, bit_rate, metadata or {}, layout, rate)

    return encoded_once(encode, signal.tobytes(), codec, bit_rate, metadata, layout, rate)


def _encoded(
    signal: NDArray[np.float64], codec: str, bit_rate: int, metadata: dict[str, str], layout: str, rate: int
) -> bytes:
    import av

    form, encoder = CODECS[codec]
    stream = io.BytesIO()
    samples = (signal * 32_000).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="s16", layout="mono")
    frame.sample_rate = RATE
    with av.open(stream, "w", format=form) as container:
        container.metadata.update(metadata)
        rate = 48_000 if codec == "opus" else rate
        sound: Any = container.add_stream(encoder, rate=rate, layout=layout)
        sound.bit_rate = bit_rate
        container.mux(sound.encode(frame))
        container.mux(sound.encode())
    return stream.getvalue()
