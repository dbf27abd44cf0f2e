"""BagIt bags (RFC 8493): the files that make a folder one, around the payload in `data`."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from dam.core.errors import ConflictError
from dam.services.export.names import GivenNames
from dam.services.export.target import Target
from dam.version import __version__

PAYLOAD = "data/"
_DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_MANIFEST, _INFO, _BAGIT, _TAGS = "manifest-sha256.txt", "bag-info.txt", "bagit.txt", "tagmanifest-sha256.txt"


class Bag:
    """A bag that is being filled. Until `finish`, the folder is none, so that half a bag is never taken for one."""

    def __init__(self, target: Target, library_id: str) -> None:
        self._target = target
        self._library_id = library_id
        self._bytes = self._files = 0
        for name in (_BAGIT, _TAGS, _INFO, _MANIFEST):
            with suppress(FileNotFoundError):
                (target.root / name).unlink()
        self._list = target.temporary()
        self._manifest: BinaryIO = self._list.open("xb")

    def add(self, path: str, size: int, sha256: str) -> None:
        """Note a file of the payload, by its path from the root."""
        self._manifest.write(f"{sha256}  {path}\n".encode())
        self._bytes += size
        self._files += 1

    def finish(self, given: GivenNames) -> None:
        """Make the folder a bag.

        Raises:
            ConflictError: `data` has other files than the export.

        """
        if stray := next((path for path in self._files_there() if path not in given), None):
            raise ConflictError(
                f"{self._target.root / stray} is not part of this export, so that the bag would not be valid: "
                "remove it, or export to an empty folder"
            )
        self._manifest.flush()
        os.fsync(self._manifest.fileno())
        self._manifest.close()
        self._target.move(self._list, _MANIFEST)
        self._write(_INFO, self._info())
        self._write(_BAGIT, _DECLARATION)
        tags = (f"{_sha256_of(self._target.root / name)}  {name}\n" for name in (_INFO, _BAGIT, _MANIFEST))
        self._write(_TAGS, "".join(tags).encode())
        self._target.settle()

    def close(self) -> None:
        """Close the list of files."""
        self._manifest.close()

    def _info(self) -> bytes:
        lines = {
            "Bag-Software-Agent": f"dam-cli {__version__}",
            "Bagging-Date": datetime.now(UTC).date().isoformat(),
            "External-Identifier": self._library_id,
            "Payload-Oxum": f"{self._bytes}.{self._files}",
        }
        return "".join(f"{name}: {value}\n" for name, value in lines.items()).encode()

    def _write(self, name: str, content: bytes) -> None:
        self._target.replace(name, lambda file: _write_all(file, content))

    def _files_there(self) -> Iterator[str]:
        root = self._target.root
        for folder, _, names in os.walk(root / PAYLOAD):
            for name in sorted(names):
                yield os.path.relpath(os.path.join(folder, name), root)


def _write_all(file: BinaryIO, content: bytes) -> None:
    file.write(content)


def _sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
