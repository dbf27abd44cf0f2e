"""Retry recorded failures."""

from collections.abc import Generator, Sequence
from itertools import groupby

from dam.services.catalogue import failures
from dam.services.catalogue.failures import RecordedFailure
from dam.services.ingest.ingest import Options, Outcome, Status, ingest
from dam.services.library import Library
from dam.services.processes.pool import Pool
from dam.storage.modes import Mode


def retry_unreadable(library: Library, *, pool: Pool | None = None) -> Generator[Outcome, None, None]:
    """Ingest the paths that could not be read, in their recorded modes and with their recorded tags.

    Folders are ingested recursively. Failures of paths that can be read now are deleted.
    """
    with library.read() as session:
        recorded = list(failures.unreadable(session))
    for (mode, tags), some in groupby(sorted(recorded, key=_how), key=_how):
        paths = [failure.path for failure in some if failure.path is not None]
        yield from _retry(library, paths, Mode(mode), tags, pool)


def _how(failure: RecordedFailure) -> tuple[str, tuple[str, ...]]:
    return failure.mode or Mode.COPY.value, failure.tags


def _retry(
    library: Library, paths: Sequence[str], mode: Mode, tags: Sequence[str], pool: Pool | None
) -> Generator[Outcome, None, None]:
    failed = set()
    for outcome in ingest(library, paths, tags, Options(mode=mode, rehash=True), pool=pool):
        if isinstance(outcome, Outcome):
            if outcome.status is Status.FAILED:
                failed.add(outcome.path)
            yield outcome
    if len(failed) < len(paths):
        with library.write() as session:
            failures.forget(session, (path for path in paths if path not in failed))
