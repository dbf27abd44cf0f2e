"""Text of a document."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.document_text_component import DocumentTextComponent
from dam.systems.system import system


@system(kinds={Kind.DOCUMENT}, produces=DocumentTextComponent, version=1)
def document_text(sample: Sample) -> DocumentTextComponent | None:
    """Text, truncated to a million characters; none for a document without text, such as a scan."""
    read = sample.document
    return DocumentTextComponent(text=read.text, is_cut=read.is_truncated) if read.text and read.text.strip() else None
