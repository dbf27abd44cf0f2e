"""The trash: put assets there, list them, and take them out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.core.errors import NotFoundError
from dam.models.trashed_component import TrashedComponent
from dam.services.catalogue.assets import Asset, summarise
from dam.services.catalogue.lookup import find_one_asset
from dam.services.catalogue.trashed import put_in_trash, restore_from_trash, trashed_among
from dam.services.components.operations import Recorder
from dam.services.library import Library

PAGE = 500


@dataclass(frozen=True)
class Moved:
    """Assets that were put in the trash or taken out of it, or in a dry run would be."""

    assets: Sequence[Asset]
    operation_id: int | None
    """The operation; None in a dry run, or if nothing changed."""


@dataclass(frozen=True)
class TrashedAsset:
    """An asset in the trash, since when, and by which operation."""

    asset: Asset
    trashed_at: datetime
    operation_id: int


def find_assets(library: Library, references: Iterable[str], *, in_trash: bool = False) -> list[Asset]:
    """Return the assets that some references mean, or those in the trash.

    Raises:
        NotFoundError: the library, or its trash, has no such asset.
        UsageError: several could be meant.

    """
    with library.read() as session:
        ids = list(dict.fromkeys(_find(session, reference, in_trash=in_trash) for reference in references))
        return summarise(session, library.store, ids)


def describe_assets(library: Library, entity_ids: Sequence[int]) -> list[Asset]:
    """Return summaries of assets."""
    with library.read() as session:
        return summarise(session, library.store, entity_ids)


def _find(session: Session, reference: str, *, in_trash: bool) -> int:
    entity_id = find_one_asset(session, reference, with_trash=in_trash)
    if in_trash and not trashed_among(session, [entity_id]):
        raise NotFoundError(f"{reference!r} is not in the trash")
    return entity_id


def remove(library: Library, assets: Sequence[Asset]) -> Moved:
    """Put assets in the trash."""
    ids = [asset.entity_id for asset in assets]

    def work(session: Session) -> tuple[set[int], int | None]:
        recorder = Recorder(session, "rm")
        return set(put_in_trash(recorder, ids)), recorder.operation_id

    return _moved(assets, *library.write_again(work))


def restore(library: Library, assets: Sequence[Asset]) -> Moved:
    """Take assets out of the trash."""
    ids = [asset.entity_id for asset in assets]

    def work(session: Session) -> tuple[set[int], int | None]:
        recorder = Recorder(session, "restore")
        return restore_from_trash(recorder, ids), recorder.operation_id

    return _moved(assets, *library.write_again(work))


def _moved(assets: Sequence[Asset], ids: set[int], operation_id: int | None) -> Moved:
    return Moved([asset for asset in assets if asset.entity_id in ids], operation_id)


def in_trash(library: Library) -> Iterator[TrashedAsset]:
    """Yield the assets in the trash, by when they came there; read a page at a time."""
    table, last = TrashedComponent, 0
    while True:
        with library.read() as session:
            page = session.scalars(select(table).where(table.id > last).order_by(table.id).limit(PAGE)).all()
            assets = summarise(session, library.store, [row.entity_id for row in page])
        if not page:
            return
        last = page[-1].id
        for row, asset in zip(page, assets, strict=True):
            yield TrashedAsset(asset, row.created_at, row.operation_id)
