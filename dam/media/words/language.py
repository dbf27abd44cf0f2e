"""Tell the language of a text with py3langid."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

from dam.media.obstacle import Obstacle

MIN_LETTERS = 40
"""Minimum number of letters of a text of which the language is told."""
MAX_LENGTH = 5000
"""Number of characters that are looked at: more changes nothing."""
MIN_CONFIDENCE = 0.6

_PROGRAMS = re.compile(r"text/(x-(?!rst|web-markdown)|css|javascript|csv|tab-separated|calendar|vcard|xml)")
"""Media types of text that is written in no human language."""


@dataclass(frozen=True)
class Language:
    """The language of a text."""

    code: str
    """ISO 639-1, such as `de`."""
    confidence: float
    """0 to 1."""


def obstacle_of_language(_media_type: str) -> Obstacle | None:
    """Return why languages cannot be told here, or None if they can."""
    if find_spec("py3langid") and find_spec("numpy"):
        return None
    return Obstacle("the language of texts needs pip install 'dam[documents]', then dam-cli run-systems", "documents")


def is_prose(media_type: str) -> bool:
    """Return whether content of a media type is written in a human language."""
    return not _PROGRAMS.match(media_type)


def language_of(text: str) -> Language | None:
    """Return the language of a text; None if it is too short, or the language cannot be told."""
    text = " ".join(text[:MAX_LENGTH].split())
    if sum(map(str.isalpha, text)) < MIN_LETTERS:
        return None
    code, confidence = _identifier().classify(text)
    return Language(code, round(float(confidence), 3)) if confidence >= MIN_CONFIDENCE else None


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415  an optional library

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
