"""Give up what only the manifest has, as after a restoration that was meant to take changes back."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert

from dam.core import database
from dam.models.entity import Entity
from dam.models.manifest_record import ManifestRecord
from dam.services.library import Library
from dam.services.manifest import snapshot
from dam.services.manifest.file_lines import FileLine
from dam.services.manifest.kept_tables import kept_models, table_of
from dam.services.manifest.lines import Line, body
from dam.services.manifest.outbox import record
from dam.services.manifest.reader import read_quickly
from dam.services.rebuild.sequences import raise_sequences


@dataclass(frozen=True)
class Dropped:
    """What was given up, or would be: transactions, and assets that were new in them."""

    batches: int
    assets: int


def drop_newer(library: Library, *, dry_run: bool = False) -> Dropped:
    """Let the manifest say what the database has, also where that is older.

    The lines that came after stay in the manifest, and a line says that they do not count. The blobs of the assets that
    are given up stay in the store, without an owner. The database
    does not give their ids again.

    Raises:
        LockedError: the database stays locked.
        StoreError: the manifest cannot be written.

    """
    with nullcontext() if dry_run else library.store.manifest.hold():
        state = library.manifest_writer.state()
        if not state.is_database_older:
            return Dropped(0, 0)
        assets = _new_assets(library, state.in_database)
        if not dry_run:
            _go_on_after(library, state.in_database, state.in_manifest, max(assets, default=0))
    if not dry_run:
        library.manifest_writer.is_current = False
        library.manifest_writer.catch_up()  # which writes the snapshot
    return Dropped(state.in_manifest - state.in_database, len(assets))


def _new_assets(library: Library, after: int) -> set[int]:
    found = set()
    for line in read_quickly(library.store.manifest, after):
        if isinstance(line, FileLine) and line.body.startswith(b'"asset"'):
            found.add(line.entity_id)
        elif isinstance(line, Line) and line.content.get("put") == Entity.__tablename__:
            found.add(int(line.content["row"]["id"]))
    return found


def _go_on_after(library: Library, kept: int, last: int, highest_entity: int) -> None:
    """Let ids and batches go on after those that are given up, and have a snapshot taken."""
    table: Any = ManifestRecord.__table__
    with database.writing(library.engine)() as session, session.begin():
        tables = [table_of(model) for model in kept_models().values()]
        raise_sequences(session.connection(), tables, {Entity.__tablename__: highest_entity})
        session.execute(delete(table))
        session.execute(insert(table), {"id": last, "lines": ""})
        snapshot.request(session)
        record(session, body({"snapshot": snapshot.DROPPED, "after": kept, "until": last}))
