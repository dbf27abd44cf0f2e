"""Probe video and audio containers with PyAV (FFmpeg), within limits and from the open file only.

A playlist, or a reference inside a container, can make FFmpeg open other files or network addresses. To prevent that,
FFmpeg gets an open file without a name, a whitelist of demuxers, and no protocols.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, BinaryIO

from dam.core.errors import TOO_MUCH_MEMORY, DecodeError

if TYPE_CHECKING:
    from av.container import InputContainer

MAX_STREAMS = 64
MAX_TAGS = 128
MAX_TAG_LENGTH = 4096
"""Maximum length of a tag's key, and of its value, in characters."""
MICROSECONDS = 1_000_000

DEMUXERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,dv,eac3,flac,flv,h264,hevc,ivf,m4v,matroska,mov,mp3,mpc,mpeg,mpegts,"
    "mpegvideo,mxf,obu,ogg,rm,tta,voc,w64,wav,webm,wv,yuv4mpegpipe"
)
"""FFmpeg's names of the permitted demuxers. None of them opens other files."""

OPTIONS = {"format_whitelist": DEMUXERS, "protocol_whitelist": "none"}


@dataclass(frozen=True)
class VideoStream:
    """A video stream. None marks a value that the container does not give."""

    index: int
    codec: str
    width: int
    height: int
    frame_rate: float | None
    """Average number of frames per second."""
    bit_rate: int | None
    """Bits per second."""
    rotation: int
    """Clockwise rotation for display, in degrees: 0, 90, 180 or 270."""
    pixel_format: str | None
    is_cover: bool
    """Whether the stream is a single attached picture, such as an album cover."""


@dataclass(frozen=True)
class AudioStream:
    """An audio stream. None marks a value that the container does not give."""

    index: int
    codec: str
    sample_rate: int
    """Samples per second."""
    channels: int
    bit_rate: int | None
    """Bits per second."""
    language: str | None


@dataclass(frozen=True)
class Container:
    """Properties of a video or audio file, its metadata and its streams."""

    format: str
    """FFmpeg's name of the demuxer, such as `matroska,webm`."""
    duration: float | None
    """Seconds."""
    bit_rate: int | None
    """Bits per second."""
    created: datetime | None
    """Creation time in UTC."""
    tags: dict[str, str] = field(default_factory=dict)
    """Metadata of the container, such as `title`. Keys are in lower case."""
    video: tuple[VideoStream, ...] = ()
    audio: tuple[AudioStream, ...] = ()

    @property
    def main_video(self) -> VideoStream | None:
        """The first video stream that is not a cover."""
        return next((stream for stream in self.video if not stream.is_cover), None)


@cache
def installed() -> bool:
    """Return whether PyAV is installed."""
    return find_spec("av") is not None


@contextmanager
def open_container(stream: BinaryIO) -> Iterator["InputContainer"]:
    """Open a video or audio file for demuxing and decoding.

    Raises:
        DecodeError: FFmpeg fails to open the file, or fails while the context is active.

    """
    import av  # noqa: PLC0415  needs an extra
    from av.error import FFmpegError  # noqa: PLC0415

    # PyAV 18 has an option for tags that are not UTF-8; PyAV 19 always escapes them as surrogates
    tags: Any = {"metadata_errors": "surrogateescape"} if av.__version__.startswith("18.") else {}
    try:
        with av.open(stream, "r", options=OPTIONS, **tags) as container:
            yield container
    except DecodeError:
        raise
    except FFmpegError as exc:
        raise DecodeError(f"FFmpeg cannot read it: {_reason(exc)}") from exc
    except MemoryError as exc:
        raise DecodeError(TOO_MUCH_MEMORY) from exc
    # PyAV raises these for invalid numbers in a damaged file
    except (ValueError, TypeError, OverflowError, ArithmeticError, RuntimeError, LookupError) as exc:
        raise DecodeError(f"cannot be decoded: {str(exc) or type(exc).__name__}") from exc


def _reason(exc: Exception) -> str:
    """Return the reason in plain words; of a damaged file FFmpeg says no more than `Invalid argument`.

    Its classes of errors derive from Python's.
    """
    if isinstance(exc, EOFError):
        return "it is cut off"
    if isinstance(exc, ValueError):
        return "it is damaged, or of another format than it seems"
    return getattr(exc, "strerror", None) or str(exc)


def probe(stream: BinaryIO) -> Container:
    """Return the properties, metadata and streams of a container.

    Raises:
        DecodeError: the file is damaged, or its format has no permitted demuxer.

    """
    with open_container(stream) as container:
        tags = _tags(container.metadata)
        streams = list(container.streams)[:MAX_STREAMS]
        return Container(
            format=container.format.name,
            duration=_duration(container, streams),
            bit_rate=container.bit_rate or None,
            created=_created(tags),
            tags=tags,
            video=tuple(_video(container, stream) for stream in streams if stream.type == "video"),
            audio=tuple(_audio(stream) for stream in streams if stream.type == "audio"),
        )


def _duration(container: "InputContainer", streams: list[Any]) -> float | None:
    if container.duration and container.duration > 0:
        return float(container.duration / MICROSECONDS)
    durations = [
        float(stream.duration * stream.time_base) for stream in streams if stream.duration and stream.time_base
    ]
    return max((duration for duration in durations if duration > 0), default=None)


def _video(container: "InputContainer", stream: Any) -> VideoStream:
    import av  # noqa: PLC0415  needs an extra

    context = stream.codec_context
    is_cover = bool(stream.disposition & av.stream.Disposition.attached_pic)
    return VideoStream(
        index=stream.index,
        codec=context.codec.canonical_name if context else "unknown",
        width=context.width if context else 0,
        height=context.height if context else 0,
        frame_rate=_frame_rate(stream.average_rate or stream.guessed_rate),
        bit_rate=(context.bit_rate if context else None) or None,
        rotation=0 if is_cover or not context else _rotation(container, stream),
        pixel_format=context.pix_fmt if context else None,
        is_cover=is_cover,
    )


def _rotation(container: "InputContainer", stream: Any) -> int:
    """Return the rotation of the first frame, in degrees clockwise; PyAV has it on frames only."""
    import av  # noqa: PLC0415  needs an extra

    try:
        stream.thread_type = "NONE"
        frame = next(container.decode(stream), None)
        container.seek(0)
    except av.error.FFmpegError:  # the container's properties remain valid when no frame can be decoded
        return 0
    return clockwise(frame.rotation) if frame else 0


def clockwise(rotation: float) -> int:
    """Convert FFmpeg's anticlockwise rotation to clockwise quarter turns, in degrees."""
    return round(-rotation / 90) * 90 % 360


def _audio(stream: Any) -> AudioStream:
    context = stream.codec_context
    return AudioStream(
        index=stream.index,
        codec=context.codec.canonical_name if context else "unknown",
        sample_rate=context.sample_rate if context else 0,
        channels=context.channels if context else 0,
        bit_rate=(context.bit_rate if context else None) or None,
        language=_language(stream.metadata),
    )


def _language(metadata: dict[str, str]) -> str | None:
    language = metadata.get("language")
    return _utf8(language[:16]) if language and language != "und" else None


def _frame_rate(rate: Any) -> float | None:
    value = float(rate) if rate else 0.0
    return value if math.isfinite(value) and value > 0 else None


def _tags(metadata: dict[str, str]) -> dict[str, str]:
    pairs = list(metadata.items())[:MAX_TAGS]
    return {_utf8(key[:MAX_TAG_LENGTH]).lower(): _utf8(value[:MAX_TAG_LENGTH]) for key, value in pairs}


def _utf8(tag: str) -> str:
    """Replace escaped bytes that are not UTF-8; a database cannot store surrogates."""
    return tag.encode(errors="surrogateescape").decode(errors="replace")


def _created(tags: dict[str, str]) -> datetime | None:
    """Return the creation time in UTC; None where only the local time is known, as of AVI."""
    for key in ("creation_time", "com.apple.quicktime.creationdate"):
        try:
            created = datetime.fromisoformat(tags[key])
        except (KeyError, ValueError):
            continue
        try:
            if created.tzinfo:
                return created.astimezone(UTC)
        except OverflowError:
            continue
    return None
