"""Bringing assets up to date with today's systems, from the content in the store."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from dam.core.errors import StoreError
from dam.media.sample import Sample
from dam.services import writer
from dam.services.analysis import Analysis, analyse
from dam.services.known import Known, failed, outdated
from dam.services.library import Library

PAGE = 32


@dataclass(frozen=True)
class Update:
    """What a run of the systems did for one asset."""

    entity_id: int
    sha256: str
    media_type: str
    ran: tuple[str, ...] = ()
    error: str | None = None
    """Why a system failed, or why the content could not be read."""
    obstacle: str | None = None
    """Why nothing could be run here."""


def run_systems(library: Library, *, retry_failed: bool = False) -> Iterator[Update]:
    """Run the systems that assets have not seen, and yield what was done for each, once that is durable.

    With `retry_failed`, run those that have failed instead.
    """
    last = 0
    while True:
        with library.read() as session:
            page = failed(session, last, PAGE) if retry_failed else outdated(session, last, PAGE)
        if not page:
            return
        last = page[-1].entity_id
        analyses: dict[int, Analysis] = {}
        updates = [_update(library, known, analyses) for known in page]
        if analyses:
            with library.write() as session:
                writer.write_analyses(session, analyses)
        yield from updates


def _update(library: Library, known: Known, analyses: dict[int, Analysis]) -> Update:
    """Analyse an asset; what is found out goes into `analyses`."""
    about = partial(Update, known.entity_id, known.sha256, known.media_type)
    try:
        size = library.store.size(known.sha256)
        if size is None:
            return about(error="the blob is missing from the store: add the file again")
        if size != known.size:  # what a damaged blob says is no fact about the asset
            return about(error=f"the blob is damaged, with {size} bytes instead of {known.size}: add the file again")
        analysis = analyse(Sample(lambda: library.store.open(known.sha256), known.media_type), known.labels)
    except StoreError as exc:
        return about(error=str(exc))
    if analysis.obstacle is None:
        analyses[known.entity_id] = analysis
    return about(ran=tuple(analysis.ran), error=analysis.error, obstacle=analysis.obstacle)
