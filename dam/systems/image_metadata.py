"""Complete metadata of an image."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.metadata_component import MetadataComponent
from dam.systems.system import system


@system(kinds={Kind.IMAGE}, produces=MetadataComponent, version=2, reads_sidecar=True)
def image_metadata(sample: Sample) -> MetadataComponent | None:
    """Complete EXIF, IPTC and XMP metadata, embedded and from a sidecar."""
    tables = dict(sample.metadata.everything)
    return MetadataComponent(found=tables) if tables else None
