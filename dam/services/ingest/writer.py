"""Write the rows of files and analyses, in a few bulk statements."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from dam.models.content_hash_md5_component import ContentHashMd5Component
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.file_location_component import FileLocationComponent
from dam.models.file_properties_component import FilePropertiesComponent
from dam.models.source_path_component import SourcePathComponent
from dam.models.system_failure_component import SystemFailureComponent
from dam.models.system_record import SystemRecord, SystemSet
from dam.services.catalogue.content import only_referenced
from dam.services.catalogue.replaced import note_present
from dam.services.catalogue.trashed import restore_from_trash
from dam.services.components import ecs
from dam.services.components.derived_rows import checksums
from dam.services.ingest.analysis import Analysis
from dam.services.ingest.recorders import Recorders
from dam.services.ingest.staging import StagedFile
from dam.services.manifest.records import record_files
from dam.services.sources.source_paths import displayed_name, source_row
from dam.services.tags.tags import write_tags
from dam.storage.modes import REFERENCE_STORAGE
from dam.systems.system import RowTable, tables_by_system

Rows = dict[type[Any], list[dict[str, Any]]]


@dataclass(frozen=True)
class Asset:
    """The asset of a file that was written."""

    entity_id: int
    is_new: bool
    is_linked: bool
    """Whether the path is a new source of the asset."""
    replaces: int | None
    """The previous asset of the path, if it was another one."""
    is_restored: bool = False
    """Whether it has come back from the trash."""
    took_over: bool = False
    """Whether it took over what the user said of the asset that it replaces."""


def write_files(
    session: Session,
    files: Sequence[tuple[StagedFile, Analysis | None]],
    tags: Iterable[str] = (),
    *,
    storage_type: str,
    filename: str | None = None,
    recorders: Recorders | None = None,
    follow: bool = False,
) -> list[Asset]:
    """Write the rows of files whose blobs have been published; return their assets, in the same order.

    A file without an analysis has content that the library already has. `filename` replaces the name in the source
    path. `recorders` are of the command that this is a part of, by default an operation of its own. `follow`: see
    `Options`.
    """
    if not files:
        return []
    recorders = recorders or Recorders.of(session)
    known = entities_by_sha256(session, [file.digests.sha256 for file, _ in files])
    new = list(dict.fromkeys(file.digests.sha256 for file, _ in files if file.digests.sha256 not in known))
    now = datetime.now(UTC)
    created = dict(zip(new, ecs.add_entities(session, len(new), now), strict=True))
    known |= created
    unwritten = set(new)
    there_already = {known[file.digests.sha256] for file, _ in files if not file.blob}
    is_stored = storage_type != REFERENCE_STORAGE
    referenced = only_referenced(session, storage_type, there_already) if is_stored else set()
    sources = [
        source_row(known[file.digests.sha256], file.path, file.state, filename, is_settled=file.is_settled)
        for file, _ in files
    ]
    links = _links(session, [source["path_digest"] for source in sources])
    assets = []
    rows: Rows = defaultdict(list, {SourcePathComponent: sources})
    analyses: dict[int, Analysis] = {}
    for (file, analysis), source in zip(files, sources, strict=True):
        sha256 = file.digests.sha256
        entity_id = known[sha256]
        before = links[source["path_digest"]]
        replaced = before[-1] if before and before[-1] != entity_id else None
        assets.append(Asset(entity_id, sha256 in unwritten, entity_id not in before, replaced))
        before.append(entity_id)
        if sha256 in unwritten:
            unwritten.remove(sha256)
            _identity_rows(rows, entity_id, file, filename)
            rows[FileLocationComponent].append(_location_row(entity_id, file, storage_type))
        elif file.blob or entity_id in referenced:  # an existing asset, but not stored in this store
            rows[FileLocationComponent].append(_location_row(entity_id, file, storage_type))
        if analysis:
            analyses[entity_id] = analysis
    for table, values in rows.items():
        ecs.put_rows(session, table, values)
    record_files(session, rows, now)
    write_analyses(session, analyses, frozenset(created.values()))
    write_tags(recorders.imports, known.values(), tags)
    return _succeeding(recorders, _restored(recorders, assets), follow=follow)


def _restored(recorders: Recorders, assets: Sequence[Asset]) -> list[Asset]:
    """Take the assets of files at new paths, or that have changed, out of the trash."""
    came = [asset.entity_id for asset in assets if asset.is_linked or asset.replaces or recorders.restores_all]
    back = restore_from_trash(recorders.restores, came)
    return [replace(asset, is_restored=asset.entity_id in back) for asset in assets] if back else list(assets)


def _succeeding(recorders: Recorders, assets: list[Asset], *, follow: bool) -> list[Asset]:
    """Let the assets of files that have changed take over what the user said of those before."""
    note_present(recorders.replacements, [asset.entity_id for asset in assets if asset.is_linked or asset.replaces])
    pairs = [(asset.replaces, asset.entity_id) for asset in assets if asset.replaces]
    if not pairs:
        return assets
    from dam.services.catalogue.succession import take_over  # noqa: PLC0415  brings tables that are seldom needed

    taken = take_over(recorders.replacements, pairs, follow=follow)
    return [replace(asset, took_over=(asset.replaces, asset.entity_id) in taken) for asset in assets]


def _links(session: Session, path_digests: Iterable[bytes]) -> dict[bytes, list[int]]:
    """Return the entities of each path digest, the latest last."""
    table = SourcePathComponent
    statement = (
        select(table.path_digest, table.entity_id)
        .where(table.path_digest.in_(bindparam("digests", expanding=True)))
        .order_by(table.updated_at, table.id)
    )
    links: dict[bytes, list[int]] = defaultdict(list)
    for digests in ecs.batched(path_digests):
        for digest, entity_id in session.execute(statement, {"digests": digests}):
            links[digest].append(entity_id)
    return links


def _location_row(entity_id: int, file: StagedFile, storage_type: str) -> dict[str, Any]:
    return {"entity_id": entity_id, "file_identifier": file.digests.sha256, "storage_type": storage_type}


def _identity_rows(rows: Rows, entity_id: int, file: StagedFile, filename: str | None) -> None:
    """Add the rows that every new asset has."""
    entity = {"entity_id": entity_id}
    rows[ContentHashSha256Component].append(entity | {"hash_value": file.digests.sha256})
    rows[ContentHashMd5Component].append(entity | {"hash_value": file.digests.md5})
    rows[FilePropertiesComponent].append(
        entity
        | {
            "original_filename": displayed_name(filename or file.filename),
            "file_size_bytes": file.size,
            "media_type": file.media_type,
        }
    )


def entities_by_sha256(session: Session, sha256s: Iterable[str]) -> dict[str, int]:
    """Return the entities with some contents, by SHA-256."""
    found: dict[str, int] = {}
    table = ContentHashSha256Component
    statement = select(table.hash_value, table.entity_id).where(
        table.hash_value.in_(bindparam("digests", expanding=True))
    )
    for some in ecs.batched(dict.fromkeys(sha256s)):
        rows = session.execute(statement, {"digests": some})
        found.update((sha256, entity_id) for sha256, entity_id in rows)
    return found


def write_analyses(session: Session, analyses: Mapping[int, Analysis], created: AbstractSet[int] = frozenset()) -> None:
    """Write components, failures and sets of systems, by entity.

    Entities in `created` are new and have no earlier rows to delete.
    """
    rows: Rows = defaultdict(list)
    for entity_id, analysis in analyses.items():
        for table, values in analysis.rows:
            rows[table].append({"entity_id": entity_id} | values)
        for failure in analysis.failures:
            rows[SystemFailureComponent].append({"entity_id": entity_id} | vars(failure))
    again = {entity_id: analysis for entity_id, analysis in analyses.items() if entity_id not in created}
    _forget_failures(session, again)
    _forget_components(session, again)
    for table, values_of_all in rows.items():
        ecs.put_rows(session, table, values_of_all)
    set_ids = _system_set_ids(session, {analysis.system_set for analysis in analyses.values()})
    sets = {entity_id: analysis.system_set for entity_id, analysis in analyses.items()}
    sums = checksums(session, sets, None if again else rows.keys())
    records = [
        {"entity_id": entity_id, "system_set_id": set_ids[systems], "rows_crc32": sums[entity_id]}
        for entity_id, systems in sets.items()
    ]
    ecs.put_rows(session, SystemRecord, records)


def _forget_failures(session: Session, analyses: Mapping[int, Analysis]) -> None:
    """Delete the failures of systems that have run again."""
    table = SystemFailureComponent
    names = {name for analysis in analyses.values() for name in analysis.ran}
    for some in ecs.batched(analyses):
        session.execute(delete(table).where(table.entity_id.in_(some), table.system.in_(names)))


def _forget_components(session: Session, analyses: Mapping[int, Analysis]) -> None:
    """Delete the earlier components of the systems that ran, unless an upsert replaces them."""
    if not analyses:  # the tables of all systems take a tenth of a second to import
        return
    tables = tables_by_system()
    outdated: dict[RowTable, list[int]] = defaultdict(list)
    for entity_id, analysis in analyses.items():
        replaced = {table for table, _ in analysis.rows if ecs.unique_key(table) == ("entity_id",)}
        for table in {table for name in analysis.ran for table in tables.get(name, ())} - replaced:
            outdated[table].append(entity_id)
    for table, entity_ids in outdated.items():
        for some in ecs.batched(entity_ids):
            session.execute(delete(table).where(table.entity_id.in_(some)))


def _system_set_ids(session: Session, sets: Iterable[str]) -> dict[str, int]:
    ids = {}
    for systems in sorted(sets):
        statement = select(SystemSet.id).where(SystemSet.systems == systems)
        found = session.scalar(statement)
        if found is None:
            ecs.put_rows(session, SystemSet, [{"systems": systems}])  # another process may have added it
            found = session.scalars(statement).one()
        ids[systems] = found
    return ids
