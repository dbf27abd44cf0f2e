"""What a tag may be called."""

import unicodedata
from collections.abc import Iterable

from dam.core.errors import UsageError
from dam.core.folding import folded

MAX_TAG_LENGTH = 255
SEPARATOR = "/"
"""Between the levels of a tag, as in `place/italy/rome`."""


def checked_tag(tag: str) -> str:
    """Return a tag without surrounding white space, in Unicode normal form NFC.

    Raises:
        UsageError: the tag is empty, too long, has an empty level, or has commas or control characters.

    """
    tag = written_tag(tag)
    if not all(level.strip() for level in tag.split(SEPARATOR)):
        raise UsageError(f"tag {tag!r} has an empty level: write it as place{SEPARATOR}italy{SEPARATOR}rome")
    return tag


def written_tag(tag: str) -> str:
    """Return what `checked_tag` does, but let empty levels pass: an earlier version has let them in.

    Raises:
        UsageError: the tag is empty, too long, or has commas or control characters.

    """
    tag = unicodedata.normalize("NFC", tag.strip())
    if not tag:
        raise UsageError("a tag must not be empty")
    if len(tag) > MAX_TAG_LENGTH:
        raise UsageError(f"a tag has at most {MAX_TAG_LENGTH} characters, this one has {len(tag)}")
    if "," in tag or any(unicodedata.category(character) in ("Cc", "Cs") for character in tag):
        raise UsageError(f"tag {tag!r}: a tag has no commas and no control characters")
    return tag


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Return the tags in order, without repetitions: of those that differ only in case, the first.

    Raises:
        UsageError: a tag is invalid.

    """
    first: dict[str, str] = {}
    for tag in map(checked_tag, tags):
        first.setdefault(folded(tag), tag)
    return list(first.values())
