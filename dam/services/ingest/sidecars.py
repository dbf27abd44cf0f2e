"""Sidecars that come, change or go after the images that they are about."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from dam.core.errors import StoreError, UnreadableFileError
from dam.media.kinds import Kind
from dam.media.metadata.sidecar import has_sidecar, is_sidecar, named_by, names_of, read_sidecar
from dam.models.source_path_component import SourcePathComponent
from dam.models.xmp_sidecar_component import XmpSidecarComponent
from dam.services.catalogue import ecs
from dam.services.catalogue.asset_states import AssetState, states_by_id
from dam.services.catalogue.content import find_content, is_as_recorded
from dam.services.catalogue.recorded_files import files_in
from dam.services.catalogue.source_paths import path_digest
from dam.services.ingest.analysis import Analysis
from dam.services.ingest.examine import AnalyseAgain, Examined
from dam.services.library import Library
from dam.services.processes.pool import Pool
from dam.systems.system import labels_of_readers


def packets(session: Session, entity_ids: Iterable[int]) -> dict[int, bytes]:
    """Return the sidecars that entities were read with, by id."""
    table = XmpSidecarComponent
    found: dict[int, bytes] = {}
    for some in ecs.batched(entity_ids):
        rows = session.execute(select(table.entity_id, table.packet).where(table.entity_id.in_(some)))
        found |= dict(rows.all())
    return found


def any_sidecar(session: Session) -> bool:
    """Tell whether any image was read with a sidecar."""
    return session.scalar(select(exists(select(XmpSidecarComponent.id)))) or False


def deleted(session: Session, entity_ids: Iterable[int]) -> set[int]:
    """Return those of some entities that were read with a sidecar which has been deleted since.

    That is so when they lie, unchanged, at every path that they came from, and have a sidecar at none. Where one has
    gone itself, nobody can tell: it may have been moved, or its disk be elsewhere.
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


def read_changed_sidecars(library: Library, pool: Pool, paths: Iterable[str]) -> dict[int, Analysis]:
    """Read the metadata of images again whose sidecars are others than they were read with, or have been deleted.

    `paths` are of images or sidecars. Return what is to be written of the images, by id.
    """
    read = list(paths)
    with library.read() as session:
        changed: dict[int, bytes | None] = dict(_changed(session, filter(is_sidecar, read)))
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
    """Return the entities that came from some paths."""
    table = SourcePathComponent
    found: set[int] = set()
    for digests in ecs.batched(path_digest(os.fsencode(path)) for path in paths):
        found.update(session.scalars(select(table.entity_id).where(table.path_digest.in_(digests))))
    return found


def _changed(session: Session, sidecars: Iterable[str]) -> dict[int, bytes]:
    """Return the entities that were read without the sidecar that they have now, by id, and what it says."""
    by_folder: dict[str, list[str]] = defaultdict(list)
    for path in sidecars:
        by_folder[os.path.dirname(path)].append(path)
    now: dict[int, bytes] = {}
    for folder, inside in by_folder.items():
        about = {named_by(path) for path in inside}
        for path, entity_id in files_in(session, folder):
            if not about.isdisjoint(names_of(path)) and (packet := read_sidecar(path)):
                now[entity_id] = packet
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
) -> AnalyseAgain | Examined:
    try:
        path = find_content(session, library.store, asset)
    except (StoreError, UnreadableFileError) as exc:
        return Examined(asset.sha256, error=str(exc))
    seen = asset.labels - labels_of_readers(asset.kind)
    return AnalyseAgain(path, asset.size, asset.media_type, seen, changed[asset.entity_id])
