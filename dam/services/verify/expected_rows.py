"""The rows that the database should have, by the manifest: its lines in a temporary file, sorted by what they concern.

So a page of rows can be compared at a time, and memory does not grow with the library. Of the assets, only those in
some ranges are here; see `row_sums.py`.
"""

import marshal
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, select

from dam.models.base_class import Base
from dam.models.entity import Entity
from dam.models.manifest_record import ManifestRecord
from dam.services.components.operations import key_function
from dam.services.library import Library
from dam.services.manifest.file_lines import FileLine, parse_quickly
from dam.services.manifest.kept_tables import KEPT_TABLES
from dam.services.manifest.lines import Line
from dam.services.manifest.reader import read_quickly
from dam.services.rebuild.replay import before_last_snapshot
from dam.services.rebuild.rows_of_lines import Change, changes_of
from dam.services.verify.row_sums import RANGE

ENTITIES = "entities"
GROUPS = (ENTITIES, *KEPT_TABLES)
"""What is compared one after the other: the assets with their components, and each other kept table; all by id."""
ATTEMPTS = 5
LOWEST, HIGHEST = -(2**63), 2**63 - 1
RANGES = 8
"""Maximum number of ranges of assets in a page."""

Ids = tuple[int | None, int | None]
"""A range of ids: after the first number, up to the second. None: no limit."""
Row = dict[str, Any]
Key = tuple[type[Base], tuple[Any, ...]]
"""A model, and the unique key of a row of its table."""
Rows = dict[Key, Row]


@dataclass
class ExpectedRows:
    """The lines of the manifest since its last snapshot, and those of the outbox that it does not have yet."""

    library: Library
    ranges: Sequence[int]
    """The ranges of assets, ascending."""
    batch: int = 0
    """Number of the last batch that is here."""
    _lines: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect("", isolation_level=None))

    def __post_init__(self) -> None:
        self._lines.execute(
            "CREATE TABLE lines (kind, id, batch, place, content, PRIMARY KEY (kind, id, batch, place)) WITHOUT ROWID"
        )
        self.batch = before_last_snapshot(self.library.store.manifest)
        self.advance()

    def advance(self) -> None:
        """Take up what was committed since."""
        for _ in range(ATTEMPTS):
            self._add(_whole_batches(read_quickly(self.library.store.manifest, self.batch)))
            with self.library.peek() as connection:
                pending = _pending(connection, self.batch)
            if not pending or pending[0][0] == self.batch + 1:  # else what lies between was appended meanwhile
                self._add(lines for _, lines in pending)
                return

    def close(self) -> None:
        """Delete the temporary file."""
        self._lines.close()

    def pages(self, group: str, size: int) -> Iterator[Ids]:
        """Yield ranges of ids with about `size` of them."""
        if group == ENTITIES:
            yield from _joined(self.ranges)
            return
        ends = "SELECT DISTINCT id FROM lines WHERE kind = ? AND id > ? ORDER BY id LIMIT 1 OFFSET ?"
        low = None
        while found := self._lines.execute(ends, (group, LOWEST if low is None else low, size)).fetchone():
            yield low, found[0]
            low = found[0]
        yield low, None

    def rows(self, group: str, ids: Ids) -> Rows:
        """Return the rows of a range of ids, with the columns that the manifest has."""
        statement = "SELECT content FROM lines WHERE kind = ? AND id > ? AND id <= ? ORDER BY batch, place"
        low, high = ids
        limits = group, LOWEST if low is None else low, HIGHEST if high is None else high
        found: Rows = {}
        for (content,) in self._lines.execute(statement, limits):
            for change in changes_of(marshal.loads(content)):  # noqa: S302  this process has written it
                if (change.model.__tablename__ in KEPT_TABLES) == (group != ENTITIES):
                    _apply(found, change)
        return found

    @cached_property
    def _wanted(self) -> frozenset[int]:
        return frozenset(self.ranges)

    def _is_wanted(self, kind: str, id_: int) -> bool:
        return kind != ENTITIES or id_ // RANGE in self._wanted

    def _add(self, batches: Iterable[list[Line | FileLine]]) -> None:
        insert = "INSERT OR REPLACE INTO lines VALUES (?, ?, ?, ?, ?)"
        self._lines.execute("BEGIN")
        for batch in batches:
            for line in batch:
                self.batch = line.batch
                if isinstance(line, FileLine) and not self._is_wanted(ENTITIES, line.entity_id):
                    continue
                content = line.content
                data = marshal.dumps(dict(content))
                concerned = [each for each in _concerned(content) if self._is_wanted(*each)]
                self._lines.executemany(insert, [(*each, line.batch, line.index, data) for each in concerned])
        self._lines.execute("COMMIT")


def concerned_assets(content: Mapping[str, Any]) -> list[int]:
    """Return the ids of the assets that a line is about."""
    return [id_ for kind, id_ in _concerned(content) if kind == ENTITIES]


def _joined(ranges: Sequence[int]) -> Iterator[Ids]:
    """Yield the ids of ranges; those of neighbours together."""
    for _, neighbours in groupby(enumerate(ranges), lambda each: each[1] - each[0]):
        numbers = [number for _, number in neighbours]
        for first in range(0, len(numbers), RANGES):
            some = numbers[first : first + RANGES]
            yield some[0] * RANGE - 1, some[-1] * RANGE + RANGE - 1


def _whole_batches(items: Iterable[Any]) -> Iterator[list[Line | FileLine]]:
    """Yield the batches that are whole: of the last one, another process may have written a part yet."""
    batch: dict[int, Line | FileLine] = {}
    number = 0
    for item in items:
        if not isinstance(item, Line | FileLine):
            continue
        if item.batch != number:
            number, batch = item.batch, {}
        batch[item.index] = item
        if item.is_last:
            yield [*batch.values()]


def _pending(connection: Connection, after: int) -> list[tuple[int, list[Line | FileLine]]]:
    table = ManifestRecord
    statement = select(table.id, table.lines).where(table.id > after).order_by(table.id)
    found = []
    for batch, lines in connection.execute(statement):
        parsed = (parse_quickly(raw) for raw in lines.encode("ascii", "backslashreplace").splitlines(keepends=True))
        found.append((batch, [line for line in parsed if isinstance(line, Line | FileLine)]))
    return found


def _concerned(content: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield what a line concerns: groups, each with an id."""
    for name in ("asset", "source", "stored"):
        if name in content:
            yield ENTITIES, content[name]
            return
    if "change" in content:
        change = content["change"]
        yield "operation_changes", change["id"]
        yield from _of_row(change["table_name"], change["after"] or change["before"])
    for name in ("put", "delete"):
        if name in content:
            yield from _of_row(content[name], content["row"])


def _of_row(table: str, row: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    if "entity_id" in row and table not in KEPT_TABLES:
        yield ENTITIES, row["entity_id"]
    else:
        yield table, row["id"]


def _apply(found: Rows, change: Change) -> None:
    key = change.model, key_function(change.model)(change.row)
    if not change.is_deletion:
        found[key] = found.get(key, {}) | change.row
        return
    found.pop(key, None)
    if change.model is Entity:  # its components go with it
        for each in [each for each, row in found.items() if row.get("entity_id") == change.row["id"]]:
            del found[each]
