"""Read the manifest: the lines that are intact, and what is missing or damaged."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

from dam.core.errors import StoreError
from dam.services.manifest.file_lines import FileLine, parse_quickly
from dam.services.manifest.lines import Header, Line, parse
from dam.storage.manifest import Manifest

MAX_LINE_BYTES = 64 * 1024 * 1024
"""Longest line that is read whole: a segment that has lost its newlines must not fill the memory."""
END_BYTES = 64 * 1024

L = TypeVar("L", bound=Line | FileLine)


@dataclass(frozen=True)
class Damage:
    """A place where the manifest is damaged, incomplete, or contradicts itself. `line` is counted from 1."""

    segment: int
    line: int
    detail: str


@dataclass(frozen=True)
class End:
    """Where the manifest ends."""

    batch: int = 0
    """Number of the last batch; 0 without any."""
    is_whole: bool = True
    """Whether all lines of the last batch are there, and nothing follows them."""
    has_newline: bool = True
    size: int = 0
    """Bytes in the newest segment."""


def read(manifest: Manifest, after: int = 0) -> Iterator[Line | Damage]:
    """Yield the lines of all batches after a batch, in order, and the damage among them. Never raises for damage."""
    return _read(manifest, after, parse)


def read_quickly(manifest: Manifest, after: int = 0) -> Iterator[Line | FileLine | Damage]:
    """Do as `read`, and parse no JSON of lines about files."""
    return _read(manifest, after, parse_quickly)


def _read(manifest: Manifest, after: int, parsed: Callable[[bytes], L | Header | None]) -> Iterator[L | Damage]:
    checks = _Sequence(after)
    last = 0
    for number in manifest.numbers():
        if number != last + 1 and checks.matters:
            yield Damage(number, 1, f"segment {last + 1} is missing")
        last = number
        try:
            with manifest.open(number) as file:
                yield from _of_segment(number, file, checks, parsed)
        except (StoreError, OSError) as exc:
            yield Damage(number, 1, f"it cannot be read: {exc}")
    if checks.unfinished:
        yield Damage(last, checks.line, "the end of the last batch is missing")


def library_id(manifest: Manifest) -> str | None:
    """Return the library's id in the first header that can be read; None where there is none."""
    for number in manifest.numbers():
        with manifest.open(number) as file:
            found = parse(file.readline(MAX_LINE_BYTES))
        if isinstance(found, Header):
            return found.library_id
    return None


def _of_segment(
    number: int, file: BinaryIO, checks: "_Sequence", parsed: Callable[[bytes], L | Header | None]
) -> Iterator[L | Damage]:
    torn: Damage | None = None
    for place, raw in enumerate(iter(lambda: file.readline(MAX_LINE_BYTES), b""), 1):
        found = parsed(raw)
        checks.line = place
        if isinstance(found, Header) != (place == 1) and checks.matters:
            yield Damage(number, place, "the header of the segment is damaged" if place == 1 else "a second header")
        if isinstance(found, Header):
            continue
        if found is None:
            torn = torn or Damage(number, place, "a damaged line")
            continue
        if checks.has_gap_before(found):
            yield torn or Damage(number, place, f"lines are missing before batch {found.batch}")
        torn = None  # what a killed process had begun to write, and the next one wrote whole
        if checks.take(found):
            yield found
    if torn and checks.matters:
        yield torn


class _Sequence:
    """The place in the sequence of lines."""

    def __init__(self, after: int) -> None:
        self._after = after
        self._batch, self._index, self._count = 0, 0, 0
        self.line = 0

    @property
    def matters(self) -> bool:
        """Whether damage at this place concerns the batches that are wanted."""
        return self._batch >= self._after

    @property
    def unfinished(self) -> bool:
        """Whether the last batch has not ended."""
        return self._index < self._count

    def has_gap_before(self, line: Line | FileLine) -> bool:
        """Return whether lines that are wanted are missing between the last line and this one."""
        if line.batch <= self._after or line.batch < self._batch:
            return False
        if line.batch == self._batch:
            return line.index > self._index + 1
        unfinished = self.unfinished and self._batch > self._after
        return unfinished or line.index > 1 or line.batch > max(self._batch, self._after) + 1

    def take(self, line: Line | FileLine) -> bool:
        """Go on to a line; return whether it is to be used. A batch can be there twice: then it is used twice."""
        if line.batch < self._batch:
            return False
        self._batch, self._index, self._count = line.batch, line.index, line.count
        return line.batch > self._after


def find_end(manifest: Manifest) -> End:
    """Return where the manifest ends: from the last bytes of the newest segment, or from more if these are damaged."""
    numbers = manifest.numbers()
    if not numbers:
        return End()
    with manifest.open(numbers[-1]) as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - END_BYTES))
        tail = file.read()
    lines = tail.splitlines(keepends=True)[1 if size > END_BYTES else 0 :]
    has_newline = tail.endswith(b"\n") or not tail
    last = parse(lines[-1]) if lines else None
    if isinstance(last, Line):
        return End(last.batch, last.is_last, has_newline, size)
    whole = [line for line in map(parse, lines) if isinstance(line, Line)]
    if whole:
        return End(whole[-1].batch, is_whole=False, has_newline=has_newline, size=size)
    batch = max((line.batch for line in read(manifest) if isinstance(line, Line)), default=0)
    return End(batch, is_whole=isinstance(last, Header), has_newline=has_newline, size=size)
