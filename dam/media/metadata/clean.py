"""Making what a file says of itself fit to keep: hostile metadata may be huge, of the wrong type, or no text at all."""

import math
import unicodedata
from typing import Any

MAX_TEXT_LENGTH = 4000
"""Characters of one text that are kept."""
MAX_ITEMS = 256
"""Items of one list that are kept."""
MAX_DEPTH = 6
"""How deep lists and tables within each other are kept."""

MAX_INTEGER = 2**31 - 1


def text(value: Any, length: int = MAX_TEXT_LENGTH) -> str | None:
    """Return a value as one line of text without control characters; None where nothing is left, or it is no text."""
    if isinstance(value, bytes):
        value = value.rstrip(b"\0").decode(errors="replace")
    if not isinstance(value, str):
        return None
    value = value[: 4 * length]
    if not value.isprintable():
        value = "".join(" " if unicodedata.category(letter) in ("Cc", "Cs", "Cn") else letter for letter in value)
    return " ".join(value.split())[:length].strip() or None


def number(value: Any) -> float | None:
    """Return a finite number; None where it is none. Text such as `1/250` is one, too."""
    try:
        if isinstance(value, str):
            above, slash, below = value.strip()[:64].partition("/")
            value = float(above) / float(below) if slash else float(above)
        found = float(value)
    except (TypeError, ValueError, ArithmeticError, OverflowError):
        return None
    return found if math.isfinite(found) and abs(found) < 1e15 else None  # noqa: PLR2004  more measures nothing


def whole(value: Any, minimum: int = 0, maximum: int = MAX_INTEGER) -> int | None:
    """Return a whole number within bounds, or None."""
    found = number(value[0] if isinstance(value, tuple | list) and value else value)
    return int(found) if found is not None and minimum <= found <= maximum and found == int(found) else None


def positive(value: Any) -> float | None:
    """Return a number above 0, or None."""
    found = number(value)
    return found if found is not None and found > 0 else None


def plain(value: Any, depth: int = MAX_DEPTH) -> Any:
    """Return a value as JSON can hold it, cut to bounds; None for what is no text, number, list or table."""
    match value:
        case str():
            kept: Any = text(value)
        case bytes():
            kept = text(value) if len(value) <= MAX_TEXT_LENGTH and value.rstrip(b"\0").isascii() else None
        case list() | tuple():
            kept = [plain(item, depth - 1) for item in value[:MAX_ITEMS]] if depth else None
        case dict():
            items = list(value.items())[:MAX_ITEMS] if depth else ()
            kept = {name: cut for name, item in items if (cut := plain(item, depth - 1)) is not None}
        case _:
            kept = number(value)
            if kept is not None and kept == int(kept):
                kept = int(kept)
    return kept
