"""When each blob was last read and found intact: recorded while a verification runs, so that the next one goes on."""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from sqlalchemy import delete, func, select

from dam.core.errors import DamError, LockedError
from dam.models.blob_check import BlobCheck
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.file_location_component import FileLocationComponent
from dam.services.components import ecs
from dam.services.library import Library
from dam.storage.modes import REFERENCE_STORAGE

MAIN_STORE = 0
"""The `store_id` of the library's own store."""
MAX_PENDING = 5000
MAX_PENDING_SECONDS = 30.0

logger = logging.getLogger(__name__)


class CheckRecorder:
    """Writes checks in batches. A library that cannot be written, or is locked, is verified all the same."""

    def __init__(self, library: Library, store_id: int) -> None:
        self._library = library
        self._store_id = store_id
        self._pending: dict[str, datetime] = {}
        self._since = time.monotonic()
        self._is_off = False

    def intact(self, sha256: str) -> None:
        """Note that a blob was read and is intact; write what was noted from time to time."""
        self._pending[sha256] = datetime.now(UTC)
        if len(self._pending) >= MAX_PENDING or time.monotonic() - self._since >= MAX_PENDING_SECONDS:
            self.write()

    def damaged(self, sha256: str) -> None:
        """Forget the check of a blob that is damaged: it is the first to be read the next time."""
        self._pending.pop(sha256, None)
        self._change(lambda: forget_checks(self._library, self._store_id, [sha256]))

    def write(self) -> None:
        """Write what was noted. If the database is locked, the next time writes it."""
        if self._pending:
            self._change(self._write_pending)
        self._since = time.monotonic()

    def _write_pending(self) -> None:
        record_checks(self._library, self._store_id, self._pending)
        self._pending.clear()

    def _change(self, work: Callable[[], None]) -> None:
        if self._is_off:
            return
        try:
            work()
        except LockedError:
            logger.info("the dates of the last checks are not recorded yet: the database is locked")
        except DamError as exc:  # read-only
            self._is_off = True
            logger.info("the dates of the last checks are not recorded: %s", exc)


def record_checks(library: Library, store_id: int, checked: dict[str, datetime]) -> None:
    """Record when blobs were read and found intact, in one transaction."""
    with library.write() as session:
        rows = [{"store_id": store_id, "sha256": sha256, "checked_at": at} for sha256, at in sorted(checked.items())]
        ecs.put_rows(session, BlobCheck, rows)


def forget_checks(library: Library, store_id: int, sha256s: Iterable[str]) -> None:
    """Forget when blobs were checked."""
    with library.write() as session:
        for some in ecs.batched(sha256s):
            session.execute(delete(BlobCheck).where(BlobCheck.store_id == store_id, BlobCheck.sha256.in_(some)))


def oldest_check(library: Library, store_id: int) -> datetime | None:
    """Return when the blob that was not read for longest was read; None if one was never read, or there is none."""
    location, sha256 = FileLocationComponent, ContentHashSha256Component
    never = (
        select(location.id)
        .join(sha256, sha256.entity_id == location.entity_id)
        .where(
            location.storage_type != REFERENCE_STORAGE,
            ~select(BlobCheck.sha256)
            .where(BlobCheck.store_id == store_id, BlobCheck.sha256 == sha256.hash_value)
            .exists(),
        )
        .limit(1)
    )
    with library.read() as session:
        if session.scalar(never) is not None:
            return None
        return session.scalar(select(func.min(BlobCheck.checked_at)).where(BlobCheck.store_id == store_id))
