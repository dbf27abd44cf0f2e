"""Video streams of a file."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.video_stream_component import VideoStreamComponent
from dam.systems.system import system


@system(kinds={Kind.VIDEO, Kind.AUDIO}, produces=VideoStreamComponent, version=1)
def video_streams(sample: Sample) -> list[VideoStreamComponent]:
    """Codec, size, frame rate, bit rate and rotation of each video stream."""
    return [
        VideoStreamComponent(
            stream_index=stream.index,
            codec=stream.codec,
            width=stream.width,
            height=stream.height,
            frame_rate=stream.frame_rate,
            bit_rate=stream.bit_rate,
            rotation=stream.rotation,
            pixel_format=stream.pixel_format,
            is_cover=stream.is_cover,
        )
        for stream in sample.container.video
    ]
