"""Descriptive metadata of an image or video."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.description_component import DescriptionComponent
from dam.systems.system import system


@system(kinds={Kind.IMAGE, Kind.VIDEO}, produces=DescriptionComponent, version=2, reads_sidecar=True)
def description(sample: Sample) -> DescriptionComponent | None:
    """Title, description, artist, copyright, rating and keywords from the metadata."""
    fields = sample.metadata.common
    values = (fields.title, fields.description, fields.artist, fields.copyright, fields.rating, fields.keywords)
    if not any(value is not None for value in (*values, fields.hierarchies)):
        return None
    return DescriptionComponent(
        title=fields.title,
        description=fields.description,
        artist=fields.artist,
        copyright=fields.copyright,
        rating=fields.rating,
        keywords=list(fields.keywords) if fields.keywords else None,
        hierarchies=list(fields.hierarchies) if fields.hierarchies else None,
    )
