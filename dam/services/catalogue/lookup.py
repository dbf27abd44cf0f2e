"""Find assets by id, hash, path or file."""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.core.database import release
from dam.core.errors import NotFoundError, UnreadableFileError, UsageError
from dam.media.files.digests import digests_of
from dam.media.files.source import chunks, open_source
from dam.models.base_component import BaseComponent
from dam.models.content_hash_md5_component import ContentHashMd5Component
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.entity import Entity
from dam.models.source_path_component import SourcePathComponent
from dam.services.catalogue.trashed import trashed_among
from dam.services.components import ecs
from dam.services.sources.source_paths import path_digest

MIN_PREFIX = 8
DIGITS = {"sha256": 64, "md5": 32}
_TABLES = {"sha256": ContentHashSha256Component, "md5": ContentHashMd5Component}


@dataclass(frozen=True)
class FileReference:
    """A path that names an asset by the content of the file there, which has been read."""

    text: str
    sha256: str


Reference: TypeAlias = str | FileReference
"""What names an asset: an id, a hash or hash prefix, or a path."""


def read_reference(text: str) -> Reference:
    """Read the file that a reference may name, before a transaction that writes begins: that can take minutes.

    Other references, and files that cannot be read, stay as they are: the look-up reports them.
    """
    if not os.path.isfile(text):
        return text
    try:
        return FileReference(text, _sha256_of(text))
    except UnreadableFileError:
        return text


def read_file(path: str) -> FileReference:
    """Read a file that names an asset.

    Raises:
        UnreadableFileError: it cannot be read.

    """
    return FileReference(path, _sha256_of(path))


def _sha256_of(path: str) -> str:
    try:
        with open_source(path) as (file, _):
            return digests_of(chunks(file)).sha256
    except UnreadableFileError as exc:
        raise UnreadableFileError(f"{path}: {exc}") from exc


def checked_hash(text: str, hash_type: str | None = None) -> str:
    """Return a hash or hash prefix in lower case, without white space.

    Raises:
        UsageError: other characters, fewer than 8 digits, or more digits than the hash has.

    """
    digits = "".join(text.split()).lower()
    max_digits = DIGITS[hash_type] if hash_type else max(DIGITS.values())
    if not re.fullmatch(r"[0-9a-f]+", digits):
        raise UsageError(f"{text!r} is not a hash: it must be hexadecimal digits")
    if not MIN_PREFIX <= len(digits) <= max_digits:
        raise UsageError(f"{text!r} is not a hash: it has {len(digits)} digits, not {MIN_PREFIX} to {max_digits}")
    return digits


def find_by_hash(session: Session, digits: str, hash_type: str | None = None, *, with_trash: bool = False) -> list[int]:
    """Return the entities whose content has this hash or hash prefix, ascending. Without a type, search both types."""
    found: set[int] = set()
    for name in [hash_type] if hash_type else DIGITS:
        if len(digits) <= DIGITS[name]:
            found.update(_find(session, _TABLES[name], digits, DIGITS[name]))
    return _visible(session, found, with_trash=with_trash)


def require_entities(session: Session, entity_ids: Iterable[int]) -> None:
    """Make sure that the library has some entities.

    Raises:
        NotFoundError: it lacks one.

    """
    for some in ecs.batched(entity_ids):
        if missing := set(some) - set(session.scalars(select(Entity.id).where(Entity.id.in_(some)))):
            raise NotFoundError(f"the library has no entity {min(missing)}")


def _visible(session: Session, entity_ids: Iterable[int], *, with_trash: bool) -> list[int]:
    """Return those of some entities that are not in the trash, ascending; `with_trash`: all."""
    found = sorted(set(entity_ids))
    return found if with_trash or not found else sorted({*found} - trashed_among(session, found))


def _find(session: Session, table: type[BaseComponent], digits: str, full: int) -> list[int]:
    value = table.__table__.c.hash_value
    if len(digits) == full:
        where = value == digits
    else:
        where = value.between(digits.ljust(full, "0"), digits.ljust(full, "f"))
    return list(session.scalars(select(table.entity_id).where(where)))


def find_by_file(session: Session, path: Path, *, with_trash: bool = False) -> list[int]:
    """Return the entity with the same content as a file, if there is one.

    Raises:
        UnreadableFileError: the file cannot be read.

    """
    release(session)
    return find_by_hash(session, _sha256_of(str(path)), "sha256", with_trash=with_trash)


def find_asset(session: Session, reference: Reference, *, with_trash: bool = False) -> list[int]:
    """Return the entities that match an id, a hash or hash prefix, or a path; `with_trash`: also those in the trash.

    Digits are an id if there is such an entity. An existing file is looked up by its content, another path by the
    sources that were ingested.
    """
    text = _text(reference)
    found = find_by_id_or_hash(session, text, with_trash=with_trash)
    if found or (_is_hash(text) and not os.path.exists(text)):
        return found
    if isinstance(reference, FileReference):
        return find_by_hash(session, reference.sha256, "sha256", with_trash=with_trash)
    return _find_by_path(session, Path(text), with_trash=with_trash)


def _text(reference: Reference) -> str:
    return reference if isinstance(reference, str) else reference.text


def find_by_id_or_hash(session: Session, reference: str, *, with_trash: bool = False) -> list[int]:
    """Return the entities that match an id, or a hash or hash prefix."""
    if reference.isascii() and reference.isdecimal() and len(reference) < len(str(2**63)):
        found = session.scalars(select(Entity.id).where(Entity.id == int(reference))).all()
        if found:
            return _visible(session, found, with_trash=with_trash)
    return find_by_hash(session, checked_hash(reference), with_trash=with_trash) if _is_hash(reference) else []


def _is_hash(text: str) -> bool:
    try:
        return bool(checked_hash(text))
    except UsageError:
        return False


def find_one_asset(session: Session, reference: Reference, *, with_trash: bool = False) -> int:
    """Return the one entity that matches a reference; see `find_asset`.

    Raises:
        NotFoundError: the library has no such asset, or it is in the trash.
        UsageError: several match; the message lists them.

    """
    found = find_asset(session, reference, with_trash=True)
    if not found:
        raise NotFoundError(f"the library has no asset {_text(reference)!r}")
    present = _visible(session, found, with_trash=with_trash)
    if not present:
        raise NotFoundError(f"{_text(reference)!r} is in the trash: take it out with dam-cli trash restore")
    return only_entity(_text(reference), present)


def only_entity(reference: str, found: Sequence[int]) -> int:
    """Return the only entity found.

    Raises:
        UsageError: there are several.

    """
    if len(found) > 1:
        raise UsageError(f"{reference!r} is ambiguous: it matches the entities {', '.join(map(str, found))}")
    return found[0]


def _find_by_path(session: Session, path: Path, *, with_trash: bool) -> list[int]:
    if os.path.isfile(path):  # Path.is_file raises for a name that is too long, or in a forbidden folder
        return find_by_file(session, path, with_trash=with_trash)
    return find_by_source(session, str(path), with_trash=with_trash)


def find_by_source(session: Session, path: str, *, with_trash: bool = False) -> list[int]:
    """Return the entities that came from a path."""
    source = SourcePathComponent
    digest = path_digest(os.fsencode(os.path.abspath(path)))
    found = session.scalars(select(source.entity_id).where(source.path_digest == digest)).all()
    return _visible(session, found, with_trash=with_trash)
