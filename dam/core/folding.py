"""Fold names for comparison: without case, and in one Unicode form."""

import unicodedata


def folded(text: str) -> str:
    """Return the key under which a name is compared: case-folded, in Unicode normal form NFC.

    Two texts that a reader takes for the same, but for their case, have one key, on every computer: `Straße` and
    `STRASSE`, `é` in one character or two, `İ` and `i` with a dot above. It does not depend on a language: a
    dotless i stays one. This is the canonical caseless match of the Unicode Standard, definition D145, but in NFC.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())
