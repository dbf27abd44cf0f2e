"""Luma thumbnail of an image, for verification of similarity."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.image_luma_component import ImageLumaComponent
from dam.systems.system import system


@system(kinds={Kind.IMAGE}, produces=ImageLumaComponent, version=1)
def image_luma(sample: Sample) -> ImageLumaComponent:
    """Luma plane at 16 × 16 pixels."""
    from dam.media.images.small_luma import small_luma  # noqa: PLC0415  needs the image extra

    return ImageLumaComponent(luma=small_luma(sample.reductions).tobytes())
