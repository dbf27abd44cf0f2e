"""Append to the manifest what the outbox has."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.orm import Session

from dam.core import database
from dam.core.errors import OldDatabaseError, StoreError
from dam.models.entity import Entity
from dam.models.manifest_record import ManifestRecord
from dam.services.manifest import outbox
from dam.services.manifest.lines import header
from dam.services.manifest.reader import End, find_end
from dam.storage.blob_store import BlobStore

logger = logging.getLogger(__name__)

MAX_SEGMENT_BYTES = 64 * 1024 * 1024
PAGE = 32
ATTEMPTS = 5


@dataclass(frozen=True)
class ManifestState:
    """The manifest against the database: the number of the last batch in each."""

    in_database: int
    in_manifest: int
    whole: int
    """The last batch that the manifest has whole."""
    pending: int
    """Batches that the manifest does not have yet. The next command that writes appends them."""
    lost: int
    """Batches that neither the manifest nor the outbox has: the store is older than the database, or damaged."""
    snapshot: str | None = None
    """How far an unfinished snapshot is."""

    @property
    def is_database_older(self) -> bool:
        """Whether the database lacks what the manifest has, as one that was restored from a backup does."""
        return self.in_manifest > self.in_database


@dataclass
class ManifestWriter:
    """Appends to the manifest of a library. The first use brings it up to date."""

    engine: Engine
    store: BlobStore
    library_id: str
    is_current: bool = False
    appended: int = 0
    """Number of the last batch that the manifest has for certain."""

    def catch_up(self) -> None:
        """Append what was committed and not appended, as by a process that was killed; take a snapshot if one is due.

        Raises:
            OldDatabaseError: the database lacks batches that the manifest has.
            StoreError: the store cannot be written.

        """
        if self.is_current:
            return
        state = self.refuse_old_database()
        self.appended = state.whole
        if state.pending:
            self.append()
        if state.lost:
            logger.warning("the manifest in the store lacks %d batches: writing all of it again", state.lost)
        if state.snapshot is not None or state.lost or self._is_unrecorded(state):
            self._take_snapshot(anew=state.snapshot is None or state.lost > 0)
        self.is_current = True

    def refuse_old_database(self) -> ManifestState:
        """Return the state of the manifest, unless the database lacks what it has.

        Raises:
            OldDatabaseError: it does.

        """
        state = self.state()
        if state.is_database_older:
            raise OldDatabaseError(
                f"the database is older than the manifest in the store (it has {state.in_database} of "
                f"{state.in_manifest} batches), as after restoring a backup: bring in what it lacks with: "
                "dam-cli rebuild-db --merge; or give that up with: dam-cli rebuild-db --drop-newer"
            )
        return state

    def state(self) -> ManifestState:
        """Compare the manifest with the database, without a lock: again when another process appends meanwhile."""
        for _ in range(ATTEMPTS):
            end = find_end(self.store.manifest)
            state = self._compare(end)
            if find_end(self.store.manifest) == end:
                break
        return state

    def _compare(self, end: End) -> ManifestState:
        table, whole = ManifestRecord, end.batch if end.is_whole else end.batch - 1
        with database.reading(self.engine)() as session:
            connection = session.connection()
            last = outbox.last_batch(connection)
            waiting = select(func.count()).where(table.id > whole, table.id <= last)
            pending = connection.scalar(waiting) or 0
            progress = outbox.snapshot_progress(connection)
        return ManifestState(last, end.batch, whole, pending, max(0, last - whole - pending), progress)

    def append(self, newest: tuple[int, str] | None = None) -> None:
        """Append all batches that the manifest does not have, durably.

        `newest` is the batch that the caller has committed: if it is the next one, the outbox need not be read.

        Raises:
            StoreError: the store cannot be written. The outbox keeps the batches for the next time.

        """
        try:
            with self.store.manifest.hold():
                end = find_end(self.store.manifest)
                after = end.batch if end.is_whole else end.batch - 1
                if newest and newest[0] == after + 1 and end.is_whole:
                    self._append(end, newest[1].encode("ascii"))
                    self.appended = newest[0]
                    return
                with database.peeking(self.engine).connect() as connection:
                    for batch, lines in _pending(connection, after):
                        # What is damaged is appended, too: verify names it, and repair writes all again
                        end = self._append(end, lines.encode("ascii", "backslashreplace"))
                        self.appended = batch
        except StoreError as exc:
            raise StoreError(
                f"{exc}; the database has the change, and the next command that writes completes the manifest"
            ) from exc

    def _append(self, end: End, data: bytes) -> End:
        is_new = end.size == 0 or end.size >= MAX_SEGMENT_BYTES
        data = header(self.library_id) + data if is_new else data if end.has_newline else b"\n" + data
        self.store.manifest.append(data, new_segment=is_new)
        return End(size=len(data) if is_new else end.size + len(data))

    def _is_unrecorded(self, state: ManifestState) -> bool:
        """Return whether the library has assets from before it had a manifest."""
        if state.in_database:
            return False
        with database.reading(self.engine)() as session:
            return session.scalar(select(Entity.id).limit(1)) is not None

    def _take_snapshot(self, *, anew: bool) -> None:
        """Write all rows that cannot be derived to the manifest, a page in each transaction."""
        from dam.services.manifest import snapshot  # noqa: PLC0415  brings all models, and few commands need it

        for session in self._sessions():
            is_done = snapshot.write_page(session, anew=anew)
            session.commit()
            self.append()
            anew = False
            if is_done:
                return

    def _sessions(self) -> Iterator[Session]:
        while True:
            with database.writing(self.engine)() as session:
                session.info[outbox.APPENDED] = self.appended
                yield session


def _pending(connection: Connection, after: int) -> Iterator[tuple[int, str]]:
    statement = select(ManifestRecord.id, ManifestRecord.lines).order_by(ManifestRecord.id).limit(PAGE)
    while rows := connection.execute(statement.where(ManifestRecord.id > after)).all():
        yield from ((batch, lines) for batch, lines in rows)
        after = rows[-1].id
