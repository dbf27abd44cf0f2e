"""Sidecars that come, or change, after the images that they are about."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.core.errors import StoreError, UnreadableFileError
from dam.media.kinds import Kind
from dam.media.sidecar import is_sidecar, named_by, names_of, read_sidecar
from dam.models.xmp_sidecar_component import XmpSidecarComponent
from dam.services import ecs, writer
from dam.services.content import find_content
from dam.services.examine import Examined, Job
from dam.services.known import Known, files_in, known_by_id
from dam.services.library import Library
from dam.services.pool import Pool
from dam.systems.system import labels_of_readers


def packets(session: Session, entity_ids: Iterable[int]) -> dict[int, bytes]:
    """Return the sidecars that entities were read with, by id."""
    table = XmpSidecarComponent
    found: dict[int, bytes] = {}
    for some in ecs.batched(entity_ids):
        rows = session.execute(select(table.entity_id, table.packet).where(table.entity_id.in_(some)))
        found |= dict(rows.all())
    return found


def apply_sidecars(library: Library, pool: Pool, paths: Iterable[str]) -> list[int]:
    """Read the metadata of images again whose sidecars, at some of `paths`, are others than they were read with.

    Return their ids.
    """
    sidecars = [path for path in paths if is_sidecar(path)]
    if not sidecars:
        return []
    with library.read() as session:
        changed = _changed(session, sidecars)
        known = [asset for asset in known_by_id(session, changed) if asset.kind is Kind.IMAGE]
        jobs = [_job(session, library, asset, changed) for asset in known]
    analyses = {
        asset.entity_id: result.analysis
        for asset, result in zip(known, pool.map(jobs), strict=True)
        if result.analysis and result.analysis.obstacle is None
    }
    if analyses:
        with library.write() as session:
            writer.write_analyses(session, analyses)
    return sorted(analyses)


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


def _job(session: Session, library: Library, asset: Known, changed: Mapping[int, bytes]) -> Job | Examined:
    try:
        path = find_content(session, library.store, asset)
    except (StoreError, UnreadableFileError) as exc:
        return Examined(asset.sha256, error=str(exc))
    seen = asset.labels - labels_of_readers(asset.kind)
    return Job(path, asset.size, seen=seen, media_type=asset.media_type, sidecar=changed[asset.entity_id])
