"""Properties of a document."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.document_component import DocumentComponent
from dam.systems.system import system


@system(kinds={Kind.DOCUMENT}, produces=DocumentComponent, version=2)
def document(sample: Sample) -> DocumentComponent | None:
    """Pages, title, author, subject and dates; none for plain text, which has no properties."""
    read = sample.document
    if sample.media_type.startswith("text/") and not read.title:
        return None
    return DocumentComponent(
        pages=read.pages,
        title=read.title,
        author=read.author,
        subject=read.subject,
        created=read.created,
        modified=read.modified,
        created_offset_minutes=read.created_offset,
        modified_offset_minutes=read.modified_offset,
        encrypted=read.encrypted,
        has_text=bool(read.text and read.text.strip()),
    )
