"""Trying again what failed and is remembered."""

from collections.abc import Generator

from dam.services import failures
from dam.services.ingest import Options, Outcome, Status, ingest
from dam.services.library import Library
from dam.services.pool import Pool


def retry_unreadable(library: Library, *, pool: Pool | None = None) -> Generator[Outcome, None, None]:
    """Ingest the paths that could not be read, and forget those that can be now; a folder, with all that is in it."""
    with library.read() as session:
        paths = [failure.path for failure in failures.unreadable(session) if failure.path is not None]
    failed = set()
    for outcome in ingest(library, paths, options=Options(rehash=True), pool=pool):
        if isinstance(outcome, Outcome):
            if outcome.status is Status.FAILED:
                failed.add(outcome.path)
            yield outcome
    if len(failed) < len(paths):
        with library.write() as session:
            failures.forget(session, (path for path in paths if path not in failed))
