"""Resolve, the fourth stage of an ingest: look up the contents of a batch in the library."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from dam.services.catalogue.asset_states import states_by_sha256
from dam.services.catalogue.content import only_referenced
from dam.services.ingest.analysis import Analysis
from dam.services.ingest.examine import Examined, ExamineRequest
from dam.services.ingest.staging import StagedFile
from dam.storage.blob_store import BlobStore

ExamineAll = Callable[[list[ExamineRequest]], Iterable[Examined]]


@dataclass(frozen=True)
class Resolved:
    """A file that was read, with what must be written for it."""

    file: StagedFile
    analysis: Analysis | None = None
    """The analysis to write; None if all current systems have run for the content."""
    is_known: bool = False
    """Whether the library has recorded that its store has the content."""
    is_repeated: bool = False
    """Whether an earlier file of the batch has the same content, so that only a link is written."""
    seen: frozenset[str] | None = None
    """The systems that have run for the content; None if no others are due."""


def resolve(session: Session, storage_type: str, files: Sequence[Examined]) -> list[Resolved]:
    """Look up the contents of a batch together; return the files in order.

    If files have the same content, only the first keeps its staged blob.
    """
    first = {examined.file.digests.sha256: examined for examined in reversed(files) if examined.file}
    unsure = [
        key for key, examined in first.items() if not (examined.analysis and examined.file and examined.file.blob)
    ]
    states = states_by_sha256(session, unsure)
    referenced = only_referenced(session, storage_type, [state.entity_id for state in states.values()])
    resolved = []
    for examined in files:
        file = examined.file
        assert file  # noqa: S101  files that could not be read are not resolved
        if first[file.digests.sha256] is not examined:
            file.discard()
            resolved.append(Resolved(file, is_known=True, is_repeated=True))
            continue
        state = states.get(file.digests.sha256)
        is_known = state is not None and state.entity_id not in referenced
        is_due = examined.analysis is None and not (state and state.is_current)
        seen = (state.labels if state else frozenset()) if is_due else None
        resolved.append(Resolved(file, examined.analysis, is_known=is_known, seen=seen))
    return resolved


def analyse_due(
    resolved: Sequence[Resolved], store: BlobStore, examine_all: ExamineAll, *, follow_links: bool = False
) -> list[Resolved]:
    """Run the due systems for contents that the store has, in parallel. Files that have changed since are skipped."""
    jobs = [
        ExamineRequest(
            each.file.path,
            each.file.size,
            seen=each.seen,
            sha256=each.file.digests.sha256,
            follow_links=follow_links,
            store=store,
        )
        for each in resolved
        if each.seen is not None
    ]
    results: Iterator[Examined] = iter(examine_all(jobs)) if jobs else iter(())
    return [each if each.seen is None else replace(each, analysis=_analysis(each, next(results))) for each in resolved]


def _analysis(resolved: Resolved, again: Examined) -> Analysis | None:
    """Return the analysis of a file that was read again, if its content is the same."""
    if again.file is None:
        return None
    again.file.discard()
    return again.analysis if again.file.digests == resolved.file.digests else None
