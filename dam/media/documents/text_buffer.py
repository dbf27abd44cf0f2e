"""Collect text up to a limit."""

from dam.media.documents.document import MAX_TEXT_LENGTH


class TextBuffer:
    """A text that is truncated to `MAX_TEXT_LENGTH` characters."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._remaining = MAX_TEXT_LENGTH
        self.is_truncated = False
        """Whether text was discarded. Further text will be discarded, too."""

    def add(self, text: str) -> None:
        """Append a text, as far as it fits."""
        if len(text) > self._remaining:
            self.is_truncated = True
            text = text[: self._remaining]
        self._remaining -= len(text)
        self._parts.append(text)

    def text(self) -> str:
        """Return the collected text."""
        return "".join(self._parts)
