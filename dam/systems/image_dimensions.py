"""Pixel size of an image."""

from dam.media.images.decoding import displayed_size
from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.dimensions_component import DimensionsComponent
from dam.systems.system import system


@system(kinds={Kind.IMAGE}, produces=DimensionsComponent, version=1)
def image_dimensions(sample: Sample) -> DimensionsComponent:
    """Pixel size with the orientation applied."""
    width, height = displayed_size(sample.image)
    return DimensionsComponent(width=width, height=height)
