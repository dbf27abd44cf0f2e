"""What purges that were killed, or that met an ingest, have left in the store."""

from collections.abc import Iterator

from sqlalchemy import select

from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.operation import Operation, OperationChange
from dam.services.journal.gc import without_asset
from dam.services.library import Library

PAGE = 500


def left_by_purges(library: Library) -> Iterator[str]:
    """Yield the keys of blobs whose assets were removed for good, by the journal; read a page at a time."""
    change, last = OperationChange, 0
    digests = (
        select(change.id, change.before)
        .join(Operation, Operation.id == change.operation_id)
        .where(Operation.kind == "purge", change.table_name == ContentHashSha256Component.__tablename__)
        .order_by(change.id)
        .limit(PAGE)
    )
    while True:
        with library.read() as session:
            page = session.execute(digests.where(change.id > last)).all()
            ownerless = without_asset(session, [row.before["hash_value"] for row in page if row.before])
        if not page:
            return
        last = page[-1].id
        yield from (key for key in ownerless if library.store.size(key) is not None)
