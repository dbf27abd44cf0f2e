"""pHash of an image."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.image_perceptual_hash_phash_component import ImagePerceptualHashPhashComponent
from dam.systems.system import system


@system(kinds={Kind.IMAGE}, produces=ImagePerceptualHashPhashComponent, version=1)
def image_phash(sample: Sample) -> ImagePerceptualHashPhashComponent:
    """64-bit DCT hash of the luma plane."""
    from dam.media.images.perceptual_hash import phash  # noqa: PLC0415  needs the image extra

    return ImagePerceptualHashPhashComponent(hash_value=phash(sample.reductions))
