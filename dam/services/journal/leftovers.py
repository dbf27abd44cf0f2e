"""What purges that were killed, or that met an ingest, have left in the store."""

from collections.abc import Iterator

from sqlalchemy import select

from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.operation import Operation, OperationChange
from dam.services.components import ecs
from dam.services.journal.gc import without_asset
from dam.services.library import Library

PAGE = 5000


def left_by_purges(library: Library) -> Iterator[str]:
    """Yield the keys of blobs whose assets were removed for good, by the journal; read a page at a time.

    The store is asked first: of most purges it has nothing any more, and the database need not look for their assets.
    """
    for operation_id in _purges(library):
        for keys in _purged_by(library, operation_id):
            for there in ecs.batched(key for key in keys if library.store.size(key) is not None):
                with library.read() as session:
                    ownerless = without_asset(session, there)
                yield from ownerless


def _purges(library: Library) -> list[int]:
    """Return the operations that removed assets for good: far fewer than the journal has changes."""
    with library.read() as session:
        return list(session.scalars(select(Operation.id).where(Operation.kind == "purge").order_by(Operation.id)))


def _purged_by(library: Library, operation_id: int) -> Iterator[list[str]]:
    """Yield the digests of the contents that an operation removed, by the index of its changes."""
    change, last = OperationChange, 0
    digests = (
        select(change.id, change.before)
        .where(change.operation_id == operation_id, change.table_name == ContentHashSha256Component.__tablename__)
        .order_by(change.id)
        .limit(PAGE)
    )
    while True:
        with library.read() as session:
            page = session.execute(digests.where(change.id > last)).all()
        if not page:
            return
        last = page[-1].id
        yield [row.before["hash_value"] for row in page if row.before]
