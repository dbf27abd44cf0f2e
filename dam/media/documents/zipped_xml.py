"""XML within ZIP archives, as office formats have it: read as a stream, without entities, within bounds."""

import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Protocol
from xml.parsers.expat import ExpatError, ParserCreate

from dam.core.errors import DecodeError

if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType

MAX_BYTES = 64 * 1024 * 1024
"""What is unpacked of one document, whatever its archive says."""

MAX_PARTS = 10_000
CHUNK = 1 << 16


class Target(Protocol):
    """What becomes of a part while it is read."""

    @property
    def is_done(self) -> bool:
        """Whether the rest does not matter."""

    def start(self, tag: str, attributes: Mapping[str, str], /) -> None:
        """Take the start of an element."""

    def end(self, tag: str, /) -> None:
        """Take the end of an element."""

    def data(self, text: str, /) -> None:
        """Take some text."""


class Archive:
    """The parts of a document. Together they may give `MAX_BYTES`; what comes after is left out."""

    def __init__(self, stream: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as exc:
            raise DecodeError(f"its archive is damaged: {exc}") from exc
        self._parts = {info.filename: info for info in self._zip.infolist()[:MAX_PARTS]}
        self._left = MAX_BYTES
        self.is_cut = False

    @property
    def names(self) -> list[str]:
        """The names of all parts."""
        return list(self._parts)

    def is_encrypted(self, name: str) -> bool:
        """Tell whether the archive has a password for a part."""
        return name in self._parts and bool(self._parts[name].flag_bits & 1)

    def read(self, name: str, max_bytes: int = MAX_BYTES) -> bytes:
        """Return what there is of a part within the bound; nothing where it is missing or larger than `max_bytes`."""
        if name in self._parts and self._parts[name].file_size > max_bytes:
            return b""
        return b"".join(self._chunks(name))

    def parse(self, name: str, target: Target) -> None:
        """Hand the elements of a part to a target until that is done; DecodeError when it is no XML, or hostile."""
        parser = _parser(target)
        for chunk in self._chunks(name):
            try:
                parser.Parse(chunk)
            except ExpatError as exc:
                raise DecodeError(f"{name} is no XML: {exc}") from exc
            if target.is_done:
                return

    def _chunks(self, name: str) -> Iterator[bytes]:
        """Yield a part in pieces, until the archive has given all that it may."""
        info = self._parts.get(name)
        if info is None:
            return
        try:
            with self._zip.open(info) as part:
                while chunk := part.read(min(CHUNK, self._left)):
                    self._left -= len(chunk)
                    yield chunk
                self.is_cut = self._left == 0
        except DecodeError:
            raise
        except Exception as exc:  # zlib.error, BadZipFile, EOFError, NotImplementedError, …
            raise DecodeError(f"{name} is damaged: {exc}") from exc


def _parser(target: Target) -> "XMLParserType":
    """Return a parser that calls a target. Without a document type there are no entities, and nothing to fetch."""

    def refuse(*_: object) -> None:
        raise DecodeError("it has a document type, which no office format needs and entity bombs do")

    parser = ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = target.start
    parser.EndElementHandler = target.end
    parser.CharacterDataHandler = target.data
    return parser


class Fields:
    """A target that keeps the text of some elements, by the name that each is to have."""

    MAX_CHARACTERS = 1000
    """Characters kept of each."""

    def __init__(self, wanted: Mapping[str, str]) -> None:
        self._wanted = wanted
        self._within = ""
        self.found: dict[str, str] = {}
        self.attributes: dict[str, Mapping[str, str]] = {}
        self.is_done = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Begin with an element."""
        self._within = self._wanted.get(tag, "")
        if self._within and attributes:
            self.attributes.setdefault(self._within, attributes)

    def end(self, _tag: str) -> None:
        """End an element."""
        self._within = ""

    def data(self, text: str) -> None:
        """Keep text that is wanted."""
        if self._within:
            self.found[self._within] = (self.found.get(self._within, "") + text)[: self.MAX_CHARACTERS]

    def text(self, name: str) -> str | None:
        """Return a field on one line, if it says anything."""
        return " ".join(self.found.get(name, "").split()) or None

    def moment(self, name: str) -> datetime | None:
        """Return a field that is a date in ISO 8601; without a zone it is UTC."""
        try:
            found = datetime.fromisoformat(self.found.get(name, "").strip())
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            return None

    def number(self, name: str) -> int | None:
        """Return a field that is a count."""
        written = self.found.get(name, "").strip()
        return int(written) if written.isascii() and written.isdigit() and len(written) < 9 else None  # noqa: PLR2004
