"""Language of a document."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.media.words.language import is_prose, language_of, obstacle_of_language
from dam.models.language_component import LanguageComponent
from dam.systems.system import system


@system(kinds={Kind.DOCUMENT}, produces=LanguageComponent, version=1, obstacle=obstacle_of_language)
def document_language(sample: Sample) -> LanguageComponent | None:
    """Language of the text; none for a short text, for source code, and where it cannot be told."""
    found = language_of(sample.document.text or "") if is_prose(sample.media_type) else None
    return LanguageComponent(code=found.code, confidence=found.confidence) if found else None
