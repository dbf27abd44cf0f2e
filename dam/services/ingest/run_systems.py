"""Run the current systems for assets that lack them, on the stored or referenced content."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.core.errors import StoreError, UnreadableFileError
from dam.media.kinds import Kind
from dam.models.entity import Entity
from dam.services.catalogue.asset_states import (
    AssetState,
    failed,
    outdated,
    outdated_bytes,
    states_by_id,
    unasked,
)
from dam.services.catalogue.content import find_content
from dam.services.components import ecs
from dam.services.components.derived_rows import delete_derived
from dam.services.ingest import writer
from dam.services.ingest.analysis import Analysis
from dam.services.ingest.examine import Examined, ReanalyseRequest
from dam.services.ingest.sidecars import packets
from dam.services.library import Library
from dam.services.processes.pool import Pool, given_or_open

PAGE = 128
OCR_PAGE = 8
"""Number of assets that are read and then written: one takes seconds, and what is not written is lost in a kill."""
OCR = frozenset({"ocr", "ocr_language"})
"""The systems that read words in pictures."""


@dataclass(frozen=True)
class Update:
    """The outcome of running systems for one asset."""

    entity_id: int
    sha256: str
    media_type: str
    size: int
    ran: tuple[str, ...] = ()
    error: str | None = None
    """Why a system failed, or the content could not be read."""
    obstacle: str | None = None
    """Why a system cannot run on this installation."""


def run_systems(library: Library, *, retry_failed: bool = False, pool: Pool | None = None) -> Iterator[Update]:
    """Run the systems that have not run for an asset, and yield an update for each asset once it is durable.

    With `retry_failed`, run failed systems instead. The workers of `pool` run them, or else those of a pool with the
    configured limits.
    """
    with given_or_open(pool) as workers:
        yield from _run_systems(library, workers, retry_failed=retry_failed)


def _run_systems(library: Library, pool: Pool, *, retry_failed: bool) -> Iterator[Update]:
    last = 0
    while True:
        with library.read() as session:
            page = failed(session, last, PAGE) if retry_failed else outdated(session, last, PAGE)
        if not page:
            return
        last = page[-1].entity_id
        yield from _run_page(library, pool, page)


def read_words(library: Library, entity_ids: Iterable[int], pool: Pool) -> Iterator[Update]:
    """Read the words in images, and on the pages of PDFs without text, among some assets, unless it has been done.

    What was read is durable once it is yielded; an interrupted run goes on where it ended.
    """
    for some in ecs.batched(entity_ids):
        with library.read() as session:
            unread = [each for each in unasked(session, some, OCR) if _may_have_words(each.media_type)]
        for start in range(0, len(unread), OCR_PAGE):
            yield from _run_page(library, pool, unread[start : start + OCR_PAGE])


def _may_have_words(media_type: str) -> bool:
    return media_type.startswith("image/") or media_type == "application/pdf"


def _run_page(library: Library, pool: Pool, page: Sequence[AssetState]) -> list[Update]:
    """Run what is due for some assets, and write it in one transaction."""
    with library.read() as session:
        sidecars = packets(session, [known.entity_id for known in page if known.kind is Kind.IMAGE])
        items = [_job(session, library, known, sidecars.get(known.entity_id)) for known in page]
    analyses: dict[int, Analysis] = {}
    results: Iterator[Examined] = pool.map(items)
    updates = [_update(known, result, analyses) for known, result in zip(page, results, strict=True)]
    if analyses:
        library.write_again(partial(_write, analyses=analyses))
    return updates


def derive_again(library: Library, entity_ids: Iterable[int], pool: Pool | None = None) -> Iterator[Update]:
    """Derive all rows of some assets anew; yield an update for each asset once it is durable.

    The rows of an asset stay as they are where its content cannot be read, or what derived them is not installed here.
    """
    with given_or_open(pool) as workers:
        for ids in ecs.batched(entity_ids, PAGE):
            with library.read() as session:
                page = list(states_by_id(session, ids))
                sidecars = packets(session, ids)
                new = [(_as_new(known), sidecars.get(known.entity_id)) for known in page]
                items = [_job(session, library, *each) for each in new]
            analyses: dict[int, Analysis] = {}
            results: Iterator[Examined] = workers.map(items)
            updates = [_update(known, result, analyses) for known, result in zip(page, results, strict=True)]
            for known, update in zip(page, updates, strict=True):
                if update.obstacle and not {label.partition("@")[0] for label in known.labels} <= {*update.ran}:
                    analyses.pop(known.entity_id, None)
            if analyses:
                library.write_again(partial(_write, analyses=analyses, is_anew=True))
            yield from (replace(each, obstacle=None) if each.entity_id in analyses else each for each in updates)


def _as_new(known: AssetState) -> AssetState:
    """Return the state of an asset for which nothing has run, and what was asked for is asked for again."""
    return replace(known, system_set=None, asked=frozenset(label.partition("@")[0] for label in known.labels))


def _write(session: Session, analyses: Mapping[int, Analysis], *, is_anew: bool = False) -> None:
    """Write the analyses of the assets that are still there: some may have been removed for good meanwhile."""
    there = session.scalars(select(Entity.id).where(Entity.id.in_(analyses)).with_for_update(read=True)).all()
    if is_anew:
        delete_derived(session, there)
    writer.write_analyses(session, {entity_id: analyses[entity_id] for entity_id in there})


def bytes_to_read(library: Library) -> int:
    """Return the total size of the assets that `run_systems` would read, for the time left."""
    with library.read() as session:
        return outdated_bytes(session)


def _job(session: Session, library: Library, known: AssetState, sidecar: bytes | None) -> ReanalyseRequest | Examined:
    """Return the request for an asset, or an error if its content is missing."""
    try:
        path = find_content(session, library.store, known)
    except (StoreError, UnreadableFileError) as exc:
        return Examined(known.sha256, error=str(exc))
    return ReanalyseRequest(path, known.size, known.media_type, known.labels, sidecar, known.asked)


def _update(known: AssetState, result: Examined, analyses: dict[int, Analysis]) -> Update:
    """Return the update of an asset, and add its analysis to `analyses`."""
    about = partial(Update, known.entity_id, known.sha256, known.media_type, known.size)
    analysis = result.analysis
    if analysis is None:
        return about(error=result.error)
    if analysis.ran or analysis.obstacle is None:
        analyses[known.entity_id] = analysis
    return about(ran=tuple(analysis.ran), error=analysis.error, obstacle=analysis.obstacle)
