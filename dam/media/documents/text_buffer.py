"""Text that comes in pieces, up to a limit."""

from dam.media.documents.document import TEXT_LIMIT


class TextBuffer:
    """Collects text; past `TEXT_LIMIT` characters it is full, and takes no more."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._room = TEXT_LIMIT
        self.is_cut = False

    @property
    def is_full(self) -> bool:
        """Whether what comes now is left out."""
        return self.is_cut

    def add(self, piece: str) -> None:
        """Add some text, as far as there is room."""
        if len(piece) > self._room:
            self.is_cut = True
            piece = piece[: self._room]
        self._room -= len(piece)
        self._pieces.append(piece)

    def text(self) -> str:
        """Return what has come."""
        return "".join(self._pieces)
