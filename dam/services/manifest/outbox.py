"""The outbox: lines for the manifest, written in the transaction of the change that they tell of.

Who changes what cannot be derived from the files calls `record`. When the session is committed, all its lines become
one batch, and one row of `manifest_records`. `ManifestWriter` appends it to the manifest then.
"""

from typing import Any

from sqlalchemy import Connection, delete, event, func, insert, select, text
from sqlalchemy.orm import Session

from dam.models.library import LibraryIdentity
from dam.models.manifest_record import ManifestRecord
from dam.services.manifest.lines import numbered

RECORDED, WRITTEN, APPENDED = "manifest_recorded", "manifest_written", "manifest_appended"
BATCHES_LOCK = 0x64616E  # key of PostgreSQL's advisory lock


def record(session: Session, *bodies: str) -> None:
    """Add lines to the batch of a session's transaction; see `lines.body`."""
    session.info.setdefault(RECORDED, []).extend(bodies)


def is_written(session: Session) -> bool:
    """Return whether a session has committed a batch."""
    return bool(session.info.get(WRITTEN))


def last_batch(connection: Connection) -> int:
    """Return the number of the last batch that was committed; 0 before the first.

    The row of the last batch is kept when the manifest has it, so that the number is never used again.
    """
    return int(connection.scalar(select(func.max(ManifestRecord.id))) or 0)


def snapshot_progress(connection: Connection) -> str | None:
    """Return how far an unfinished snapshot is: the table and the last id; None if there is none."""
    return connection.scalar(select(LibraryIdentity.snapshot))


@event.listens_for(Session, "before_commit")
def _write_batch(session: Session) -> None:
    bodies = session.info.pop(RECORDED, None)
    if not bodies:
        return
    connection = session.connection()
    table: Any = ManifestRecord.__table__
    if connection.dialect.name == "postgresql":  # the order of the numbers is that of the commits
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": BATCHES_LOCK})
    batch = last_batch(connection) + 1
    connection.execute(insert(table), {"id": batch, "lines": numbered(batch, bodies)})
    if appended := session.info.get(APPENDED):
        connection.execute(delete(table).where(table.c.id <= appended))
    session.info[WRITTEN] = True


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(RECORDED, None)
