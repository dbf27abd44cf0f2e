"""Small videos and sounds, made with real encoders."""

import io
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.shared import encoded_once

RATE = 10
SOUND_RATE = 44_100


def scenes(seed: int, seconds: float = 4, size: tuple[int, int] = (96, 64), rate: int = RATE) -> list[NDArray[Any]]:
    """Frames of a window that moves over random pictures, another picture every two seconds, shape (h, w, 3)."""
    width, height = size
    frames = []
    for number in range(round(seconds * rate)):
        scene, step = divmod(number, 2 * rate)
        whole = _scene(seed, scene, size)
        left, top = step * width // (2 * rate), step * height // (4 * rate)
        frames.append(np.asarray(whole.crop((left, top, left + width, top + height))))
    return frames


@cache
def _scene(seed: int, scene: int, size: tuple[int, int]) -> Any:
    """A random picture, twice the size of a frame."""
    from PIL import Image

    coarse = np.random.default_rng([seed, scene]).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((size[0] * 2, size[1] * 2), Image.Resampling.BICUBIC)


def video(
    frames: Iterable[NDArray[Any]],
    form: str = "mp4",
    codec: str = "libx264",
    *,
    size: tuple[int, int] | None = None,
    rate: int = RATE,
    sound: str | None = None,
    signal: NDArray[np.float64] | None = None,
    rotation: int = 0,
    metadata: dict[str, str] | None = None,
    **options: str,
) -> bytes:
    """Encode frames, at another size if one is given, and with the codec `sound` a tone, or a signal, beside them."""
    frames = list(frames)
    sounds = () if sound is None else (_tone(len(frames) / rate) if signal is None else signal,)

    def encode() -> bytes:
        return _encoded(frames, form, codec, size, rate, sound, sounds, rotation, metadata or {}, options)

    source = b"".join(array.tobytes() for array in (*frames, *sounds))
    return encoded_once(encode, source, frames[0].shape, form, codec, size, rate, sound, rotation, metadata, options)


def _encoded(
    frames: list[NDArray[Any]],
    form: str,
    codec: str,
    size: tuple[int, int] | None,
    rate: int,
    sound: str | None,
    sounds: Iterable[NDArray[np.float64]],
    rotation: int,
    metadata: dict[str, str],
    options: dict[str, str],
) -> bytes:
    import av

    stream = io.BytesIO()
    with av.open(stream, "w", format=form) as container:
        container.metadata.update(metadata)
        pictures: Any = container.add_stream(codec, rate=Fraction(rate), options=options)
        pictures.width, pictures.height = size or frames[0].shape[1::-1]
        pictures.pix_fmt = "yuv420p"
        if rotation:
            pictures.set_display_rotation(rotation)
        tone: Any = container.add_stream(sound, rate=_rate_of(sound), layout="mono") if sound else None
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode())
        for signal in sounds:
            _add_sound(container, tone, signal)
    return stream.getvalue()


def audio(
    seconds: float = 2, form: str = "ogg", codec: str = "libopus", metadata: dict[str, str] | None = None
) -> bytes:
    """Encode a tone."""
    import av

    stream = io.BytesIO()
    with av.open(stream, "w", format=form) as container:
        container.metadata.update(metadata or {})
        _add_sound(container, container.add_stream(codec, rate=48_000, layout="mono"), _tone(seconds))
    return stream.getvalue()


def _rate_of(codec: str) -> int:
    return 48_000 if codec == "libopus" else SOUND_RATE


def _tone(seconds: float) -> NDArray[np.float64]:
    return np.sin(2 * np.pi * 440 * np.arange(round(seconds * SOUND_RATE)) / SOUND_RATE) / 4


def _add_sound(container: Any, stream: Any, signal: NDArray[np.float64]) -> None:
    import av

    samples = (signal * 32_000).astype(np.int16)[np.newaxis]
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    frame.sample_rate, frame.pts = SOUND_RATE, 0
    container.mux(stream.encode(frame))
    container.mux(stream.encode())
