"""Sanitise metadata values, which may be huge, of the wrong type, or not text in a hostile file."""

import math
import unicodedata
from typing import Any

MAX_TEXT_LENGTH = 4000
"""Maximum length of a text, in characters."""
MAX_ITEMS = 256
"""Maximum number of items of a list or table."""
MAX_DEPTH = 8
"""Maximum nesting of lists and tables."""

MAX_INTEGER = 2**31 - 1


def text(value: Any, length: int = MAX_TEXT_LENGTH) -> str | None:
    """Return a value as one line of text without control characters; None if the result is empty or not text."""
    if isinstance(value, bytes):
        value = value.rstrip(b"\0").decode(errors="replace")
    if not isinstance(value, str):
        return None
    value = value[: 4 * length]
    if not value.isprintable():
        # Control characters, surrogates, unassigned code points
        value = "".join(" " if unicodedata.category(char) in ("Cc", "Cs", "Cn") else char for char in value)
    return " ".join(value.split())[:length].strip() or None


def number(value: Any) -> float | None:
    """Return a finite number below 1e15 in magnitude, or None. A fraction such as `1/250` is accepted as text."""
    try:
        if isinstance(value, str):
            numerator, slash, denominator = value.strip()[:64].partition("/")
            value = float(numerator) / float(denominator) if slash else float(numerator)
        result = float(value)
    except (TypeError, ValueError, ArithmeticError, OverflowError):
        return None
    return result if math.isfinite(result) and abs(result) < 1e15 else None  # noqa: PLR2004  no measurement is larger


def integer(value: Any, minimum: int = 0, maximum: int = MAX_INTEGER) -> int | None:
    """Return an integer in `minimum` to `maximum`, inclusive, or None. Of a list, take the first item."""
    result = number(value[0] if isinstance(value, tuple | list) and value else value)
    return int(result) if result is not None and minimum <= result <= maximum and result == int(result) else None


def positive(value: Any) -> float | None:
    """Return a number greater than 0, or None."""
    result = number(value)
    return result if result is not None and result > 0 else None


def json_value(value: Any, depth: int = MAX_DEPTH) -> Any:
    """Return a value that JSON can represent, truncated to the limits; None for other types."""
    match value:
        case str():
            result: Any = text(value)
        case bytes():
            result = text(value) if len(value) <= MAX_TEXT_LENGTH and value.rstrip(b"\0").isascii() else None
        case list() | tuple():
            result = [json_value(item, depth - 1) for item in value[:MAX_ITEMS]] if depth else None
        case dict():
            items = list(value.items())[:MAX_ITEMS] if depth else ()
            converted = ((name, json_value(item, depth - 1)) for name, item in items)
            result = {name: item for name, item in converted if item is not None}
        case _:
            result = number(value)
            if result is not None and result == int(result):
                result = int(result)
    return result
