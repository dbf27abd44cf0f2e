"""Detect sidecars that were added, changed or deleted after their images were ingested."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from dam.core.database import release
from dam.core.errors import StoreError, UnreadableFileError
from dam.media.kinds import Kind
from dam.media.metadata.sidecar import has_sidecar, is_sidecar, read_sidecar, subject_path, subject_paths
from dam.models.source_path_component import SourcePathComponent
from dam.models.xmp_sidecar_component import XmpSidecarComponent
from dam.services.catalogue.asset_states import AssetState, states_by_id
from dam.services.catalogue.content import find_content, is_as_recorded
from dam.services.components import ecs
from dam.services.ingest.analysis import Analysis
from dam.services.ingest.examine import Examined, ReanalyseRequest
from dam.services.library import Library
from dam.services.processes.pool import Pool
from dam.services.sources.recorded_files import files_in
from dam.services.sources.source_paths import path_digest
from dam.systems.system import sidecar_labels


def packets(session: Session, entity_ids: Iterable[int]) -> dict[int, bytes]:
    """Return the recorded sidecars of entities, by id."""
    table = XmpSidecarComponent
    found: dict[int, bytes] = {}
    for some in ecs.batched(entity_ids):
        rows = session.execute(select(table.entity_id, table.packet).where(table.entity_id.in_(some)))
        found |= dict(rows.all())
    return found


def any_sidecar(session: Session) -> bool:
    """Return whether any image has a recorded sidecar."""
    return session.scalar(select(exists(select(XmpSidecarComponent.id)))) or False


def deleted(session: Session, entity_ids: Iterable[int]) -> set[int]:
    """Return the entities whose recorded sidecar has been deleted.

    This requires that all sources of an entity are present and unchanged, and that none has a sidecar. If a source is
    missing, it may have been moved together with its sidecar, or its disk may not be mounted.
    """
    lacking: set[int] = set()
    table = SourcePathComponent
    for some in ecs.batched(entity_ids):
        with_sidecar = select(XmpSidecarComponent.entity_id).where(XmpSidecarComponent.entity_id.in_(some))
        rows = session.execute(select(table.entity_id, table.path).where(table.entity_id.in_(with_sidecar))).all()
        lacking.update(row.entity_id for row in rows)
        lacking.difference_update(row.entity_id for row in rows if has_sidecar(os.fsdecode(row.path)))
    for some in ecs.batched(sorted(lacking)):
        sources = session.scalars(select(table).where(table.entity_id.in_(some)))
        lacking.difference_update(source.entity_id for source in sources if not is_as_recorded(source))
    return lacking


def read_changed_sidecars(
    library: Library, pool: Pool, paths: Iterable[str], *, follow_links: bool = False
) -> dict[int, Analysis]:
    """Analyse again the images whose sidecars have changed or been deleted.

    `paths` are paths of images or sidecars. Return the analyses to write, by entity.
    """
    read = list(paths)
    with library.read() as session:
        changed: dict[int, bytes | None] = dict(_changed(session, filter(is_sidecar, read), follow_links=follow_links))
        if any_sidecar(session):
            changed |= dict.fromkeys(deleted(session, _entities_at(session, read)) - changed.keys())
        images = [asset for asset in states_by_id(session, changed) if asset.kind is Kind.IMAGE]
        jobs = [_job(session, library, asset, changed) for asset in images]
    results: Iterator[Examined] = pool.map(jobs) if jobs else iter(())
    return {
        asset.entity_id: result.analysis
        for asset, result in zip(images, results, strict=True)
        if result.analysis and result.analysis.obstacle is None
    }


def _entities_at(session: Session, paths: Iterable[str]) -> set[int]:
    """Return the entities with a source at some paths."""
    table = SourcePathComponent
    found: set[int] = set()
    for digests in ecs.batched(path_digest(os.fsencode(path)) for path in paths):
        found.update(session.scalars(select(table.entity_id).where(table.path_digest.in_(digests))))
    return found


def _changed(session: Session, sidecars: Iterable[str], *, follow_links: bool) -> dict[int, bytes]:
    """Return the new or changed sidecars of entities, by id."""
    by_folder: dict[str, list[str]] = defaultdict(list)
    for path in sidecars:
        by_folder[os.path.dirname(path)].append(path)
    subjects: list[tuple[str, int]] = []
    for folder, inside in by_folder.items():
        about = {subject_path(path) for path in inside}
        subjects += [each for each in files_in(session, folder) if not about.isdisjoint(subject_paths(each[0]))]
    release(session)
    now = {
        entity_id: packet for path, entity_id in subjects if (packet := read_sidecar(path, follow_links=follow_links))
    }
    before: dict[int, str] = {}
    table = XmpSidecarComponent
    for some in ecs.batched(now):
        rows = session.execute(select(table.entity_id, table.digest).where(table.entity_id.in_(some)))
        before |= dict(rows.all())
    return {
        entity_id: packet for entity_id, packet in now.items() if before.get(entity_id) != sha256(packet).hexdigest()
    }


def _job(
    session: Session, library: Library, asset: AssetState, changed: Mapping[int, bytes | None]
) -> ReanalyseRequest | Examined:
    try:
        path = find_content(session, library.store, asset)
    except (StoreError, UnreadableFileError) as exc:
        return Examined(asset.sha256, error=str(exc))
    seen = asset.labels - sidecar_labels(asset.kind)
    return ReanalyseRequest(path, asset.size, asset.media_type, seen, changed[asset.entity_id])
