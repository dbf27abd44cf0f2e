"""Words in pictures."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.media.words.recognition import obstacle_of_words
from dam.models.ocr_component import OcrComponent
from dam.systems.system import system


@system(
    kinds={Kind.IMAGE, Kind.DOCUMENT}, produces=OcrComponent, version=1, obstacle=obstacle_of_words, on_request=True
)
def ocr(sample: Sample) -> OcrComponent | None:
    """Words in an image, or on the pages of a PDF without text; none where nothing was read with confidence."""
    words = sample.words
    if not words.lines:
        return None
    boxes = [[line.page, line.left, line.top, line.width, line.height, line.confidence] for line in words.lines]
    return OcrComponent(text=words.text, confidence=round(words.confidence, 3), boxes=boxes, is_cut=words.is_cut)
