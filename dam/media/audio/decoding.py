"""The sound of audio files as samples, decoded with PyAV, within bounds."""

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, BinaryIO

from dam.core.errors import DecodeError, NoSoundError
from dam.media.audio import chromaprint as chromaprint_library
from dam.media.container import open_container
from dam.media.kinds import Kind, kind_of
from dam.media.obstacle import Obstacle, no_decoder, obstacles_of

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

DECODABLE = frozenset(
    {
        "audio/aac",
        "audio/ac3",
        "audio/amr",
        "audio/basic",
        "audio/flac",
        "audio/mp4",
        "audio/mpeg",
        "audio/ogg",
        "audio/opus",
        "audio/wav",
        "audio/x-aac",
        "audio/x-aiff",
        "audio/x-ape",
        "audio/x-caf",
        "audio/x-flac",
        "audio/x-m4a",
        "audio/x-matroska",
        "audio/x-ms-wma",
        "audio/x-tta",
        "audio/x-wav",
        "audio/x-wavpack",
    }
)
"""The media types of audio that can be decoded once the extra is installed."""


@cache
def installed() -> bool:
    """Tell whether the `audio` extra is there."""
    return all(find_spec(name) for name in ("av", "numpy", "tinytag"))


@obstacles_of(Kind.AUDIO)
def obstacle(media_type: str) -> Obstacle | None:
    """Return why such audio cannot be decoded and fingerprinted here, or None if it can."""
    return obstacle_to_decoding(media_type) or chromaprint_library.obstacle()


def obstacle_to_decoding(media_type: str) -> Obstacle | None:
    """Return why such audio cannot be decoded here, or None if it can."""
    if media_type not in DECODABLE:
        return no_decoder(media_type)
    if installed():
        return None
    return Obstacle(f"fingerprints of audio need {EXTRA_HINT}, then dam-cli run-systems", "audio")


def obstacle_of_sound(media_type: str) -> Obstacle | None:
    """Return why the sound of a video cannot be fingerprinted here, or None if it can, or it is no video."""
    if kind_of(media_type) is not Kind.VIDEO or not (missing := chromaprint_library.obstacle()):
        return None
    if installed():
        return missing
    return Obstacle(f"the sound of videos needs {EXTRA_HINT}, then dam-cli run-systems", "audio")


def pcm(stream: BinaryIO, rate: int, limit_seconds: int = LIMIT_SECONDS) -> Iterator[bytes]:
    """Yield the sound as signed 16-bit samples in this machine's byte order: mono, `rate` a second, to the limit.

    Of the first audio stream, where there are several.

    Raises:
        NoSoundError: there is none, or none that FFmpeg has a decoder for.
        DecodeError: too much of it is damaged.

    """
    left = rate * limit_seconds
    with open_container(stream) as container:
        if not container.streams.audio:
            raise NoSoundError("it has no audio stream")
        audio = container.streams.audio[0]
        if audio.codec_context is None:
            raise NoSoundError("there is no decoder for its sound")
        for part in _resampled(_frames(container, audio), rate):
            yield part[: 2 * left]
            left -= len(part) // 2
            if left <= 0:
                return


def _frames(container: "InputContainer", audio: "AudioStream") -> Iterator["AudioFrame"]:
    """Yield the frames of all packets but broken ones; DecodeError when these are too many."""
    from av.error import FFmpegError, InvalidDataError  # noqa: PLC0415  an optional library
    from av.stream import Discard  # noqa: PLC0415

    for other in container.streams:
        if other is not audio:
            other.discard = Discard.all  # the pictures of a video: read past, where the format can
    good = bad = 0
    reason: str | None = None
    packets = container.demux(audio)
    while True:
        try:
            packet = next(packets, None)
        except InvalidDataError as exc:  # the container is damaged from here on
            bad, reason = bad + 1, exc.strerror
            break
        if packet is None:
            break
        try:
            yield from packet.decode()
            good += bool(packet.size)
        except FFmpegError as exc:
            bad, reason = bad + 1, exc.strerror
    if not (good or bad):
        raise NoSoundError("it has no sound")
    if not good or bad > max(1, BAD_PACKETS * good):
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
