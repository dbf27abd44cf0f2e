"""The connection to the database: engines, sessions, and the pragmas of SQLite.

`writing()` gives a session factory whose transactions may write: on SQLite they begin IMMEDIATE, since a transaction
that reads first and writes later fails at once when another process writes between. `reading()` gives a session
factory whose transactions begin deferred and so never wait for a writer's lock. `SessionLocal()` opens a session that
may write on the configured database; no setting is read before.
"""

import contextlib
import sqlite3
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.orm import Session, sessionmaker

from dam.core import config, durable, private
from dam.core.errors import DamError, DeadlockError, LockedError, MalformedDatabaseError, MissingExtraError, UsageError

BEGIN = "dam_begin"
NO_TRANSACTION = "none"
WAL_IS_SAFE_SINCE = (3, 51, 3)

# Parts of the messages of drivers for what is no error of the program.
OUTSIDE_CAUSES = (
    "disk I/O error",
    "disk is full",
    "No space left on device",
    "permission denied",
    "read-only",
    "readonly",
    "unable to open",
)

# Parts of the messages of SQLite for a file that is damaged.
DAMAGE = (
    "malformed",
    "not a database",
    "Could not decode to UTF-8",
    "unsupported file format",
    "vtable constructor failed",
)
DAMAGE_HINT = "restore a backup (dam-cli restore), or rebuild the database from the store (dam-cli rebuild-db)"


T = TypeVar("T")


def journal_mode(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> str:
    """Return the SQLite journal mode to use: WAL only where it cannot corrupt the database.

    SQLite before 3.51.3 has a bug in write-ahead-log mode that can corrupt a database when several connections
    write and checkpoint at once (https://www.sqlite.org/wal.html, "The WAL-Reset Bug").
    """
    return "WAL" if version >= WAL_IS_SAFE_SINCE else "TRUNCATE"


def make_engine(url: str, lock_timeout: float) -> Engine:
    """Return an engine for `url` whose statements wait `lock_timeout` seconds for a lock.

    Raises:
        UsageError: the URL cannot be understood.
        MissingExtraError: the database's driver is not installed.

    """
    is_sqlite = url.startswith("sqlite")
    options = {"timeout": lock_timeout} if is_sqlite else {"options": f"-c lock_timeout={int(lock_timeout * 1000)}"}
    try:
        engine = create_engine(url, connect_args=options)
    except ModuleNotFoundError as exc:
        from dam.core.extras import extra_hint  # noqa: PLC0415  only for the message

        raise MissingExtraError(f"the driver {exc.name} is not installed: add {extra_hint('postgres')}") from exc
    except (ArgumentError, NoSuchModuleError, ValueError) as exc:
        raise UsageError(f"DATABASE_URL cannot be understood: {exc}") from exc
    if is_sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "handle_error", _name_the_error)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    """Make commits durable, foreign keys real and transactions explicit on a new connection."""
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    try:
        connection.execute("PRAGMA synchronous = FULL")  # the first that reads the schema
    except UnicodeDecodeError as exc:  # of its message, which has a damaged name: SQLAlchemy knows errors of drivers
        raise sqlite3.DatabaseError(f"malformed database schema: {exc}") from exc
    with contextlib.suppress(sqlite3.OperationalError):  # a read-only database keeps the mode it has
        connection.execute(f"PRAGMA journal_mode = {journal_mode()}")


def _begin_sqlite(connection: Connection) -> None:
    how = connection.get_execution_options().get(BEGIN, "IMMEDIATE")
    if how != NO_TRANSACTION:
        connection.exec_driver_sql(f"BEGIN {how}")


def _name_the_error(context: ExceptionContext) -> None:
    """Translate driver errors that a user can provoke into errors that say what to do."""
    cause = context.original_exception
    if not isinstance(cause, Exception):  # an interruption is no error
        return
    message = str(cause).strip()
    where = context.engine.url.render_as_string(hide_password=True) if context.engine else "the database"
    if "database is locked" in message or "lock timeout" in message:
        raise LockedError(f"{where} is locked by another process: try again, or raise DAM_LOCK_TIMEOUT") from cause
    if "deadlock detected" in message:
        raise DeadlockError(f"another process wrote the same to {where} in another order: try again") from cause
    # A damaged schema is told in its own bytes, which the driver cannot decode
    is_damage = isinstance(cause, sqlite3.Error) and any(sign in message for sign in DAMAGE)
    if is_damage or isinstance(cause, UnicodeDecodeError):
        raise MalformedDatabaseError(f"the database {where} is damaged ({message}): {DAMAGE_HINT}") from cause
    if context.connection is None:
        raise DamError(f"cannot connect to {where}: {message}") from cause
    if context.is_disconnect or any(sign in message for sign in OUTSIDE_CAUSES):
        raise DamError(f"{where}: {message}") from cause


def fetched(fetch: Callable[[], T]) -> T:
    """Return the rows of a result: `fetched(result.all)`.

    In a damaged database, a value may be of another type than its column: the driver or the type cannot convert it.

    Raises:
        MalformedDatabaseError: a row cannot be read.

    """
    try:
        return fetch()
    except (ArithmeticError, AttributeError, TypeError, ValueError) as exc:
        raise MalformedDatabaseError(f"a row cannot be read ({exc}): {DAMAGE_HINT}") from exc


def make_folder(sqlite_path: Path | None, umask: int = private.PRIVATE) -> None:
    """Make the folder of a SQLite file, for its user alone; do nothing for another database.

    Raises:
        DamError: it cannot be made.

    """
    if sqlite_path:
        try:
            durable.make_folder(sqlite_path.parent, mode=private.folder_mode(umask))
        except OSError as exc:
            raise DamError(f"cannot make the folder of the database: {exc}") from exc


def make_file(sqlite_path: Path | None, umask: int = private.PRIVATE) -> None:
    """Make a SQLite file, still empty, for its user alone: SQLite lets others read what it makes.

    Its journals will have the mode of the file. Do nothing where it exists, or for another database.

    Raises:
        DamError: it cannot be made.

    """
    if sqlite_path:
        try:
            private.make_file(str(sqlite_path), umask)
        except FileExistsError:
            return
        except OSError as exc:
            raise DamError(f"cannot make the database {sqlite_path}: {exc.strerror or exc}") from exc


def writing(engine: Engine) -> Callable[[], Session]:
    """Return a factory of sessions that may write; a `sessionmaker` would make a class of them, which takes longer."""
    return partial(Session, engine, expire_on_commit=False)


def reading(engine: Engine) -> Callable[[], Session]:
    """Return a factory of read-only sessions, which do not wait for writers."""
    return partial(Session, engine.execution_options(**{BEGIN: "DEFERRED"}), expire_on_commit=False)


def release(session: Session) -> None:
    """End the transaction of a session that only reads, before something slow; its next statement begins another.

    An open transaction blocks writers, on SQLite without a write-ahead log. A session that may write keeps its own.
    """
    if session.get_bind().get_execution_options().get(BEGIN) == "DEFERRED":
        session.commit()


def peeking(engine: Engine) -> Engine:
    """Return an engine for connections without transactions: each statement reads the last commit.

    Such a connection can stay open while others write, also on SQLite.
    """
    is_sqlite = engine.dialect.name == "sqlite"
    return engine.execution_options(**{BEGIN: NO_TRANSACTION} if is_sqlite else {"isolation_level": "AUTOCOMMIT"})


@cache
def default_engine() -> Engine:
    """Return the engine of the configured database, not yet connected; raises as `make_engine` does."""
    return make_engine(config.settings.DATABASE_URL, config.settings.DAM_LOCK_TIMEOUT)


def reset() -> None:
    """Forget the settings of this process, and dispose of their engine."""
    if default_engine.cache_info().currsize:
        default_engine().dispose()
    default_engine.cache_clear()
    config.reset()


class _DefaultSessions(sessionmaker[Session]):
    """A factory of sessions on the configured database, which is looked up when a session is opened."""

    def __call__(self, **options: Any) -> Session:
        """Open a session."""
        return super().__call__(**{"bind": default_engine()} | options)


SessionLocal = _DefaultSessions(expire_on_commit=False)
"""Opens sessions that may write on the configured database."""
