"""Digest of the compressed image data."""

from dam.media.images.image_data import image_data_digest as digest_of
from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.image_data_digest_component import ImageDataDigestComponent
from dam.systems.system import system


@system(kinds={Kind.IMAGE}, produces=ImageDataDigestComponent, version=1)
def image_data_digest(sample: Sample) -> ImageDataDigestComponent | None:
    """SHA-256 of the compressed image data without metadata."""
    with sample.open_content() as stream:
        digest = digest_of(stream, sample.media_type)
    return ImageDataDigestComponent(digest=digest) if digest else None
