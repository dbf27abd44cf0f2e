"""A library: a database and the store that belongs to it."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dam.core import database, interrupts
from dam.core.config import Settings, default_settings, env_file_hint, env_file_note
from dam.core.errors import DamError, DeadlockError, ForeignStoreError, LostDatabaseError, NoLibraryError
from dam.core.interrupts import deferred
from dam.core.schema import SETUP_HINT, check_schema
from dam.services.privacy import make_private
from dam.storage.blob_store import BlobStore
from dam.storage.local import LocalBlobStore

if TYPE_CHECKING:
    from dam.services.manifest.manifest_writer import ManifestWriter
    from dam.services.setup import SetupResult

logger = logging.getLogger(__name__)

ATTEMPTS = 5

T = TypeVar("T")


@dataclass(frozen=True)
class Library:
    """An open library, whose schema and store have been checked. As a context manager, it is closed at the end."""

    engine: Engine
    store: BlobStore
    id: str

    def __enter__(self) -> Self:
        """Return the library."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the library."""
        self.close()

    def close(self) -> None:
        """Remove what was staged in the store, and close the connections to the database. Idempotent."""
        self.store.close()
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session that only reads. An interruption is heard at once: there is nothing to be torn apart."""
        with database.reading(self.engine)() as session:
            yield session

    @contextmanager
    def peek(self) -> Iterator[Connection]:
        """Open a connection for many small reads. It has no transaction, so it blocks no writer."""
        with database.peeking(self.engine).connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session that is committed at the end, durably, or rolled back on an error.

        What it records for the manifest is appended there after the commit. An interruption is heard while this waits
        for the lock of the database, and not from then on.

        Raises:
            OldDatabaseError: the database lacks what the manifest has.
            StoreError: the manifest cannot be written.

        """
        from dam.services.manifest import outbox  # noqa: PLC0415  commands that only read need none of it

        self.manifest_writer.catch_up()
        with database.writing(self.engine)() as session:
            session.connection()
            with deferred():
                session.info[outbox.APPENDED] = self.manifest_writer.appended
                yield session
                session.commit()
                interrupts.note_change()
                if newest := outbox.written(session):
                    self.manifest_writer.append(newest)

    @cached_property
    def manifest_writer(self) -> "ManifestWriter":
        """What appends to the manifest in the store."""
        from dam.services.manifest.manifest_writer import ManifestWriter  # noqa: PLC0415

        return ManifestWriter(self.engine, self.store, self.id)

    def write_again(self, work: Callable[[Session], T]) -> T:
        """Do some work in a transaction, and again where another process wrote the same beside us.

        Raises:
            LockedError: others were in the way each time.

        """
        for _ in range(ATTEMPTS - 1):
            with suppress(IntegrityError, DeadlockError), self.write() as session:
                return work(session)
        with self.write() as session:
            return work(session)


def open_unmarked(settings: Settings | None = None) -> Library:
    """Open a library, by default the configured one, whatever the marker of its store says: for who repairs that."""
    return _checked(settings or default_settings(), None, check_store=False)


def open_library(settings: Settings | None = None, store: BlobStore | None = None, *, create: bool = False) -> Library:
    """Open a library, by default the configured one; with `create`, set up an embedded one that is not there yet.

    Its blobs are in `store`, by default the store in the folder of the settings.

    Raises:
        NoLibraryError: there is none.
        OutdatedSchemaError, NewerSchemaError: its schema is not this program's.
        ForeignStoreError: the store is not this library's, or not mounted.
        UsageError: a setting is not valid.

    """
    settings = settings or default_settings()
    if note := env_file_note(settings):
        logger.info(note)
    create = create and settings.sqlite_path is not None
    if create and not _has_content(settings.sqlite_path):
        if env_file_hint(settings):
            logger.warning("a new library is set up at %s", settings.sqlite_path)
        set_up_library(settings, store)
    try:
        return _checked(settings, store)
    except ForeignStoreError:
        if not create:
            raise
        set_up_library(settings, store)  # another process is about to, or was killed in it: the marker comes last
        return _checked(settings, store)


def set_up_library(settings: Settings | None = None, store: BlobStore | None = None) -> "SetupResult":
    """Set up a library, by default the configured one, or bring its schema to the newest revision; see `set_up`."""
    from dam.services.manifest.manifest_writer import ManifestWriter  # noqa: PLC0415  few commands need it
    from dam.services.setup import set_up  # noqa: PLC0415  brings Alembic

    settings = settings or default_settings()
    store = store or LocalBlobStore(settings.ASSET_STORAGE_PATH, umask=settings.umask)
    _refuse_lost_database(settings, store)
    database.make_folder(settings.sqlite_path, settings.umask)
    database.make_file(settings.sqlite_path, settings.umask)
    engine = database.make_engine(settings.DATABASE_URL, settings.DAM_LOCK_TIMEOUT)
    try:
        done = set_up(engine, store, backups=settings.DAM_BACKUPS)
        ManifestWriter(engine, store, done.library_id).catch_up()
        make_private(settings)
        interrupts.note_change()
        return done
    finally:
        store.close()
        engine.dispose()


def _refuse_lost_database(settings: Settings, store: BlobStore) -> None:
    """Make sure that no SQLite file is made for a store whose library had one; see `setup.refuse_lost_database`."""
    from dam.services.setup import refuse_lost_database  # noqa: PLC0415  brings Alembic

    path = settings.sqlite_path
    if path and not _has_content(path):
        try:
            refuse_lost_database(store, str(path))
        except LostDatabaseError:
            if not _has_content(path):  # another process may have set it up: the marker comes after the database
                raise


def _checked(settings: Settings, store: BlobStore | None, *, check_store: bool = True) -> Library:
    """Return an open library; see `open_library` for what is raised."""
    if settings.sqlite_path and not _has_content(settings.sqlite_path):
        _refuse_lost_database(settings, store or LocalBlobStore(settings.ASSET_STORAGE_PATH))
        raise NoLibraryError(f"there is no library at {settings.sqlite_path}{env_file_hint(settings)}: {SETUP_HINT}")
    engine = database.make_engine(settings.DATABASE_URL, settings.DAM_LOCK_TIMEOUT)
    store = store or LocalBlobStore(settings.ASSET_STORAGE_PATH, umask=settings.umask)
    try:
        with database.reading(engine)() as session:
            library_id = check_schema(session.connection())
        if check_store:
            store.check_marker(library_id)
    except NoLibraryError as exc:
        engine.dispose()
        raise type(exc)(f"{exc}{env_file_hint(settings)}") from exc
    except BaseException:
        engine.dispose()
        raise
    return Library(engine, store, library_id)


def _has_content(sqlite_path: Path | None) -> bool:
    """Tell whether the SQLite file is there: to connect would make it."""
    try:
        return sqlite_path is not None and sqlite_path.stat().st_size > 0
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as exc:
        raise DamError(f"cannot open the database {sqlite_path}: {exc.strerror}") from exc
