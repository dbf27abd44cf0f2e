"""Source paths in the form that the database stores."""

import hashlib
import os
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from dam.media.files.source import FileState
from dam.models.source_path_component import UNSETTLED, SourcePathComponent
from dam.services.components import ecs


def source_row(
    entity_id: int, path: str, state: FileState, filename: str | None = None, *, is_settled: bool = False
) -> dict[str, Any]:
    """Return the row that links an entity to its source path. `is_settled`: see `FileState.is_settled`.

    The row contains the time, because SQLite's CURRENT_TIMESTAMP has a resolution of one second.
    """
    raw = os.fsencode(path)
    return {
        "entity_id": entity_id,
        "path": raw,
        "path_digest": path_digest(raw),
        "folder_digest": _folder_digest(os.path.dirname(path)),
        "path_display": displayed(raw),
        "filename": displayed_name(filename or os.path.basename(path)),
        "size": state.size,
        "mtime_ns": state.mtime_ns,
        "inode": state.inode,
        "ctime_ns": state.ctime_ns if is_settled else UNSETTLED,
        "updated_at": datetime.now(UTC),
    }


def recorded_paths(session: Session, entity_id: int) -> list[str]:
    """Return the source paths of an entity, oldest first."""
    return [os.fsdecode(source.path) for source in ecs.get_components(session, entity_id, SourcePathComponent)]


def path_digest(path: bytes) -> bytes:
    """Return the look-up key of a path: its BLAKE2b-128 (RFC 7693)."""
    return hashlib.blake2b(path, digest_size=16).digest()


def folder_digest(path: bytes) -> bytes:
    """Return the look-up key of the folder that a path is in."""
    return _folder_digest(os.fsdecode(os.path.dirname(path)))


@lru_cache(maxsize=64)
def _folder_digest(folder: str) -> bytes:
    return path_digest(os.fsencode(folder))


def displayed_name(name: str) -> str:
    """Return a file name as text that any database accepts; see `displayed`."""
    return name if name.isascii() and "\0" not in name else displayed(os.fsencode(name))


def displayed(raw: bytes) -> str:
    r"""Return a path as text that any database accepts: bytes that are not UTF-8 become `\xff`."""
    if raw.isascii() and b"\0" not in raw:  # the usual case
        return raw.decode("ascii")
    return storable(raw.decode("utf-8", "backslashreplace"))


def storable(text: str) -> str:
    r"""Return text that any database accepts: NUL becomes `\x00`, surrogates become `\ud800`."""
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()
