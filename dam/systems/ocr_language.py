"""Language of the words in pictures."""

from dam.media.kinds import Kind
from dam.media.obstacle import Obstacle
from dam.media.sample import Sample
from dam.media.words.language import language_of, obstacle_of_language
from dam.media.words.recognition import obstacle_of_words
from dam.models.language_component import LanguageComponent
from dam.systems.system import system


def _obstacle(media_type: str) -> Obstacle | None:
    return obstacle_of_words(media_type) or obstacle_of_language(media_type)


@system(kinds={Kind.IMAGE, Kind.DOCUMENT}, produces=LanguageComponent, version=1, obstacle=_obstacle, on_request=True)
def ocr_language(sample: Sample) -> LanguageComponent | None:
    """Language of the words that were read, together with the text of a document."""
    text = sample.document.text if sample.kind is Kind.DOCUMENT else ""
    found = language_of(f"{text or ''}\n{sample.words.text}")
    return LanguageComponent(code=found.code, confidence=found.confidence) if found else None
