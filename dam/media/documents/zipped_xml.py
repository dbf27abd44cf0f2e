"""Read the XML parts of ZIP-based documents as a stream, without entities, within limits."""

import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Protocol
from xml.parsers.expat import ExpatError, ParserCreate

from dam.core.errors import DecodeError

if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType

MAX_BYTES = 64 * 1024 * 1024
"""Maximum number of bytes decompressed from one document: the limit against ZIP bombs."""

MAX_PARTS = 10_000
"""Maximum number of archive members that are considered."""
CHUNK_BYTES = 1 << 16


class Handler(Protocol):
    """Receiver of the events of an XML parser. Tags are `namespace name`, separated by a space."""

    @property
    def is_done(self) -> bool:
        """Whether parsing can stop."""

    def start(self, tag: str, attributes: Mapping[str, str], /) -> None:
        """Handle the start of an element."""

    def end(self, tag: str, /) -> None:
        """Handle the end of an element."""

    def data(self, text: str, /) -> None:
        """Handle character data."""


class Archive:
    """The parts of a ZIP-based document. At most `MAX_BYTES` are decompressed in total.

    Raises:
        DecodeError: the stream is not a valid ZIP archive.

    """

    def __init__(self, stream: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as exc:
            raise DecodeError(f"the archive is damaged: {exc}") from exc
        self._parts = {info.filename: info for info in self._zip.infolist()[:MAX_PARTS]}
        self._remaining = MAX_BYTES
        self.is_truncated = False
        """Whether the limit ended the reading of a part."""

    @property
    def names(self) -> list[str]:
        """The names of all parts."""
        return list(self._parts)

    def read(self, name: str, max_bytes: int = MAX_BYTES) -> bytes:
        """Return the content of a part; empty if it is missing or declares more than `max_bytes` bytes.

        Raises:
            DecodeError: the part is damaged.

        """
        if name in self._parts and self._parts[name].file_size > max_bytes:
            return b""
        return b"".join(self._chunks(name))

    def parse(self, name: str, handler: Handler) -> None:
        """Parse a part and pass its events to a handler, until the handler is done. A missing part has no events.

        Raises:
            DecodeError: the part is damaged, is not well-formed XML, or has a document type.

        """
        parser = _parser(handler)
        for chunk in self._chunks(name):
            try:
                parser.Parse(chunk)
            except ExpatError as exc:
                raise DecodeError(f"the part {name} is not well-formed XML: {exc}") from exc
            if handler.is_done:
                return

    def _chunks(self, name: str) -> Iterator[bytes]:
        """Yield the content of a part in chunks, within the limit of the archive."""
        info = self._parts.get(name)
        if info is None:
            return
        try:
            with self._zip.open(info) as part:
                while chunk := part.read(min(CHUNK_BYTES, self._remaining)):
                    self._remaining -= len(chunk)
                    yield chunk
                self.is_truncated = self._remaining == 0
        except DecodeError:
            raise
        except Exception as exc:  # zlib.error, BadZipFile, EOFError, NotImplementedError, …
            raise DecodeError(f"the part {name} is damaged: {exc}") from exc


def _parser(handler: Handler) -> "XMLParserType":
    """Return a parser that rejects document types: without them there are no entities, internal or external."""

    def refuse(*_: object) -> None:
        raise DecodeError("the document declares a document type (DTD), which is not permitted")

    parser = ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.CharacterDataHandler = handler.data
    return parser


class TextHandler:
    """A handler that collects the text and attributes of selected elements.

    `names` maps the tags of the elements to the names under which their values are stored.
    """

    MAX_LENGTH = 1000
    """Maximum length of a value, in characters."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._current = ""
        self.values: dict[str, str] = {}
        self.attributes: dict[str, Mapping[str, str]] = {}
        self.is_done = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Enter an element, and store its attributes if it is selected."""
        self._current = self._names.get(tag, "")
        if self._current and attributes:
            self.attributes.setdefault(self._current, attributes)

    def end(self, _tag: str) -> None:
        """Leave an element."""
        self._current = ""

    def data(self, text: str) -> None:
        """Append text to the value of the current element."""
        if self._current:
            self.values[self._current] = (self.values.get(self._current, "") + text)[: self.MAX_LENGTH]

    def text(self, name: str) -> str | None:
        """Return a value as one line of text; None if it is absent or empty."""
        return " ".join(self.values.get(name, "").split()) or None

    def moment(self, name: str) -> datetime | None:
        """Return an ISO 8601 date-time in UTC, which is also the default time zone; None if it is absent or invalid."""
        try:
            value = datetime.fromisoformat(self.values.get(name, "").strip())
            return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            return None

    def number(self, name: str) -> int | None:
        """Return a non-negative integer; None if it is absent or invalid."""
        text = self.values.get(name, "").strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None  # noqa: PLR2004
