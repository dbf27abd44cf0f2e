"""Pixel size of a video."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.dimensions_component import DimensionsComponent
from dam.systems.system import system


@system(kinds={Kind.VIDEO}, produces=DimensionsComponent, version=1)
def video_dimensions(sample: Sample) -> DimensionsComponent | None:
    """Pixel size of the first video stream that is not a cover, with the rotation applied."""
    stream = sample.container.main_video
    if stream is None:
        return None
    width, height = stream.width, stream.height
    if stream.rotation % 180:
        width, height = height, width
    return DimensionsComponent(width=width, height=height)
