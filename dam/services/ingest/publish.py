"""Publish, the fifth stage of an ingest: make the blobs of a batch durable before rows refer to them."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from dam.core.interrupts import deferred
from dam.services.ingest.resolve import Resolved
from dam.storage.blob_store import BlobStore, StagedBlob
from dam.storage.modes import Mode


def publish(store: BlobStore, resolved: Sequence[Resolved], mode: Mode) -> None:
    """Publish the staged blobs, and make existing blobs durable that have no rows yet."""
    staged: dict[str, StagedBlob | None] = {
        each.file.digests.sha256: each.file.blob
        for each in resolved
        if not each.is_repeated and (each.file.blob or not (each.is_known or mode is Mode.REFERENCE))
    }
    store.publish(staged)


class Background:
    """Runs one task at a time in a thread, or without `threaded` immediately."""

    def __init__(self, *, threaded: bool) -> None:
        self._executor = ThreadPoolExecutor(1, "publish") if threaded else None
        self._work: Future[None] | None = None

    def begin(self, work: Callable[[], None]) -> None:
        """Begin a task; `wait` raises its exception."""
        if self._executor:
            self._work = self._executor.submit(work)
            return
        self._work = Future()
        with deferred():
            try:
                work()
                self._work.set_result(None)
            except BaseException as exc:  # noqa: BLE001  `wait` raises it
                self._work.set_exception(exc)

    @property
    def is_done(self) -> bool:
        """Whether no task is running."""
        return self._work is None or self._work.done()

    def wait(self) -> None:
        """Wait for the task, and raise its exception, if any."""
        work, self._work = self._work, None
        if work:
            work.result()

    def close(self) -> None:
        """Wait for the task, and end the thread."""
        if self._executor:
            with deferred():
                self._executor.shutdown(wait=True)
