"""Replay the manifest into a database."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import DataError, IntegrityError, StatementError
from sqlalchemy.orm import Session

from dam.models.base_class import Base
from dam.models.entity import Entity
from dam.services.components import ecs
from dam.services.manifest.kept_tables import kept_models, table_of
from dam.services.manifest.lines import Line, parse
from dam.services.manifest.reader import MAX_LINE_BYTES, Damage, read
from dam.services.manifest.snapshot import BEGIN, END
from dam.services.rebuild.rows_of_lines import Change, changes_of
from dam.storage.manifest import Manifest

PAGE = 1000
REFUSED = (AttributeError, DataError, IntegrityError, KeyError, OverflowError, StatementError, TypeError, ValueError)


class Replay:
    """Applies the lines of a manifest to the database of a session, in order."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.last_batch = 0
        self.highest_entity = 0
        """The highest id that an asset had, also of assets that were deleted."""

    def run(self, manifest: Manifest, after: int = 0) -> Iterator[Damage]:
        """Apply all batches after a batch; yield what is damaged. Lines that contradict each other are damage, too."""
        page: dict[tuple[int, int], Line] = {}  # a batch that was appended again replaces the part of it before
        for item in read(manifest, after):
            if isinstance(item, Damage):
                yield item
                continue
            if len(page) >= PAGE and item.batch != self.last_batch:
                yield from self._apply([*page.values()])
                page = {}
            page[item.batch, item.index] = item
            self.last_batch = item.batch
        yield from self._apply([*page.values()])

    def _apply(self, page: Sequence[Line]) -> Iterator[Damage]:
        try:
            with self._session.begin_nested():
                self._put_all(page)
        except REFUSED:
            for line in page:
                yield from self._apply_one(line)

    def _apply_one(self, line: Line) -> Iterator[Damage]:
        try:
            with self._session.begin_nested():
                self._put_all([line])
        except REFUSED as exc:
            detail = str(getattr(exc, "orig", None) or exc)
            yield Damage(0, 0, f"line {line.index} of batch {line.batch} cannot be applied: {detail}")

    def _put_all(self, page: Sequence[Line]) -> None:
        rows: dict[type[Base], list[dict[str, Any]]] = defaultdict(list)
        for line in page:
            for change in changes_of(line.content):
                if change.is_deletion:
                    self._flush(rows)
                    self._delete(change)
                else:
                    rows[change.model].append(change.row)
        self._flush(rows)

    def _flush(self, rows: dict[type[Base], list[dict[str, Any]]]) -> None:
        """Write rows, those that others refer to first."""
        self.highest_entity = max([self.highest_entity, *(row["id"] for row in rows.get(Entity, ()))])
        for model in kept_models().values():
            ecs.put_rows(self._session, model, rows.pop(model, ()))

    def _delete(self, change: Change) -> None:
        table = table_of(change.model)
        self._session.execute(delete(table).where(*(table.c[name] == value for name, value in change.row.items())))


def before_last_snapshot(manifest: Manifest) -> int:
    """Return the number of the batch before the last complete snapshot: what is older need not be read."""
    begin = complete = 0
    for line in _snapshot_lines(manifest):
        if line.content["snapshot"] == BEGIN:
            begin = line.batch - 1
        elif line.content["snapshot"] == END:
            complete = begin
    return complete


def _snapshot_lines(manifest: Manifest) -> Iterator[Line]:
    for number in manifest.numbers():
        with manifest.open(number) as file:
            for raw in iter(lambda: file.readline(MAX_LINE_BYTES), b""):
                if b'"snapshot":' in raw and isinstance(line := parse(raw), Line) and "snapshot" in line.content:
                    yield line
