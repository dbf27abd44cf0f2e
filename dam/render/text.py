"""Text for terminals: names cannot move the cursor, change colours or reorder text."""

import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

# Categories of invisible characters that act on a terminal: controls, formats (including the bidirectional overrides),
# surrogates, and separators of lines and paragraphs.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
MAX_SHOWN = 200
"""Maximum number of characters shown of a value; only texts of documents are longer."""
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def safe(text: str) -> str:
    r"""Return text with each invisible character replaced by an escape such as `\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _escaped(character) if unicodedata.category(character) in _INVISIBLE else character for character in text
    )


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte that is not UTF-8, as os.fsdecode returns it
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def short(text: str) -> str:
    """Return the beginning of a long text; the JSON has all of it."""
    return safe(text) if len(text) <= MAX_SHOWN else f"{safe(text[:MAX_SHOWN])}… ({len(text):,} characters)"


def human_size(size: float) -> str:
    """Return a human-readable number of bytes, such as `1.5 MB` (powers of 1,000)."""
    for unit in _UNITS:
        if size < 1000 or unit == _UNITS[-1]:  # noqa: PLR2004  the step between units
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError("the last unit returns")


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """Return a count with its noun, such as `2 files`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def columns(text: str) -> int:
    """Return how many columns of a terminal a safe text takes: East Asian wide characters take two, accents none."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def end_of(text: str, width: int) -> str:
    """Return the end of a safe text that fits into some columns, as of a path, of which the end says most."""
    if columns(text) <= width:
        return text
    kept, left = "", width - 1
    for character in reversed(text):
        left -= _columns(character)
        if left < 0:
            break
        kept = character + kept
    return f"…{kept}"


class _Terminal:
    hidden: Callable[[], AbstractContextManager[object]] = nullcontext


@contextmanager
def covered(hidden: Callable[[], AbstractContextManager[object]]) -> Iterator[None]:
    """Let something cover the last line of the terminal within the block; `hidden` hides it while a line is written."""
    _Terminal.hidden = staticmethod(hidden)
    try:
        yield
    finally:
        _Terminal.hidden = nullcontext


def line(text: str = "") -> None:
    """Write a line of data to stdout."""
    with _Terminal.hidden():
        sys.stdout.write(_encodable(text, sys.stdout.encoding) + "\n")


def note(text: str) -> None:
    """Write a line to stderr."""
    with _Terminal.hidden():
        sys.stderr.write(_encodable(text, sys.stderr.encoding) + "\n")


def _encodable(text: str, encoding: str) -> str:
    return text.encode(encoding, "backslashreplace").decode(encoding)
