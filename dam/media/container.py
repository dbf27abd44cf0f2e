"""What a container of video or audio holds, read with PyAV (FFmpeg), within bounds and from the file alone.

FFmpeg could be led to other files or to the network by what a file says: by a playlist, or a reference in a container.
So it gets an open file and no name, may use the formats below only, and no protocol at all.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, BinaryIO

from dam.core.errors import DecodeError

if TYPE_CHECKING:
    from av.container import InputContainer

MAX_STREAMS = 64
MAX_TAGS = 128
MAX_TAG_LENGTH = 4096
MICROSECONDS = 1_000_000

FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,dv,eac3,flac,flv,h264,hevc,ivf,m4v,matroska,mov,mp3,mpc,mpeg,mpegts,"
    "mpegvideo,mxf,obu,ogg,rm,tta,voc,w64,wav,webm,wv,yuv4mpegpipe"
)
"""FFmpeg's names of the formats that are read: none that refers to other files."""

OPTIONS = {"format_whitelist": FORMATS, "protocol_whitelist": "none"}


@dataclass(frozen=True)
class VideoStream:
    """A stream of pictures; None is what the container does not tell."""

    index: int
    codec: str
    width: int
    height: int
    frame_rate: float | None
    """Frames a second, on average."""
    bit_rate: int | None
    rotation: int
    """Degrees clockwise by which the pictures are turned to be shown: 0, 90, 180 or 270."""
    pixel_format: str | None
    is_cover: bool
    """Whether it is one picture that belongs to the file, such as the cover of an album."""


@dataclass(frozen=True)
class AudioStream:
    """A stream of sound; None is what the container does not tell."""

    index: int
    codec: str
    sample_rate: int
    channels: int
    bit_rate: int | None
    language: str | None


@dataclass(frozen=True)
class Container:
    """A file of video or audio."""

    format: str
    """FFmpeg's name of the format, such as `matroska,webm`."""
    duration: float | None
    """In seconds."""
    bit_rate: int | None
    created: datetime | None
    tags: dict[str, str] = field(default_factory=dict)
    """The metadata of the container, such as `title`; keys in lower case."""
    video: tuple[VideoStream, ...] = ()
    audio: tuple[AudioStream, ...] = ()

    @property
    def pictures(self) -> VideoStream | None:
        """The first stream of moving pictures."""
        return next((stream for stream in self.video if not stream.is_cover), None)


@cache
def installed() -> bool:
    """Tell whether PyAV is there."""
    return find_spec("av") is not None


@contextmanager
def open_container(stream: BinaryIO) -> Iterator["InputContainer"]:
    """Open a file of video or audio; whatever FFmpeg says of it meanwhile is raised as DecodeError."""
    import av  # noqa: PLC0415  needs an extra
    from av.error import FFmpegError  # noqa: PLC0415

    # What becomes of tags that are not UTF-8 is an option of PyAV up to 18, and always this from 19 on
    tags: Any = {"metadata_errors": "surrogateescape"} if av.__version__.startswith("18.") else {}
    try:
        with av.open(stream, "r", options=OPTIONS, **tags) as container:
            yield container
    except DecodeError:
        raise
    except FFmpegError as exc:
        raise DecodeError(f"FFmpeg cannot read it: {exc.strerror or exc}") from exc
    except MemoryError as exc:
        raise DecodeError("decoding takes more memory than there is") from exc
    except (ValueError, TypeError, OverflowError, ArithmeticError, RuntimeError, LookupError) as exc:  # of odd numbers
        raise DecodeError(f"cannot be decoded: {str(exc) or type(exc).__name__}") from exc


def probe(stream: BinaryIO) -> Container:
    """Return what a container says of itself and its streams.

    Raises:
        DecodeError: it is damaged, or of a format that is not read.

    """
    with open_container(stream) as container:
        tags = _tags(container.metadata)
        streams = list(container.streams)[:MAX_STREAMS]
        return Container(
            format=container.format.name,
            duration=_duration(container, streams),
            bit_rate=container.bit_rate or None,
            created=_moment(tags),
            tags=tags,
            video=tuple(_video(container, one) for one in streams if one.type == "video"),
            audio=tuple(_audio(one) for one in streams if one.type == "audio"),
        )


def _duration(container: "InputContainer", streams: list[Any]) -> float | None:
    if container.duration and container.duration > 0:
        return float(container.duration / MICROSECONDS)
    lengths = [float(one.duration * one.time_base) for one in streams if one.duration and one.time_base]
    return max((length for length in lengths if length > 0), default=None)


def _video(container: "InputContainer", stream: Any) -> VideoStream:
    import av  # noqa: PLC0415  needs an extra

    context = stream.codec_context
    is_cover = bool(stream.disposition & av.stream.Disposition.attached_pic)
    return VideoStream(
        index=stream.index,
        codec=context.codec.canonical_name if context else "unknown",
        width=context.width if context else 0,
        height=context.height if context else 0,
        frame_rate=_rate(stream.average_rate or stream.guessed_rate),
        bit_rate=(context.bit_rate if context else None) or None,
        rotation=0 if is_cover or not context else _rotation(container, stream),
        pixel_format=context.pix_fmt if context else None,
        is_cover=is_cover,
    )


def _rotation(container: "InputContainer", stream: Any) -> int:
    """Return the rotation that the first frame comes with: a stream by itself does not tell."""
    import av  # noqa: PLC0415  needs an extra

    try:
        stream.thread_type = "NONE"
        frame = next(container.decode(stream), None)
        container.seek(0)
    except av.error.FFmpegError:  # what is known of the container stands, also where no frame can be decoded
        return 0
    return clockwise(frame.rotation) if frame else 0


def clockwise(rotation: float) -> int:
    """Return FFmpeg's rotation, degrees against the clock, as quarter turns clockwise in degrees."""
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
    return _text(language[:16]) if language and language != "und" else None


def _rate(rate: Any) -> float | None:
    value = float(rate) if rate else 0.0
    return value if math.isfinite(value) and value > 0 else None


def _tags(metadata: dict[str, str]) -> dict[str, str]:
    pairs = list(metadata.items())[:MAX_TAGS]
    return {_text(key[:MAX_TAG_LENGTH]).lower(): _text(value[:MAX_TAG_LENGTH]) for key, value in pairs}


def _text(tag: str) -> str:
    """Replace the bytes that are no UTF-8, which a database could not take."""
    return tag.encode(errors="surrogateescape").decode(errors="replace")


def _moment(tags: dict[str, str]) -> datetime | None:
    """Return when it was made, in UTC; a moment without an offset is taken as UTC, as FFmpeg writes it."""
    for key in ("creation_time", "com.apple.quicktime.creationdate"):
        try:
            moment = datetime.fromisoformat(tags[key])
        except (KeyError, ValueError):
            continue
        try:
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except OverflowError:
            continue
    return None
