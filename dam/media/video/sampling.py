"""Sampling the pictures of a video with PyAV, within bounds.

A video is decoded whole, and a picture taken every quarter of a second, as far as that takes no more than
`MAX_PIXELS`; of a longer or larger one only key frames are decoded, and no more of them than that. Where more than
`MAX_PICTURES` would be kept, every second one goes, and the grid is twice as wide from there on. None of this depends
on how fast the machine is: the same file gives the same pictures.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, BinaryIO

from dam.core.errors import DecodeError
from dam.core.extras import extra_hint
from dam.media.container import clockwise, open_container
from dam.media.kinds import Kind
from dam.media.obstacle import Obstacle, obstacles_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


SIDE = 32
STEP = 0.25
"""Seconds between two pictures."""
DENSE_STEP = STEP / 4
"""The same for what others are compared with: it falls together with theirs, whenever they begin."""
MAX_PICTURES = 2048
MAX_PIXELS = 4_000_000_000
"""Pixels that are decoded of one video: about 80 s at 1920 × 1080 and 25 frames a second."""
MAX_PIXELS_OF_FRAME = 1 << 26
MAX_FAULTS = 1000
"""Packets that may fail to decode before the rest is left out."""


@dataclass(frozen=True)
class Pictures:
    """Small pictures of a video, as displayed but for their shape."""

    times: "NDArray[np.int64]"
    """Milliseconds from the beginning, ascending, shape (n,)."""
    planes: "NDArray[np.uint8]"
    """Their luma, shape (n, 32, 32)."""


@cache
def installed() -> bool:
    """Tell whether the `video` extra is there."""
    return all(find_spec(name) for name in ("av", "numpy"))


@obstacles_of(Kind.VIDEO)
def obstacle(_media_type: str) -> Obstacle | None:
    """Return why this installation cannot decode videos, or None if it can."""
    if installed():
        return None
    return Obstacle(f"properties of videos need {extra_hint('video')}, then dam-cli run-systems", "video")


def sample_pictures(content: BinaryIO, step: float = STEP) -> Pictures:
    """Return pictures of the first stream of moving pictures, at most `MAX_PICTURES`; none where there is no stream.

    The first of every `step` seconds is taken. Packets that cannot be decoded are left out.

    Raises:
        DecodeError: no picture can be decoded.

    """
    import av  # noqa: PLC0415  needs the extra

    with open_container(content) as container:
        cover = av.stream.Disposition.attached_pic
        stream = next((one for one in container.streams.video if not one.disposition & cover), None)
        return _Sampler(step).run(container, stream) if stream else _stacked([], [])


class _Sampler:
    """The pictures of one stream so far."""

    def __init__(self, step: float) -> None:
        from av.video.reformatter import VideoReformatter  # noqa: PLC0415  needs the extra

        self._reformatter = VideoReformatter()
        self._step = step
        self._pixels = 0
        self._times: list[float] = []
        self._planes: list[NDArray[np.uint8]] = []

    def run(self, container: Any, stream: Any) -> Pictures:
        """Decode the stream as far as the bounds allow."""
        from av.error import FFmpegError  # noqa: PLC0415  needs the extra

        faults: list[str] = []
        for packet in _packets(container, stream):
            try:
                for frame in packet.decode():
                    self._take(frame)
            except FFmpegError as exc:  # one packet: those after it may be whole
                faults.append(exc.strerror or str(exc))
            if self._pixels > MAX_PIXELS or len(faults) > MAX_FAULTS:
                break
        if not self._times:
            raise DecodeError(f"no picture of the video can be decoded: {faults[0] if faults else 'there is none'}")
        return _stacked(self._times, self._planes)

    def _take(self, frame: Any) -> None:
        """Keep a frame if it is the first in its place of the grid."""
        pixels = frame.width * frame.height
        self._pixels += pixels
        if frame.time is None:
            return
        if self._times and (frame.time // self._step <= self._times[-1] // self._step):
            return
        if pixels > MAX_PIXELS_OF_FRAME:
            raise DecodeError(f"pictures of {frame.width} × {frame.height} pixels are more than the limit")
        self._times.append(frame.time)
        self._planes.append(self._plane(frame))
        if len(self._times) > MAX_PICTURES:
            self._step *= 2
            self._times, self._planes = self._times[::2], self._planes[::2]

    def _plane(self, frame: Any) -> "NDArray[np.uint8]":
        import numpy as np  # noqa: PLC0415  needs the extra

        small = self._reformatter.reformat(frame, width=SIDE, height=SIDE, format="gray8", interpolation="AREA")
        return np.rot90(small.to_ndarray(), -clockwise(frame.rotation) // 90)


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    """Yield the packets to decode: all, or so many key frames as the bound allows; the last flushes the decoder."""
    context = stream.codec_context
    if context is None:
        raise DecodeError("there is no decoder for its pictures")
    stream.thread_type = "NONE"  # there is a worker on every core already
    spacing = _spacing(container, stream)
    if not spacing:
        yield from _demux(container, stream)
        return
    context.skip_frame = "NONKEY"
    last = -spacing
    for packet in _demux(container, stream):
        at = packet.pts if packet.pts is not None else packet.dts
        if at is None:
            yield packet
        elif packet.is_keyframe and (time := float(at * packet.time_base)) - last >= spacing:
            last = time
            yield packet


def _demux(container: Any, stream: Any) -> Iterator[Any]:
    """Yield the packets of a stream; a file that breaks off ends."""
    from av.error import FFmpegError  # noqa: PLC0415  needs the extra

    try:
        yield from container.demux(stream)
    except FFmpegError:
        return


def _spacing(container: Any, stream: Any) -> float:
    """Return how many seconds lie between the key frames to decode; 0 where everything can be decoded."""
    seconds = float(stream.duration * stream.time_base) if stream.duration else (container.duration or 0) / 1_000_000
    rate = float(stream.average_rate or stream.guessed_rate or 0)
    pixels = stream.codec_context.width * stream.codec_context.height
    if seconds <= 0 or seconds * rate * pixels <= MAX_PIXELS:
        return 0
    return float(max(STEP, seconds * pixels / MAX_PIXELS))


def _stacked(times: list[float], planes: "list[NDArray[np.uint8]]") -> Pictures:
    import numpy as np  # noqa: PLC0415  needs the extra

    since = np.array(times) - (times[0] if times else 0)
    stacked = np.stack(planes) if planes else np.empty((0, SIDE, SIDE), np.uint8)
    return Pictures(np.round(since * 1000).astype(np.int64), stacked)
