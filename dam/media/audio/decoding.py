"""Decode audio streams to PCM samples with PyAV, within limits."""

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, BinaryIO

from dam.core.errors import DecodeError, NoSoundError
from dam.core.extras import extra_hint
from dam.media.audio import chromaprint as chromaprint_library
from dam.media.container import open_container
from dam.media.kinds import Kind, kind_of
from dam.media.obstacle import Obstacle, no_decoder, obstacles_of

if TYPE_CHECKING:
    from av import AudioFrame, AudioResampler
    from av.audio.stream import AudioStream
    from av.container import InputContainer

MAX_SECONDS = 600
"""Maximum length of audio that is decoded, from the beginning."""
SAMPLE_RATES = range(1_000, 768_001)
"""Accepted sample rates, in hertz. A lower declared rate would turn few bytes into a huge number of samples."""
MAX_BAD_PACKET_RATIO = 0.1
"""Maximum ratio of undecodable to decodable packets. Players skip such packets; trailing tags can look like them."""

DECODABLE = frozenset(
    {
        "audio/3gpp",
        "audio/3gpp2",
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
"""Media types of audio that the `audio` extra decodes."""


@cache
def installed() -> bool:
    """Return whether the `audio` extra is installed."""
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
    return Obstacle(f"fingerprints of audio need {extra_hint('audio')}, then dam-cli run-systems", "audio")


def obstacle_of_sound(media_type: str) -> Obstacle | None:
    """Return why the sound of a video cannot be fingerprinted here, or None if it can, or it is no video."""
    if kind_of(media_type) is not Kind.VIDEO or not (missing := chromaprint_library.obstacle()):
        return None
    if installed():
        return missing
    return Obstacle(f"the sound of videos needs {extra_hint('audio')}, then dam-cli run-systems", "audio")


def pcm(stream: BinaryIO, rate: int, max_seconds: int = MAX_SECONDS) -> Iterator[bytes]:
    """Decode the first audio stream; yield mono signed 16-bit samples in native byte order.

    `rate` is the number of samples per second; at most `max_seconds` seconds are decoded.

    Raises:
        NoSoundError: the file has no audio stream, no decoder exists for it, or it has no samples.
        DecodeError: the file is damaged, too many packets cannot be decoded, or the sample rate is not accepted.

    """
    remaining = rate * max_seconds
    with open_container(stream) as container:
        if not container.streams.audio:
            raise NoSoundError("the file has no audio stream")
        audio = container.streams.audio[0]
        if audio.codec_context is None:
            raise NoSoundError("there is no decoder for the audio stream")
        for samples in _resampled(_frames(container, audio), rate):
            yield samples[: 2 * remaining]
            remaining -= len(samples) // 2
            if remaining <= 0:
                return


def _frames(container: "InputContainer", audio: "AudioStream") -> Iterator["AudioFrame"]:
    """Yield the frames of all decodable packets; raise DecodeError if too many packets are damaged."""
    from av.error import FFmpegError, InvalidDataError  # noqa: PLC0415  an optional library
    from av.stream import Discard  # noqa: PLC0415

    for other in container.streams:
        if other is not audio:
            other.discard = Discard.all  # lets the demuxer skip packets of other streams, such as video
    good = bad = 0
    reason: str | None = None
    packets = container.demux(audio)
    while True:
        try:
            packet = next(packets, None)
        except InvalidDataError as exc:  # demuxing cannot continue
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
        raise NoSoundError("the audio stream is empty")
    if not good or bad > max(1, MAX_BAD_PACKET_RATIO * good):
        raise DecodeError(f"{bad} of {good + bad} packets cannot be decoded: {reason}")


def _resampled(frames: Iterator["AudioFrame"], rate: int) -> Iterator[bytes]:
    """Resample frames to mono at one rate, with a new resampler where the format changes, as in joined files."""
    from av import AudioResampler  # noqa: PLC0415  an optional library

    audio_format: Any = None
    resampler: AudioResampler | None = None
    for frame in frames:
        if frame.sample_rate not in SAMPLE_RATES:
            raise DecodeError(f"the sample rate of {frame.sample_rate} Hz is out of range")
        frame.pts = None  # without timestamps, gaps are not filled with silence
        if audio_format != (audio_format := (frame.format.name, frame.layout.name, frame.sample_rate)):
            if resampler:
                yield from _samples(resampler, None)
            resampler = AudioResampler(format="s16", layout="mono", rate=rate)
        assert resampler  # noqa: S101  created for the first frame
        yield from _samples(resampler, frame)
    if resampler:
        yield from _samples(resampler, None)


def _samples(resampler: "AudioResampler", frame: "AudioFrame | None") -> Iterator[bytes]:
    for resampled in resampler.resample(frame):
        yield bytes(resampled.planes[0])[: 2 * resampled.samples]
