"""Write the files of a batch side by side: all are written, flushed together, then all are read back."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from dam.core.errors import CannotShareError, InputError
from dam.services.export.content import Contents
from dam.services.export.facts import Facts
from dam.services.export.target import Target

MAX_THREADS = 4

Failure = InputError | CannotShareError


@dataclass
class Planned:
    """A file to be written, and how that went."""

    facts: Facts
    path: str
    """From the root of the target."""
    temporary: Path
    failure: Failure | None = None


class BatchWriter:
    """Writes files under temporary names, in threads: hashing and waiting for the disk release the interpreter."""

    def __init__(self, target: Target, contents: Contents) -> None:
        self._target = target
        self._contents = contents
        self._executor = ThreadPoolExecutor(min(MAX_THREADS, os.cpu_count() or 1), "export")

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        """Wait for the threads."""
        self._executor.shutdown(cancel_futures=True)

    def write(self, files: Sequence[Planned]) -> None:
        """Write files, durably, and read them back; what fails says so, and has no temporary file.

        Raises:
            DamError: nothing can be written any more.

        """
        self._each(files, lambda file: self._contents.maker(file.facts)(file.temporary))
        written = [file for file in files if not file.failure]
        self._target.flush_all([file.temporary for file in written])
        self._each(written, lambda file: self._target.read_back(file.temporary, file.path, file.facts.sha256))

    def _each(self, files: Sequence[Planned], work: Callable[[Planned], None]) -> None:
        for _ in self._executor.map(lambda file: _tried(file, work), files):
            pass


def _tried(file: Planned, work: Callable[[Planned], None]) -> None:
    try:
        work(file)
    except (InputError, CannotShareError) as exc:
        file.failure = exc
        with suppress(FileNotFoundError):
            file.temporary.unlink()
