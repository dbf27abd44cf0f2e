"""The mirrors of a library: folders with the layout and the marker of its store."""

import os
import re
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, select

from dam.core import durable, private
from dam.core.errors import DamError, NotFoundError, StoreError, UsageError
from dam.models.blob_check import BlobCheck
from dam.models.mirror import Mirror
from dam.services.library import Library
from dam.services.manifest import outbox
from dam.services.manifest.lines import body
from dam.storage.local import MARKER, LocalBlobStore

_NAME = re.compile(r"[\w][\w.-]{0,63}")


@dataclass(frozen=True)
class MirrorInfo:
    """A mirror that the library knows."""

    id: int
    name: str
    location: str
    created_at: datetime


@dataclass(frozen=True)
class OpenMirror:
    """A mirror that is there and belongs to the library."""

    info: MirrorInfo
    store: LocalBlobStore


def list_mirrors(library: Library) -> list[MirrorInfo]:
    """Return all mirrors, by name."""
    with library.read() as session:
        rows = session.scalars(select(Mirror).order_by(Mirror.name)).all()
        return [MirrorInfo(row.id, row.name, row.location, row.created_at) for row in rows]


def find_mirror(library: Library, name: str) -> MirrorInfo:
    """Return the mirror of a name.

    Raises:
        NotFoundError: there is none.

    """
    for mirror in list_mirrors(library):
        if mirror.name == name:
            return mirror
    raise NotFoundError(f"there is no mirror {name!r}: dam-cli store ls lists them, dam-cli store add makes one")


def open_mirror(library: Library, mirror: MirrorInfo) -> OpenMirror:
    """Open a mirror.

    Raises:
        ForeignStoreError: it is not mounted, or belongs to another library.
        StoreError: it cannot be read.

    """
    store = LocalBlobStore(Path(mirror.location), umask=_umask(library))
    store.check_marker(library.id)
    return OpenMirror(mirror, store)


@dataclass(frozen=True)
class MirrorState:
    """A mirror, and why it cannot be used now."""

    mirror: MirrorInfo
    is_on_same_disk: bool
    error: str | None


def mirror_states(library: Library) -> list[MirrorState]:
    """Return all mirrors, by name, with what is to be known of each now."""
    errors = {mirror.id: str(error) for mirror, error in open_mirrors(library)[1]}
    return [
        MirrorState(mirror, is_on_same_disk(library, mirror), errors.get(mirror.id)) for mirror in list_mirrors(library)
    ]


def open_mirrors(library: Library) -> tuple[list[OpenMirror], list[tuple[MirrorInfo, DamError]]]:
    """Return the mirrors that can be opened, and the others with the reason."""
    opened, failed = [], []
    for mirror in list_mirrors(library):
        try:
            opened.append(open_mirror(library, mirror))
        except DamError as exc:
            failed.append((mirror, exc))
    return opened, failed


def add_mirror(library: Library, name: str, folder: Path) -> MirrorInfo:
    """Make a folder a mirror: an empty one, one that is not there yet, or one that was a mirror of this library.

    Raises:
        UsageError: the name or the folder is taken, or the folder has something else in it.
        ForeignStoreError: the folder is the store of another library.
        StoreError: the folder cannot be made or written.

    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a mirror: use up to 64 letters, digits, dots, hyphens, underscores")
    place = Path(os.path.realpath(folder))
    _check_place(library, place)
    for mirror in list_mirrors(library):
        if mirror.name == name or Path(mirror.location) == place:
            raise UsageError(f"the mirror {mirror.name} at {mirror.location} is there already")
    try:
        durable.make_folder(place, mode=private.folder_mode(_umask(library)))
    except OSError as exc:
        raise StoreError(f"cannot make the mirror {place}: {exc.strerror}") from exc
    with closing(LocalBlobStore(place, umask=_umask(library))) as store:
        store.write_marker(library.id)
    with library.write() as session:
        row = Mirror(name=name, location=str(place))
        session.add(row)
        session.flush()
        session.refresh(row)
        values = {column.name: getattr(row, column.name) for column in Mirror.__table__.columns}
        outbox.record(session, body({"put": Mirror.__tablename__, "row": values}))
        return MirrorInfo(row.id, row.name, row.location, row.created_at)


def _umask(library: Library) -> int:
    """Return the umask of the library: who may read the store may read its copies."""
    return library.store.umask if isinstance(library.store, LocalBlobStore) else private.PRIVATE


def _check_place(library: Library, place: Path) -> None:
    """Refuse a folder that cannot be a mirror."""
    try:
        str(place).encode()
    except UnicodeEncodeError:
        raise UsageError(f"{place}: the path of a mirror must be UTF-8") from None
    root = Path(os.path.realpath(library.store.root)) if library.store.root else None
    if root and (place == root or root in place.parents or place in root.parents):
        raise UsageError(f"{place} is not apart from the store {root}: a mirror is another folder, on another disk")
    try:
        is_taken = place.exists() and any(place.iterdir()) and not (place / MARKER).exists()
    except OSError as exc:
        raise UsageError(f"{place} cannot be a mirror: {exc.strerror}") from exc
    if is_taken:
        raise UsageError(f"{place} is not empty: give a new or an empty folder")


def forget_mirror(library: Library, name: str) -> MirrorInfo:
    """Forget a mirror; its files stay where they are.

    Raises:
        NotFoundError: there is none of this name.

    """
    mirror = find_mirror(library, name)
    with library.write() as session:
        session.execute(delete(BlobCheck).where(BlobCheck.store_id == mirror.id))
        session.execute(delete(Mirror).where(Mirror.id == mirror.id))
        row = {"id": mirror.id, "name": mirror.name}
        outbox.record(session, body({"delete": Mirror.__tablename__, "row": row}))
    return mirror


def is_on_same_disk(library: Library, mirror: MirrorInfo) -> bool:
    """Return whether a mirror is on the file system of the store: it then does not survive the loss of the disk."""
    try:
        return library.store.root is not None and (
            os.stat(library.store.root).st_dev == os.stat(mirror.location).st_dev
        )
    except OSError:
        return False
