"""Set up a library, and upgrade its schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, Engine, func, select, text, update
from sqlalchemy.orm import Session

from dam.core.errors import DamError, LostDatabaseError, NewerSchemaError
from dam.core.schema import current_revision, has_library, has_revisions, head_revision, migrations_path, newest_schema
from dam.models.entity import Entity
from dam.models.library import LibraryIdentity
from dam.models.system_record import SystemRecord
from dam.services import full_text
from dam.storage.blob_store import BlobStore

SETUP_LOCK = 0x64616D  # "dam": key of PostgreSQL's advisory lock


@dataclass(frozen=True)
class SetupResult:
    """Schema revisions before and after a set-up; `before` is None if there was no schema."""

    before: str | None
    after: str
    library_id: str
    backup: str | None = None
    """The backup that was made before an upgrade."""


def set_up(engine: Engine, store: BlobStore, *, backups: int = 0) -> SetupResult:
    """Upgrade the schema to the newest revision and mark the store. Idempotent, and safe to run concurrently.

    With `backups`, a SQLite database is backed up before an upgrade; that many are kept.

    Raises:
        NewerSchemaError: the database has a newer schema than this program.
        ForeignStoreError: the store belongs to another library, or is missing although the library has assets.
        LostDatabaseError: there is no database, and the store belongs to a library.

    """
    with alone(engine) as connection:
        if not has_library(connection):
            refuse_lost_database(store, str(connection.engine.url.render_as_string(hide_password=True)))
        before, backup = upgrade(connection, backups)
        with Session(connection) as session:
            library_id = session.scalar(select(LibraryIdentity.uuid))
            if library_id is None:
                library_id = str(uuid4())
                session.add(LibraryIdentity(uuid=library_id))
            is_empty = not session.scalar(select(func.count()).select_from(select(Entity.id).limit(1).subquery()))
            session.flush()
    store.sweep()
    if is_empty:
        store.write_marker(library_id)
    else:
        store.check_marker(library_id)
    return SetupResult(before, head_revision(), library_id, backup)


def refuse_lost_database(store: BlobStore, database: str) -> None:
    """Make sure that a store without a database is one without a library.

    Raises:
        LostDatabaseError: the store belongs to a library, whose database is gone.

    """
    library_id = store.marker()
    if library_id is not None:
        place = store.root or "the store"
        raise LostDatabaseError(
            f"{place} is the store of library {library_id}, and there is no database at {database}: correct "
            "DATABASE_URL, restore a backup, or make the database again from the store with: dam-cli rebuild-db"
        )


@contextmanager
def alone(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that excludes other set-ups: an immediate one in SQLite, an advisory lock in PostgreSQL."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SETUP_LOCK})
        yield connection


def upgrade(connection: Connection, backups: int = 0) -> tuple[str | None, str | None]:
    """Upgrade the schema; return its previous revision, and the backup that was made before.

    A new database gets the newest schema directly.
    """
    backup = None
    before, head = current_revision(connection) if has_library(connection) else None, head_revision()
    if before is not None and before > head:
        raise NewerSchemaError(f"the database has schema {before}, this program supports {head}: upgrade dam")
    statements = None if has_revisions(connection) else newest_schema(connection.dialect.name)
    if statements:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": head})
    elif before != head:
        backup = _back_up(connection, backups) if before and backups else None
        migrate(connection, before)
        # of columns that a migration has added or changed: the next verification takes them anew
        connection.execute(update(SystemRecord).values(rows_crc32=None))
    full_text.make_indexes(connection)
    return before, backup


def _back_up(connection: Connection, keep: int) -> str | None:
    """Back up a SQLite database that this connection has locked for itself; None for another, or one in memory."""
    if connection.dialect.name != "sqlite":
        return None
    path = connection.exec_driver_sql("PRAGMA database_list").one()[2]
    if not path:
        return None
    from dam.services.backup.backup import make_backup  # noqa: PLC0415  few set-ups need it

    try:
        return make_backup(Path(path), keep=keep, lock_timeout=0).backup.path
    except DamError as exc:
        raise type(exc)(f"{exc}: nothing was upgraded; with DAM_BACKUPS=0, setup-db makes no backup") from exc


def migrate(connection: Connection, before: str | None) -> None:
    """Run the migrations from a revision to the newest one.

    Raises:
        DamError: the program does not have the revision.

    """
    from alembic import command  # noqa: PLC0415  0.35 s, and few set-ups need it
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(migrations_path()).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as exc:
        raise DamError(f"the database cannot be upgraded from schema {before} to {head_revision()}: {exc}") from exc
