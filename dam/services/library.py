"""A library: a database and the store that belongs to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dam.core import database, interrupts
from dam.core.config import settings
from dam.core.errors import DamError, DeadlockError, ForeignStoreError, NoLibraryError
from dam.core.interrupts import deferred
from dam.core.schema import SETUP_HINT, check_schema
from dam.services.file_storage import configured_store
from dam.storage.local import LocalBlobStore

if TYPE_CHECKING:
    from dam.services.setup import SetupResult

ATTEMPTS = 5

T = TypeVar("T")


@dataclass(frozen=True)
class Library:
    """An open library, whose schema and store have been checked."""

    engine: Engine
    store: LocalBlobStore
    id: str

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session that only reads. An interruption is heard at once: there is nothing to be torn apart."""
        with database.reading(self.engine)() as session:
            yield session

    @contextmanager
    def peek(self) -> Iterator[Connection]:
        """Give a connection for many small reads: it has no transaction, and so holds up nobody."""
        with database.peeking(self.engine).connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session that is committed at the end, durably, or rolled back on an error."""
        with deferred():
            with database.writing(self.engine).begin() as session:
                yield session
            interrupts.note_change()

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


@contextmanager
def open_library(*, create: bool = False) -> Iterator[Library]:
    """Open the configured library; with `create`, set up an embedded one that is not there yet.

    Raises:
        NoLibraryError: there is none.
        OutdatedSchemaError, NewerSchemaError: its schema is not this program's.
        ForeignStoreError: the store is not this library's, or not mounted.

    """
    create = create and settings.sqlite_path is not None
    if create and not _has_content():
        set_up_library()
    try:
        library = _checked()
    except ForeignStoreError:
        if not create:
            raise
        set_up_library()  # finishes what another process is about to, or was killed in: the marker comes last
        library = _checked()
    try:
        yield library
    finally:
        library.store.close()


def set_up_library() -> "SetupResult":
    """Set up the configured library, or bring its schema to the newest revision; see `dam.services.setup.set_up`."""
    from dam.services.setup import set_up  # noqa: PLC0415  brings Alembic

    database.make_folder()
    try:
        done = set_up(database.engine, configured_store())
        interrupts.note_change()
        return done
    finally:
        configured_store().close()


def _checked() -> Library:
    """Return the configured library; see `open_library` for what is raised."""
    if settings.sqlite_path and not _has_content():
        raise NoLibraryError(f"there is no library at {settings.sqlite_path}: {SETUP_HINT}")
    store = configured_store()
    with database.reading(database.engine)() as session:
        library_id = check_schema(session.connection())
    store.check_marker(library_id)
    return Library(database.engine, store, library_id)


def _has_content() -> bool:
    """Tell whether the SQLite file is there: to connect would make it."""
    try:
        return settings.sqlite_path is not None and settings.sqlite_path.stat().st_size > 0
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as exc:
        raise DamError(f"cannot open the database {settings.sqlite_path}: {exc.strerror}") from exc
