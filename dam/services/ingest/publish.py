"""The fifth stage of an ingest: make the blobs of a batch durable and visible, before any row names them."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from dam.core.interrupts import deferred
from dam.services.ingest.resolve import Resolved
from dam.storage.blob_store import BlobStore, StagedBlob
from dam.storage.modes import Mode


def publish(store: BlobStore, resolved: Sequence[Resolved], mode: Mode) -> None:
    """Publish what was staged, and vouch for what the store has without the library's knowing of it."""
    staged: dict[str, StagedBlob | None] = {
        each.file.digests.sha256: each.file.blob
        for each in resolved
        if not each.is_repeated and (each.file.blob or not (each.is_known or mode is Mode.REFERENCE))
    }
    store.publish(staged)


class Background:
    """Does one thing at a time: in a thread of its own, or (not `threaded`) at once, in this one."""

    def __init__(self, *, threaded: bool) -> None:
        self._executor = ThreadPoolExecutor(1, "publish") if threaded else None
        self._work: Future[None] | None = None

    def begin(self, work: Callable[[], None]) -> None:
        """Begin some work; what it raises, `wait` raises."""
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
        """Whether the work, if there is any, has come to its end."""
        return self._work is None or self._work.done()

    def wait(self) -> None:
        """Wait for the work, and raise what it raised."""
        work, self._work = self._work, None
        if work:
            work.result()

    def close(self) -> None:
        """Wait for the work, and end the thread."""
        if self._executor:
            with deferred():
                self._executor.shutdown(wait=True)
