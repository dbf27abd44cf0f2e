"""Lists of SHA-256 checksums, as sha256sum and shasum write them."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dam.core.errors import UsageError

_LINE = re.compile(rb"(\\?)([0-9a-fA-F]{64}) [ *](.+)", re.DOTALL)
_TAGGED = re.compile(rb"(\\?)SHA256 \((.+)\) = ([0-9a-fA-F]{64})", re.DOTALL)
_ESCAPES = {b"\\\\": b"\\", b"\\n": b"\n", b"\\r": b"\r"}


@dataclass(frozen=True)
class Sum:
    """A line of a list."""

    sha256: str
    name: str
    """The name of the file, as the list has it."""


def read_sums(lines: Iterable[bytes], name: str) -> Iterator[Sum]:
    """Yield the lines of a list; empty ones, and comments (`#`), are passed over. `name` is that of the list.

    A line that begins with a backslash has a name with escapes, as the coreutils write it.

    Raises:
        UsageError: a line is no SHA-256 checksum with a name.

    """
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip(b"\r\n\0")
        if not line.strip() or line.startswith(b"#"):
            continue
        matched, tagged = _LINE.fullmatch(line), _TAGGED.fullmatch(line)
        if matched:
            escaped, digits, path = matched.groups()
        elif tagged:
            escaped, path, digits = tagged.groups()
        else:
            raise UsageError(f"--sums {name}: line {number} is not a SHA-256 checksum and a name, as sha256sum writes")
        if escaped:
            path = re.sub(rb"\\[\\nr]", lambda match: _ESCAPES[match[0]], path)
        yield Sum(digits.decode().lower(), os.fsdecode(path))
