"""Descriptive metadata of an image."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.description_component import DescriptionComponent
from dam.systems.system import system


@system(kinds={Kind.IMAGE}, produces=DescriptionComponent, version=1, reads_sidecar=True)
def image_description(sample: Sample) -> DescriptionComponent | None:
    """Title, keywords, rating and the like from the metadata."""
    said = sample.metadata.common
    values = (said.title, said.description, said.artist, said.copyright, said.rating, said.keywords)
    if not any(value is not None for value in values):
        return None
    return DescriptionComponent(
        title=said.title,
        description=said.description,
        artist=said.artist,
        copyright=said.copyright,
        rating=said.rating,
        keywords=list(said.keywords) if said.keywords else None,
    )
