"""The poster of a video: a key frame from near its beginning with something to see."""

from typing import TYPE_CHECKING, Any

from dam.core.errors import DecodeError
from dam.media.container import clockwise, open_container
from dam.media.images.pixel_limit import check_pixels

if TYPE_CHECKING:
    from PIL.Image import Image

    from dam.media.sample import Sample

PLACE = 0.1
"""Where to look, as a share of the length: what comes before is often black, or a title."""
MAX_FRAMES = 5
"""Key frames that are compared."""
CONTRAST = 20
"""The spread of luma (0 to 128) from which on a frame is good enough."""
MAX_DAMAGED_PACKETS = 100
MAX_PIXEL_ASPECT = 16
"""Width of a pixel by its height, beyond which it is not believed."""


def poster(sample: "Sample", size: int) -> "Image":
    """Return a frame as it is displayed, about `size` pixels large; DecodeError when none can be decoded."""
    import av  # noqa: PLC0415  needs the video extra
    from PIL import ImageStat  # noqa: PLC0415  needs the image extra

    with sample.open_content() as content, open_container(content) as container:
        cover = av.stream.Disposition.attached_pic
        stream = next((one for one in container.streams.video if not one.disposition & cover), None)
        if stream is None or stream.codec_context is None:
            raise DecodeError("it has no pictures that can be decoded")
        best: tuple[float, Image] | None = None
        for number, frame in enumerate(_key_frames(container, stream)):
            picture = _displayed(frame, stream, size)
            contrast = ImageStat.Stat(picture.convert("L")).stddev[0]
            if best is None or contrast > best[0]:
                best = contrast, picture
            if contrast >= CONTRAST or number + 1 == MAX_FRAMES:
                break
    if best is None:
        raise DecodeError("no picture of the video can be decoded")
    return best[1]


def _key_frames(container: Any, stream: Any) -> Any:
    """Yield the key frames after `PLACE`; from the beginning, where the container cannot be searched."""
    from av.error import FFmpegError  # noqa: PLC0415  needs the video extra

    stream.thread_type = "NONE"
    stream.codec_context.skip_frame = "NONKEY"
    if container.duration:
        try:
            container.seek(int(container.duration * PLACE))  # both in microseconds
        except FFmpegError:
            container.seek(0)
    faults = 0
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except FFmpegError:  # one packet: those after it may be whole
                faults += 1
                if faults > MAX_DAMAGED_PACKETS:
                    return
    except FFmpegError:  # the file breaks off
        return


def _displayed(frame: Any, stream: Any, size: int) -> "Image":
    """Return a frame with square pixels, turned as it is shown, and scaled down to about `size`."""
    check_pixels(frame.width, frame.height)
    shape = float(stream.sample_aspect_ratio or 1)
    width, height = frame.width * (shape if 1 / MAX_PIXEL_ASPECT < shape < MAX_PIXEL_ASPECT else 1), frame.height
    scale = min(1.0, size / max(width, height))
    small: Image = frame.to_image(width=max(1, round(width * scale)), height=max(1, round(height * scale)))
    return small.rotate(-clockwise(frame.rotation), expand=True) if clockwise(frame.rotation) else small
