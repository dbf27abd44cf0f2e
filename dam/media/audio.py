"""Reading audio with PyAV, within bounds: its properties, and its sound as samples."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, BinaryIO

from dam.core.errors import DecodeError
from dam.media import chromaprint_library

if TYPE_CHECKING:
    from av import AudioFrame, AudioResampler
    from av.audio.stream import AudioStream
    from av.container import InputContainer

EXTRA_HINT = "pip install 'dam[audio]'"

LIMIT_SECONDS = 600
"""How much of a recording's sound is decoded, from its beginning."""
RATES = range(1_000, 768_001)
"""Sample rates in hertz that are believed: below, few bytes would become samples without end."""
BAD_PACKETS = 0.1
"""The share of packets that may be broken: players skip them, and so do tags that others take for sound."""

# Which of FFmpeg's demuxers a media type gets: none that opens another file or an address, as those of playlists do.
_FORMATS = {
    "audio/aac": "aac",
    "audio/ac3": "ac3",
    "audio/amr": "amr",
    "audio/basic": "au",
    "audio/flac": "flac",
    "audio/mp4": "mov",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/opus": "ogg",
    "audio/x-aiff": "aiff",
    "audio/x-ape": "ape",
    "audio/x-flac": "flac",
    "audio/x-m4a": "mov",
    "audio/x-matroska": "matroska",
    "audio/x-ms-wma": "asf",
    "audio/x-wav": "wav",
    "audio/x-wavpack": "wv",
}


@dataclass(frozen=True)
class Audio:
    """What a file says of its sound: of the first stream, where there are several."""

    container: str
    codec: str
    sample_rate: int
    channels: int
    duration_seconds: float | None
    bit_rate: int | None
    metadata: dict[str, str]
    """Tags, as the container has them."""


@cache
def installed() -> bool:
    """Tell whether the `audio` extra is there."""
    return all(find_spec(name) for name in ("av", "numpy", "tinytag"))


def obstacle(media_type: str) -> str | None:
    """Return why such audio cannot be decoded here, or None if it can."""
    if media_type not in _FORMATS:
        return f"there is no decoder for {media_type}"
    if not installed():
        return f"fingerprints of audio need {EXTRA_HINT}, then dam-cli run-systems"
    return chromaprint_library.obstacle()


def probe(stream: BinaryIO, media_type: str) -> Audio:
    """Read what the file says of its sound; DecodeError when there is none, or the file is damaged."""
    with _opened(stream, media_type) as (container, audio):
        seconds = container.duration / 1_000_000 if container.duration else None
        return Audio(
            container=container.format.name,
            codec=audio.codec_context.name,
            sample_rate=audio.sample_rate,
            channels=audio.channels,
            duration_seconds=seconds if seconds and seconds > 0 else None,
            bit_rate=_bit_rate(container, audio),
            metadata={**audio.metadata, **container.metadata},
        )


def _bit_rate(container: "InputContainer", audio: "AudioStream") -> int | None:
    """Return the bit rate of the stream, or of the whole file where the stream does not say."""
    rate = audio.bit_rate or container.bit_rate
    return rate if rate and 0 < rate < 2**31 else None


def pcm(stream: BinaryIO, media_type: str, rate: int, limit_seconds: int = LIMIT_SECONDS) -> Iterator[bytes]:
    """Yield the sound as signed 16-bit samples in this machine's byte order: mono, `rate` a second, to the limit.

    Raises:
        DecodeError: there is none, or too much of it is damaged.

    """
    left = rate * limit_seconds
    with _opened(stream, media_type) as (container, audio):
        for part in _resampled(_frames(container, audio), rate):
            yield part[: 2 * left]
            left -= len(part) // 2
            if left <= 0:
                return


def _frames(container: "InputContainer", audio: "AudioStream") -> Iterator["AudioFrame"]:
    """Yield the frames of all packets but broken ones; DecodeError when these are too many."""
    import av  # noqa: PLC0415  an optional library

    good = bad = 0
    reason = "it has no sound"
    for packet in container.demux(audio):
        try:
            yield from packet.decode()
            good += 1
        except av.error.InvalidDataError as exc:
            bad, reason = bad + 1, exc.strerror
    if bad > max(1, BAD_PACKETS * good) or good <= 1:  # the last one is empty, to flush the decoder
        raise DecodeError(f"{bad} of {good + bad} packets cannot be decoded: {reason}")


def _resampled(frames: Iterator["AudioFrame"], rate: int) -> Iterator[bytes]:
    """Turn frames into mono at one rate; where their form changes, as in joined files, with a new resampler."""
    from av import AudioResampler  # noqa: PLC0415  an optional library

    form: Any = None
    resampler: AudioResampler | None = None
    for frame in frames:
        if frame.sample_rate not in RATES:
            raise DecodeError(f"{frame.sample_rate} samples a second are not believed")
        frame.pts = None  # gaps in the times are not filled
        if form != (form := (frame.format.name, frame.layout.name, frame.sample_rate)):
            if resampler:
                yield from _samples(resampler, None)
            resampler = AudioResampler(format="s16", layout="mono", rate=rate)
        assert resampler  # noqa: S101  made for the first frame
        yield from _samples(resampler, frame)
    if resampler:
        yield from _samples(resampler, None)


def _samples(resampler: "AudioResampler", frame: "AudioFrame | None") -> Iterator[bytes]:
    for part in resampler.resample(frame):
        yield bytes(part.planes[0])[: 2 * part.samples]


@contextmanager
def _opened(stream: BinaryIO, media_type: str) -> Iterator[tuple["InputContainer", "AudioStream"]]:
    """Open the first audio stream; what goes wrong then or later, but for broken packets, becomes a DecodeError."""
    import av  # noqa: PLC0415  an optional library

    try:
        with av.open(stream, format=_FORMATS[media_type], metadata_errors="replace") as container:
            if not container.streams.audio:
                raise DecodeError("has no audio stream")
            audio = container.streams.audio[0]
            if audio.codec_context is None or audio.sample_rate not in RATES or not audio.channels:
                raise DecodeError("its audio stream says nothing that can be believed")
            yield container, audio
    except DecodeError:
        raise
    except av.error.FFmpegError as exc:
        raise DecodeError(f"cannot be decoded as {media_type}: {exc.strerror}") from exc
    except MemoryError as exc:
        raise DecodeError("decoding takes more memory than there is") from exc
    except (ValueError, RuntimeError, OverflowError, NotImplementedError) as exc:
        raise DecodeError(f"cannot be decoded as {media_type}: {exc}") from exc
