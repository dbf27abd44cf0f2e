"""dHash of an image."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.image_perceptual_hash_dhash_component import ImagePerceptualHashDhashComponent
from dam.systems.system import system


@system(kinds={Kind.IMAGE}, produces=ImagePerceptualHashDhashComponent, version=1)
def image_dhash(sample: Sample) -> ImagePerceptualHashDhashComponent:
    """64-bit gradient hash of the luma plane."""
    from dam.media.images.perceptual_hash import dhash  # noqa: PLC0415  needs the image extra

    return ImagePerceptualHashDhashComponent(hash_value=dhash(sample.reductions))
