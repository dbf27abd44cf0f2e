"""Write, the sixth stage of an ingest: write the rows of a batch in one transaction."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from dam.services.catalogue import failures
from dam.services.ingest import writer
from dam.services.ingest.analysis import Analysis
from dam.services.ingest.batch import Batch
from dam.services.ingest.keywords import import_keywords
from dam.services.ingest.outcome import Options
from dam.services.ingest.recorders import IngestOperations
from dam.services.ingest.resolve import Resolved
from dam.services.library import Library
from dam.services.tags.tags import write_tags
from dam.storage.modes import REFERENCE_STORAGE, Mode


def write(
    library: Library,
    batch: Batch,
    resolved: Sequence[Resolved],
    sidecars: Mapping[int, Analysis],
    tags: Sequence[str],
    options: Options,
    operations: IngestOperations,
) -> list[writer.Asset]:
    """Write the rows of a batch whose blobs are durable, atomically; return the asset of each resolved file.

    `sidecars` contains the analyses of images whose sidecars have changed, by entity.

    Raises:
        LockedError: the database stays locked.


    """
    unchanged = batch.unchanged_ids if tags or options.import_keywords else []
    failed = batch.failures
    if not (resolved or failed or unchanged):
        return []
    storage_type = REFERENCE_STORAGE if options.mode is Mode.REFERENCE else library.store.storage_type

    def write_all(session: Session) -> list[writer.Asset]:
        recorders = operations.recorders(session)
        failures.record(session, failed, options.mode, tags)
        failures.forget(session, (each.file.path for each in resolved))
        write_tags(recorders.imports, unchanged, tags)
        if sidecars:
            writer.write_analyses(session, sidecars)
        files = [(each.file, each.analysis) for each in resolved]
        assets = writer.write_files(
            session, files, tags, storage_type=storage_type, recorders=recorders, follow=options.follow
        )
        if options.import_keywords:
            ids = {*unchanged, *sidecars, *(asset.entity_id for asset in assets)}
            import_keywords(recorders.imports, sorted(ids))
        return assets

    assets = library.write_again(write_all)
    operations.note_commit()
    return assets
