"""Read files in threads, for their digests: nothing is decoded, and hashlib releases the lock of the interpreter."""

import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from dam.core.errors import UnreadableFileError
from dam.media.files.digests import BUFFER_BYTES, Stopped, sha256_of
from dam.media.files.source import open_source

MAX_TASK_FILES = 64
MAX_TASK_ITEMS = 256
MAX_TASK_BYTES = 8 * 1024 * 1024
"""A task has so many files, other items, or bytes: handing over one takes as long as hashing a small file."""
TASKS_AHEAD = 4
"""Tasks per thread that are pending."""

T = TypeVar("T")


class FileDigest(NamedTuple):
    """The SHA-256 of a file, or the error."""

    path: str
    size: int
    sha256: str | None
    error: str | None = None


class UnreadFile(NamedTuple):
    """A file to be read, with the size that it has."""

    path: str
    size: int


def read_digests(items: Iterable[T | UnreadFile], threads: int) -> Generator[T | FileDigest, None, None]:
    """Yield the items in order, with files replaced by their digests; 0 `threads`: read in this one."""
    stop = threading.Event()
    if not threads:
        buffer = bytearray(BUFFER_BYTES)
        yield from (_digest_of(item, buffer, stop) if isinstance(item, UnreadFile) else item for item in items)
        return
    executor = ThreadPoolExecutor(threads, "read")
    pending: deque[Future[list[T | FileDigest]]] = deque()
    try:
        for task in _tasks(items):
            pending.append(executor.submit(_read, task, stop))
            if len(pending) > threads * TASKS_AHEAD:
                yield from pending.popleft().result()
        while pending:
            yield from pending.popleft().result()
    finally:
        stop.set()
        executor.shutdown(cancel_futures=True)


def _tasks(items: Iterable[T | UnreadFile]) -> Iterator[list[T | UnreadFile]]:
    task: list[T | UnreadFile] = []
    files = size = 0
    for item in items:
        task.append(item)
        if isinstance(item, UnreadFile):
            files, size = files + 1, size + item.size
        if files >= MAX_TASK_FILES or size >= MAX_TASK_BYTES or len(task) >= MAX_TASK_ITEMS:
            yield task
            task, files, size = [], 0, 0
    if task:
        yield task


def _read(task: Iterable[T | UnreadFile], stop: threading.Event) -> list[T | FileDigest]:
    buffer = bytearray(BUFFER_BYTES)  # one for all: the pages of a new one are cleared each time
    return [_digest_of(item, buffer, stop) if isinstance(item, UnreadFile) else item for item in task]


def _digest_of(item: UnreadFile, buffer: bytearray, stop: threading.Event) -> FileDigest:
    path, size = item
    try:
        with open_source(path) as (file, state):
            return FileDigest(path, state.size, sha256_of(file, stop, buffer))
    except UnreadableFileError as exc:
        return FileDigest(path, size, None, str(exc))
    except Stopped:
        return FileDigest(path, size, None, "was not read")
