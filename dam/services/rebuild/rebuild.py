"""Make the database of a library again from its store, or bring in what an old database lacks."""

import os
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, delete, exists, insert, select, update
from sqlalchemy.orm import Session

from dam.core import database
from dam.core.config import Settings, default_settings
from dam.core.durable import flush
from dam.core.errors import DamError, NoLibraryError
from dam.core.libraries import sqlite_url
from dam.models.entity import Entity
from dam.models.library import LibraryIdentity
from dam.models.manifest_record import ManifestRecord
from dam.services.library import Library, open_library
from dam.services.manifest import snapshot
from dam.services.manifest.kept_tables import kept_models, table_of
from dam.services.manifest.reader import Damage
from dam.services.manifest.reader import library_id as id_in_manifest
from dam.services.rebuild.blobs import Adopted, BlobProblem, adopt_blobs, missing_blobs
from dam.services.rebuild.replay import Replay, before_last_snapshot
from dam.services.rebuild.sequences import raise_sequences
from dam.services.setup import alone, upgrade
from dam.storage.blob_store import BlobStore
from dam.storage.local import LocalBlobStore

UNFINISHED = ".rebuild"
COMPANIONS = ("-journal", "-wal", "-shm")
"""What SQLite keeps beside a database; a journal of the lost database must never meet the new one."""


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild gave back."""

    library_id: str
    assets: int
    adopted: int
    last_batch: int


Item = Damage | BlobProblem | Adopted | Rebuilt


def rebuild(settings: Settings | None = None, store: BlobStore | None = None) -> Iterator[Item]:
    """Make a database from the manifest and the blobs; yield what is wrong or adopted, and in the end the result.

    The database appears with all that it will have, or not at all.

    Raises:
        NoLibraryError: the store belongs to no library.
        DamError: there is a database with assets.

    """
    settings = settings or default_settings()
    store = store or LocalBlobStore(settings.ASSET_STORAGE_PATH, umask=settings.umask)
    library_id = store.marker() or id_in_manifest(store.manifest)
    if library_id is None:
        raise NoLibraryError(f"{store.root or 'the store'} is not the store of a library: is it mounted?")
    with (
        store.in_use(),  # no collection removes what is adopted before that is committed
        store.manifest.hold(),
        _new_database(settings) as engine,
        alone(engine) as connection,
    ):
        store.write_marker(library_id)
        result = yield from _fill(connection, store, library_id)
    with open_library(settings, store) as library:
        library.manifest_writer.catch_up()  # with the blobs that were adopted
    yield result


def merge(library: Library) -> Iterator[Item]:
    """Bring into the database what only the manifest has; yield what is wrong, and in the end the result.

    Raises:
        LockedError: the database stays locked.

    """
    state = library.manifest_writer.state()
    problems: list[Item] = []
    if state.is_database_older:
        with library.store.manifest.hold(), database.writing(library.engine)() as session, session.begin():
            replay = Replay(session)
            problems += replay.run(library.store.manifest, after=state.in_database)
            _conclude(session, replay, damaged=bool(problems))
    library.manifest_writer.catch_up()
    yield from problems
    with library.read() as session:
        assets = _count(session)
    yield Rebuilt(library.id, assets, 0, library.manifest_writer.state().in_database)


def _fill(connection: Connection, store: BlobStore, library_id: str) -> Generator[Item, None, Rebuilt]:
    if not _is_empty(connection):
        where = connection.engine.url.render_as_string(hide_password=True)
        raise DamError(f"{where} has a library with assets: to make it again, move it away first")
    upgrade(connection)
    damaged, adopted = False, 0
    with Session(connection, join_transaction_mode="rollback_only", expire_on_commit=False) as session:
        session.execute(delete(LibraryIdentity))
        session.execute(insert(LibraryIdentity), {"id": 1, "uuid": library_id})
        replay = Replay(session)
        for damage in replay.run(store.manifest, before_last_snapshot(store.manifest)):
            damaged = True
            yield damage
        _conclude(session, replay, damaged=damaged)
        for blob in adopt_blobs(session, store):
            adopted += isinstance(blob, Adopted)
            yield blob
        yield from missing_blobs(session, store)
        assets = _count(session)
        session.commit()
    return Rebuilt(library_id, assets, adopted, replay.last_batch)


def _conclude(session: Session, replay: Replay, *, damaged: bool) -> None:
    """Let ids and batches go on where they were. After damage, have a snapshot taken: the manifest is whole again."""
    tables = [table_of(model) for model in kept_models().values()]
    raise_sequences(session.connection(), tables, {Entity.__tablename__: replay.highest_entity})
    record: Any = ManifestRecord.__table__
    session.execute(delete(record).where(record.c.id <= replay.last_batch))
    if replay.last_batch:
        session.execute(insert(record), {"id": replay.last_batch, "lines": ""})
    if damaged:
        snapshot.request(session)
    else:
        session.execute(update(LibraryIdentity).values(snapshot=None))


def _is_empty(connection: Connection) -> bool:
    if not connection.dialect.has_table(connection, Entity.__tablename__):
        return True
    return not connection.scalar(select(exists().where(Entity.id > 0)))


def _count(session: Session) -> int:
    from sqlalchemy import func  # noqa: PLC0415

    return session.scalar(select(func.count()).select_from(Entity)) or 0


@contextmanager
def _new_database(settings: Settings) -> Iterator[Engine]:
    """Give an engine for a new database. A SQLite file gets its name at the end, when it is complete."""
    path = settings.sqlite_path
    if path is None:
        engine = database.make_engine(settings.DATABASE_URL, settings.DAM_LOCK_TIMEOUT)
        try:
            yield engine
        finally:
            engine.dispose()
        return
    if path.exists() and path.stat().st_size:
        raise DamError(
            f"{path} exists, and no database is replaced, be it malformed or not a database at all: move it away first"
        )
    database.make_folder(path, settings.umask)
    new = path.with_name(path.name + UNFINISHED)
    try:
        _remove(new)  # of a rebuild that was killed: the manifest is held, so no other is running
        database.make_file(new, settings.umask)
        engine = database.make_engine(sqlite_url(new), settings.DAM_LOCK_TIMEOUT)
        try:
            yield engine
        finally:
            engine.dispose()
        _put_in_place(new, path)
    except OSError as exc:
        raise DamError(f"cannot make the database {path}: {exc.strerror or exc}") from exc
    finally:
        with suppress(OSError):
            _remove(new)


def _put_in_place(new: Path, path: Path) -> None:
    flush(new)
    for suffix in COMPANIONS:
        left = new.with_name(new.name + suffix)
        if left.exists() and left.stat().st_size:
            raise DamError(f"{left} is not empty: SQLite has not completed the new database")
        left.unlink(missing_ok=True)
    for suffix in COMPANIONS:
        left = path.with_name(path.name + suffix)
        if left.exists():
            left.rename(path.with_name(f"{path.name}.lost-{int(time.time())}{suffix}"))
    os.replace(new, path)
    flush(path.parent)


def _remove(new: Path) -> None:
    for suffix in ("", *COMPANIONS):
        new.with_name(new.name + suffix).unlink(missing_ok=True)
