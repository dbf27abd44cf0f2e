"""aHash of an image."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.image_perceptual_hash_ahash_component import ImagePerceptualHashAhashComponent
from dam.systems.system import system


@system(kinds={Kind.IMAGE}, produces=ImagePerceptualHashAhashComponent, version=1)
def image_ahash(sample: Sample) -> ImagePerceptualHashAhashComponent:
    """64-bit average hash of the luma plane."""
    from dam.media.images.perceptual_hash import ahash  # noqa: PLC0415  needs the image extra

    return ImagePerceptualHashAhashComponent(hash_value=ahash(sample.reductions))
