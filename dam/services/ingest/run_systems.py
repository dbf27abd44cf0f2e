"""Bringing assets up to date with today's systems, from the content in the store or where it is referenced."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session

from dam.core.errors import StoreError, UnreadableFileError
from dam.media.kinds import Kind
from dam.services.catalogue.asset_states import AssetState, failed, outdated, outdated_bytes
from dam.services.catalogue.content import find_content
from dam.services.ingest import writer
from dam.services.ingest.analysis import Analysis
from dam.services.ingest.examine import AnalyseAgain, Examined
from dam.services.ingest.sidecars import packets
from dam.services.library import Library
from dam.services.processes.limits import NO_LIMITS
from dam.services.processes.pool import Pool

PAGE = 128


@dataclass(frozen=True)
class Update:
    """What a run of the systems did for one asset."""

    entity_id: int
    sha256: str
    media_type: str
    size: int
    ran: tuple[str, ...] = ()
    error: str | None = None
    """Why a system failed, or why the content could not be read."""
    obstacle: str | None = None
    """Why a system could not be run here."""


def run_systems(library: Library, *, retry_failed: bool = False, pool: Pool | None = None) -> Iterator[Update]:
    """Run the systems that assets have not seen, and yield what was done for each, once that is durable.

    With `retry_failed`, run those that have failed instead. `pool` does it; without one, this process.
    """
    pool = pool or Pool(0, NO_LIMITS)
    last = 0
    while True:
        with library.read() as session:
            page = failed(session, last, PAGE) if retry_failed else outdated(session, last, PAGE)
            sidecars = packets(session, [known.entity_id for known in page if known.kind is Kind.IMAGE])
            items = [_job(session, library, known, sidecars.get(known.entity_id)) for known in page]
        if not page:
            return
        last = page[-1].entity_id
        analyses: dict[int, Analysis] = {}
        results: Iterator[Examined] = pool.map(items)
        updates = [_update(known, result, analyses) for known, result in zip(page, results, strict=True)]
        if analyses:
            library.write_again(partial(writer.write_analyses, analyses=analyses))
        yield from updates


def bytes_to_read(library: Library) -> int:
    """Return the size of all assets that systems have not seen, so that somebody can tell how much is left."""
    with library.read() as session:
        return outdated_bytes(session)


def _job(session: Session, library: Library, known: AssetState, sidecar: bytes | None) -> AnalyseAgain | Examined:
    """Say how to examine an asset, or why that is not possible."""
    try:
        path = find_content(session, library.store, known)
    except (StoreError, UnreadableFileError) as exc:
        return Examined(known.sha256, error=str(exc))
    return AnalyseAgain(path, known.size, known.media_type, known.labels, sidecar)


def _update(known: AssetState, result: Examined, analyses: dict[int, Analysis]) -> Update:
    """Say what became of an asset; what was found out goes into `analyses`."""
    about = partial(Update, known.entity_id, known.sha256, known.media_type, known.size)
    analysis = result.analysis
    if analysis is None:
        return about(error=result.error)
    if analysis.ran or analysis.obstacle is None:
        analyses[known.entity_id] = analysis
    return about(ran=tuple(analysis.ran), error=analysis.error, obstacle=analysis.obstacle)
