"""All metadata of an image file."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.metadata_component import MetadataComponent
from dam.systems.system import system


@system(kinds={Kind.IMAGE}, produces=MetadataComponent, version=1, reads_sidecar=True)
def image_metadata(sample: Sample) -> MetadataComponent | None:
    """All of EXIF, IPTC and XMP, embedded and in a sidecar."""
    found = dict(sample.metadata.everything)
    return MetadataComponent(found=found) if found else None
