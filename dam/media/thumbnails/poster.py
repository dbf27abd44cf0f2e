"""Select the poster frame of a video: a key frame near the beginning with enough contrast."""

from typing import TYPE_CHECKING, Any

from dam.core.errors import DecodeError
from dam.media.container import clockwise, open_container
from dam.media.images.pixel_limit import check_pixels

if TYPE_CHECKING:
    from PIL.Image import Image

    from dam.media.sample import Sample

START = 0.1
"""Position of the first candidate, as a fraction of the duration. Earlier frames are often black, or a title."""
MAX_FRAMES = 5
"""Maximum number of key frames that are compared."""
MIN_CONTRAST = 20
"""Standard deviation of luma (0 to 128) that ends the search."""
MAX_DAMAGED_PACKETS = 100
MAX_PIXEL_ASPECT = 16
"""Maximum pixel aspect ratio, either way; larger ones are ignored as invalid."""


def poster(sample: "Sample", size: int) -> "Image":
    """Return the poster frame as displayed, with a longer side of about `size` pixels.

    Raises:
        DecodeError: the file has no decodable video stream, or no key frame can be decoded.

    """
    import av  # noqa: PLC0415  needs the video extra
    from PIL import ImageStat  # noqa: PLC0415  needs the image extra

    with sample.open_content() as content, open_container(content) as container:
        cover = av.stream.Disposition.attached_pic
        stream = next((one for one in container.streams.video if not one.disposition & cover), None)
        if stream is None or stream.codec_context is None:
            raise DecodeError("the file has no video stream that can be decoded")
        best: tuple[float, Image] | None = None
        for number, frame in enumerate(_key_frames(container, stream)):
            picture = _displayed(frame, stream, size)
            contrast = ImageStat.Stat(picture.convert("L")).stddev[0]
            if best is None or contrast > best[0]:
                best = contrast, picture
            if contrast >= MIN_CONTRAST or number + 1 == MAX_FRAMES:
                break
    if best is None:
        raise DecodeError("no key frame of the video can be decoded")
    return best[1]


def _key_frames(container: Any, stream: Any) -> Any:
    """Yield the key frames after `START`, or from the beginning if seeking fails."""
    from av.error import FFmpegError  # noqa: PLC0415  needs the video extra

    stream.thread_type = "NONE"
    stream.codec_context.skip_frame = "NONKEY"
    if container.duration:
        try:
            container.seek(int(container.duration * START))  # both in microseconds
        except FFmpegError:
            container.seek(0)
    damaged = 0
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except FFmpegError:  # a damaged packet; later ones may be intact
                damaged += 1
                if damaged > MAX_DAMAGED_PACKETS:
                    return
    except FFmpegError:  # the file is truncated
        return


def _displayed(frame: Any, stream: Any, size: int) -> "Image":
    """Return a frame with square pixels and the rotation applied, scaled down to about `size` pixels."""
    check_pixels(frame.width, frame.height)
    aspect = float(stream.sample_aspect_ratio or 1)
    width, height = frame.width * (aspect if 1 / MAX_PIXEL_ASPECT < aspect < MAX_PIXEL_ASPECT else 1), frame.height
    scale = min(1.0, size / max(width, height))
    small: Image = frame.to_image(width=max(1, round(width * scale)), height=max(1, round(height * scale)))
    return small.rotate(-clockwise(frame.rotation), expand=True) if clockwise(frame.rotation) else small
